"""A document out of UN/CEFACT CII; the paths of the business terms are those of EN 16931-3-3."""

from apps.billing.domain.einvoice.document import (
    Adjustment,
    Attachment,
    Document,
    DocumentLine,
    Party,
    Payment,
    Preceding,
    Sums,
    TaxTotal,
)
from apps.billing.domain.einvoice.fields import Element, ucum_of
from apps.billing.domain.einvoice.reading_ubl import content_of

_OBJECT, _SUPPORTING = "130", "916"


def read_cii(root: Element) -> Document:
    """Any profile of it. Raises Unreadable for a value that is none."""
    trade = root.at("SupplyChainTradeTransaction")
    currency = trade.text("ApplicableHeaderTradeSettlement/InvoiceCurrencyCode")
    trade, head, context = (
        trade.in_currency(currency), root.at("ExchangedDocument"), root.at("ExchangedDocumentContext")
    )  # fmt: skip
    agreement, delivery, settlement = (
        trade.at(f"ApplicableHeaderTrade{part}") for part in ("Agreement", "Delivery", "Settlement")
    )
    period = settlement.at("BillingSpecifiedPeriod")
    tax_currency = settlement.text("TaxCurrencyCode")
    return Document(
        kind=head.text("TypeCode"), number=head.text("ID"),
        issued_on=head.required_day("IssueDateTime/DateTimeString"), currency=currency,
        seller=_party(agreement.at("SellerTradeParty")), buyer=_party(agreement.at("BuyerTradeParty")),
        lines=tuple(_line(item) for item in trade.each("IncludedSupplyChainTradeLineItem")),
        taxes=tuple(_tax(item) for item in settlement.each("ApplicableTradeTax")),
        sums=_sums(settlement, currency),
        due_on=settlement.day("SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString"),
        tax_point_on=settlement.day("ApplicableTradeTax/TaxPointDate/DateString"),
        delivered_on=delivery.day("ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString"),
        delivery_country=delivery.text("ShipToTradeParty/PostalTradeAddress/CountryID"),
        first_day=period.day("StartDateTime/DateTimeString"), last_day=period.day("EndDateTime/DateTimeString"),
        buyer_reference=agreement.text("BuyerReference"),
        order_number=agreement.text("BuyerOrderReferencedDocument/IssuerAssignedID"),
        sales_order=agreement.text("SellerOrderReferencedDocument/IssuerAssignedID"),
        contract=agreement.text("ContractReferencedDocument/IssuerAssignedID"),
        project=agreement.text("SpecifiedProcuringProject/ID"),
        cost_centre=settlement.text("ReceivableSpecifiedTradeAccountingAccount/ID"),
        payee=settlement.text("PayeeTradeParty/Name"), payments=_payments(settlement),
        payment_terms=settlement.text("SpecifiedTradePaymentTerms/Description"),
        preceding=tuple(_preceding(item) for item in settlement.each("InvoiceReferencedDocument")),
        adjustments=tuple(_adjustment(item) for item in settlement.each("SpecifiedTradeAllowanceCharge")),
        notes=tuple(filter(None, map(_note, head.each("IncludedNote")))),
        attachments=_attachments(agreement), tax_currency=tax_currency,
        tax_in_tax_currency_minor=_tax_in(settlement, tax_currency) if tax_currency != currency else None,
        profile=context.text("GuidelineSpecifiedDocumentContextParameter/ID"),
        process=context.text("BusinessProcessSpecifiedDocumentContextParameter/ID"),
    )  # fmt: skip


def _note(item: Element) -> str:
    """UBL has no subject of a note and writes it before the text: `#ADU#…` (EN 16931-3-2)."""
    subject, text = item.text("SubjectCode"), item.text("Content")
    return f"#{subject}#{text}" if subject and text else text


def _party(party: Element) -> Party:
    address, legal, contact = (
        party.at("PostalTradeAddress"), party.at("SpecifiedLegalOrganization"),
        party.at("DefinedTradeContact"),
    )  # fmt: skip
    endpoint = party.at("URIUniversalCommunication/URIID")
    more = (address.text("LineTwo"), address.text("LineThree"))
    trading = legal.text("TradingBusinessName")
    name = party.text("Name")
    return Party(
        name=name or trading, country=address.text("CountryID"), street=address.text("LineOne"),
        street_more=", ".join(filter(None, more)), postcode=address.text("PostcodeCode"),
        city=address.text("CityName"), region=address.text("CountrySubDivisionName"),
        trading_name=trading if name else "", vat_id=_tax_id(party, vat=True),
        tax_number=_tax_id(party, vat=False), legal_id=legal.text("ID"),
        legal_scheme=legal.at("ID").attribute("schemeID"), legal_form=party.text("Description"),
        identifier=party.text("ID") or party.text("GlobalID"), endpoint=endpoint.text(),
        endpoint_scheme=endpoint.attribute("schemeID"),
        contact_name=contact.text("PersonName") or contact.text("DepartmentName"),
        contact_phone=contact.text("TelephoneUniversalCommunication/CompleteNumber"),
        contact_email=contact.text("EmailURIUniversalCommunication/URIID"),
    )  # fmt: skip


def _tax_id(party: Element, vat: bool) -> str:
    found = (
        item.text()
        for item in party.each("SpecifiedTaxRegistration/ID")
        if (item.attribute("schemeID") in {"VA", "VAT"}) is vat
    )
    return next(found, "")


def _payments(settlement: Element) -> tuple[Payment, ...]:
    """Reference, creditor and mandate stand once for all ways to pay."""
    reference, creditor = (
        settlement.text("PaymentReference"),
        settlement.text("CreditorReferenceID"),
    )
    mandate = settlement.text("SpecifiedTradePaymentTerms/DirectDebitMandateID")
    return tuple(
        Payment(
            code=item.text("TypeCode"), iban=_account(item.at("PayeePartyCreditorFinancialAccount")),
            bic=item.text("PayeeSpecifiedCreditorFinancialInstitution/BICID"),
            account_name=item.text("PayeePartyCreditorFinancialAccount/AccountName"),
            reference=reference, mandate=mandate, creditor_id=creditor,
            debited_iban=_account(item.at("PayerPartyDebtorFinancialAccount")),
        )
        for item in settlement.each("SpecifiedTradeSettlementPaymentMeans")
    )  # fmt: skip


def _account(account: Element) -> str:
    return account.text("IBANID") or account.text("ProprietaryID")


def _preceding(item: Element) -> Preceding:
    return Preceding(
        item.text("IssuerAssignedID"), item.day("FormattedIssueDateTime/DateTimeString")
    )


def _attachments(agreement: Element) -> tuple[Attachment, ...]:
    return tuple(
        _attachment(item)
        for item in agreement.each("AdditionalReferencedDocument")
        if item.text("TypeCode") in {"", _SUPPORTING}
    )


def _attachment(item: Element) -> Attachment:
    file = item.at("AttachmentBinaryObject")
    return Attachment(
        id=item.text("IssuerAssignedID"), description=item.text("Name"), location=item.text("URIID"),
        mime=file.attribute("mimeCode"), file_name=file.attribute("filename"), content=content_of(file),
    )  # fmt: skip


def _adjustment(item: Element) -> Adjustment:
    return Adjustment(
        is_charge=item.flag("ChargeIndicator/Indicator"), amount_minor=item.minor("ActualAmount"),
        reason=item.text("Reason"), reason_code=item.text("ReasonCode"),
        tax_category=item.text("CategoryTradeTax/CategoryCode"),
        tax_percent=item.number("CategoryTradeTax/RateApplicablePercent"),
    )  # fmt: skip


def _tax(item: Element) -> TaxTotal:
    return TaxTotal(
        category=item.text("CategoryCode"), percent=item.number("RateApplicablePercent"),
        net_minor=item.minor("BasisAmount"), tax_minor=item.minor("CalculatedAmount"),
        reason=item.text("ExemptionReason"), reason_code=item.text("ExemptionReasonCode"),
    )  # fmt: skip


_SUMMATION = "SpecifiedTradeSettlementHeaderMonetarySummation"


def _tax_in(settlement: Element, currency: str) -> int | None:
    for item in settlement.each(f"{_SUMMATION}/TaxTotalAmount"):
        if currency and item.attribute("currencyID") == currency:
            return item.in_currency(currency).minor("")
    return None


def _sums(settlement: Element, currency: str) -> Sums:
    total = settlement.at(_SUMMATION)
    taxes = [
        item.minor("")
        for item in total.each("TaxTotalAmount")
        if item.attribute("currencyID") in {"", currency}
    ]
    return Sums(
        line_net_minor=total.minor("LineTotalAmount"), net_minor=total.minor("TaxBasisTotalAmount"),
        tax_minor=taxes[0] if taxes else 0, gross_minor=total.minor("GrandTotalAmount"),
        due_minor=total.minor("DuePayableAmount"), allowance_minor=total.minor("AllowanceTotalAmount"),
        charge_minor=total.minor("ChargeTotalAmount"), paid_minor=total.minor("TotalPrepaidAmount"),
        rounding_minor=total.minor("RoundingAmount"),
    )  # fmt: skip


def _line(line: Element) -> DocumentLine:
    product, agreement, settlement = (
        line.at("SpecifiedTradeProduct"), line.at("SpecifiedLineTradeAgreement"),
        line.at("SpecifiedLineTradeSettlement"),
    )  # fmt: skip
    price, tax = agreement.at("NetPriceProductTradePrice"), settlement.at("ApplicableTradeTax")
    period = settlement.at("BillingSpecifiedPeriod")
    quantity = line.at("SpecifiedLineTradeDelivery/BilledQuantity")
    code, note = quantity.attribute("unitCode"), line.at("AssociatedDocumentLineDocument")
    total = settlement.at("SpecifiedTradeSettlementLineMonetarySummation")
    return DocumentLine(
        id=note.text("LineID"), title=product.text("Name"), quantity=quantity.number(),
        unit_price=price.number("ChargeAmount"), net_minor=total.minor("LineTotalAmount"),
        tax_category=tax.text("CategoryCode"), tax_percent=tax.number("RateApplicablePercent"),
        unit=ucum_of(code), rec20=code, note=note.text("IncludedNote/Content"),
        description=product.text("Description"), price_base=price.number("BasisQuantity", "1"),
        first_day=period.day("StartDateTime/DateTimeString"),
        last_day=period.day("EndDateTime/DateTimeString"), asset=_asset(settlement),
        cost_centre=settlement.text("ReceivableSpecifiedTradeAccountingAccount/ID"),
        order_line=agreement.text("BuyerOrderReferencedDocument/LineID"),
        seller_item=product.text("SellerAssignedID"), buyer_item=product.text("BuyerAssignedID"),
        adjustments=tuple(_adjustment(item) for item in settlement.each("SpecifiedTradeAllowanceCharge")),
        attributes=tuple(
            (item.text("Description"), item.text("Value"))
            for item in product.each("ApplicableProductCharacteristic")
        ),
    )  # fmt: skip


def _asset(settlement: Element) -> str:
    found = (
        item.text("IssuerAssignedID")
        for item in settlement.each("AdditionalReferencedDocument")
        if item.text("TypeCode") in {"", _OBJECT}
    )
    return next(found, "")
