"""A document out of UBL 2.1; the paths of the business terms are those of EN 16931-3-2."""

from base64 import b64decode

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

_OBJECT, _PROJECT = "130", "50"
_SEPA = "SEPA"
# Stands where only the seller's order is known: UBL wants an id (UBL 2.1).
_NO_ORDER = "NA"


def read_ubl(root: Element) -> Document:
    """Invoice or credit note. Raises Unreadable for a value that is none."""
    currency = root.text("DocumentCurrencyCode")
    root = root.in_currency(currency)
    tax_currency = root.text("TaxCurrencyCode")
    delivery = root.at("Delivery")
    order = root.text("OrderReference/ID")
    sales_order = root.text("OrderReference/SalesOrderID")
    return Document(
        kind=root.text("InvoiceTypeCode") or root.text("CreditNoteTypeCode"),
        number=root.text("ID"), issued_on=root.required_day("IssueDate"), currency=currency,
        seller=_party(root.at("AccountingSupplierParty/Party")),
        buyer=_party(root.at("AccountingCustomerParty/Party")),
        lines=tuple(_line(item) for name in ("InvoiceLine", "CreditNoteLine") for item in root.each(name)),
        taxes=_taxes(root, currency), sums=_sums(root, currency),
        due_on=root.day("DueDate") or root.day("PaymentMeans/PaymentDueDate"),
        tax_point_on=root.day("TaxPointDate"), delivered_on=delivery.day("ActualDeliveryDate"),
        delivery_country=delivery.text("DeliveryLocation/Address/Country/IdentificationCode"),
        first_day=root.day("InvoicePeriod/StartDate"), last_day=root.day("InvoicePeriod/EndDate"),
        buyer_reference=root.text("BuyerReference"),
        order_number="" if sales_order and order == _NO_ORDER else order, sales_order=sales_order,
        contract=root.text("ContractDocumentReference/ID"), project=_project(root),
        cost_centre=root.text("AccountingCost"), payee=root.text("PayeeParty/PartyName/Name"),
        payments=_payments(root), payment_terms=root.text("PaymentTerms/Note"),
        preceding=tuple(_preceding(item) for item in root.each("BillingReference/InvoiceDocumentReference")),
        adjustments=tuple(_adjustment(item) for item in root.each("AllowanceCharge")),
        notes=root.texts("Note"), attachments=_attachments(root), tax_currency=tax_currency,
        tax_in_tax_currency_minor=_tax_in(root, tax_currency) if tax_currency != currency else None,
        profile=root.text("CustomizationID"), process=root.text("ProfileID"),
    )  # fmt: skip


def _party(party: Element) -> Party:
    address, legal, contact = (
        party.at("PostalAddress"), party.at("PartyLegalEntity"), party.at("Contact")
    )  # fmt: skip
    name, trading = legal.text("RegistrationName"), party.text("PartyName/Name")
    more = (address.text("AdditionalStreetName"), address.text("AddressLine/Line"))
    return Party(
        name=name or trading, country=address.text("Country/IdentificationCode"),
        street=address.text("StreetName"), street_more=", ".join(filter(None, more)),
        postcode=address.text("PostalZone"), city=address.text("CityName"),
        region=address.text("CountrySubentity"), trading_name=trading if name else "",
        vat_id=_tax_id(party, vat=True), tax_number=_tax_id(party, vat=False),
        legal_id=legal.text("CompanyID"), legal_scheme=legal.at("CompanyID").attribute("schemeID"),
        legal_form=legal.text("CompanyLegalForm"), identifier=_identifier(party),
        endpoint=party.text("EndpointID"), endpoint_scheme=party.at("EndpointID").attribute("schemeID"),
        contact_name=contact.text("Name"), contact_phone=contact.text("Telephone"),
        contact_email=contact.text("ElectronicMail"),
    )  # fmt: skip


def _tax_id(party: Element, vat: bool) -> str:
    found = (
        item.text("CompanyID")
        for item in party.each("PartyTaxScheme")
        if (item.text("TaxScheme/ID") == "VAT") is vat
    )
    return next(found, "")


def _identifier(party: Element) -> str:
    found = (
        item.text()
        for item in party.each("PartyIdentification/ID")
        if item.attribute("schemeID") != _SEPA
    )
    return next(found, "")


def _creditor(root: Element) -> str:
    """The bank's creditor id (BT-90) stands with the seller or the payee."""
    parties = (root.at("AccountingSupplierParty/Party"), root.at("PayeeParty"))
    found = (
        item.text()
        for party in parties
        for item in party.each("PartyIdentification/ID")
        if item.attribute("schemeID") == _SEPA
    )
    return next(found, "")


def _payments(root: Element) -> tuple[Payment, ...]:
    creditor = _creditor(root)
    return tuple(
        Payment(
            code=item.text("PaymentMeansCode"), iban=item.text("PayeeFinancialAccount/ID"),
            bic=item.text("PayeeFinancialAccount/FinancialInstitutionBranch/ID"),
            account_name=item.text("PayeeFinancialAccount/Name"), reference=item.text("PaymentID"),
            mandate=item.text("PaymentMandate/ID"), creditor_id=creditor,
            debited_iban=item.text("PaymentMandate/PayerFinancialAccount/ID"),
        )
        for item in root.each("PaymentMeans")
    )  # fmt: skip


def _project(root: Element) -> str:
    """A credit note has no element for it and names it among its documents (UBL 2.1)."""
    found = (
        item.text("ID")
        for item in root.each("AdditionalDocumentReference")
        if item.text("DocumentTypeCode") == _PROJECT
    )
    return root.text("ProjectReference/ID") or next(found, "")


def _preceding(item: Element) -> Preceding:
    return Preceding(item.text("ID"), item.day("IssueDate"))


def _attachments(root: Element) -> tuple[Attachment, ...]:
    return tuple(
        _attachment(item)
        for item in root.each("AdditionalDocumentReference")
        if item.text("DocumentTypeCode") not in {_OBJECT, _PROJECT}
    )


def _attachment(item: Element) -> Attachment:
    file = item.at("Attachment/EmbeddedDocumentBinaryObject")
    return Attachment(
        id=item.text("ID"), description=item.text("DocumentDescription"),
        location=item.text("Attachment/ExternalReference/URI"), mime=file.attribute("mimeCode"),
        file_name=file.attribute("filename"), content=content_of(file),
    )  # fmt: skip


def content_of(file: Element) -> bytes:
    """An embedded file; nothing where its Base64 is broken."""
    try:
        return b64decode("".join(file.text().split()), validate=True)
    except ValueError:
        return b""


def _adjustment(item: Element) -> Adjustment:
    return Adjustment(
        is_charge=item.flag("ChargeIndicator"), amount_minor=item.minor("Amount"),
        reason=item.text("AllowanceChargeReason"), reason_code=item.text("AllowanceChargeReasonCode"),
        tax_category=item.text("TaxCategory/ID"), tax_percent=item.number("TaxCategory/Percent"),
    )  # fmt: skip


def _taxes(root: Element, currency: str) -> tuple[TaxTotal, ...]:
    return tuple(
        TaxTotal(
            category=item.text("TaxCategory/ID"), percent=item.number("TaxCategory/Percent"),
            net_minor=item.minor("TaxableAmount"), tax_minor=item.minor("TaxAmount"),
            reason=item.text("TaxCategory/TaxExemptionReason"),
            reason_code=item.text("TaxCategory/TaxExemptionReasonCode"),
        )
        for total in root.each("TaxTotal")
        if total.at("TaxAmount").attribute("currencyID") in {"", currency}
        for item in total.each("TaxSubtotal")
    )  # fmt: skip


def _tax_in(root: Element, currency: str) -> int | None:
    for total in root.each("TaxTotal"):
        if currency and total.at("TaxAmount").attribute("currencyID") == currency:
            return total.in_currency(currency).minor("TaxAmount")
    return None


def _sums(root: Element, currency: str) -> Sums:
    total = root.at("LegalMonetaryTotal")
    taxes = [
        item.minor("TaxAmount")
        for item in root.each("TaxTotal")
        if item.at("TaxAmount").attribute("currencyID") in {"", currency}
    ]
    return Sums(
        line_net_minor=total.minor("LineExtensionAmount"), net_minor=total.minor("TaxExclusiveAmount"),
        tax_minor=taxes[0] if taxes else 0, gross_minor=total.minor("TaxInclusiveAmount"),
        due_minor=total.minor("PayableAmount"), allowance_minor=total.minor("AllowanceTotalAmount"),
        charge_minor=total.minor("ChargeTotalAmount"), paid_minor=total.minor("PrepaidAmount"),
        rounding_minor=total.minor("PayableRoundingAmount"),
    )  # fmt: skip


def _line(line: Element) -> DocumentLine:
    item, category = line.at("Item"), line.at("Item/ClassifiedTaxCategory")
    quantity = line.at("InvoicedQuantity") or line.at("CreditedQuantity")
    code = quantity.attribute("unitCode")
    return DocumentLine(
        id=line.text("ID"), title=item.text("Name"), quantity=quantity.number(),
        unit_price=line.number("Price/PriceAmount"), net_minor=line.minor("LineExtensionAmount"),
        tax_category=category.text("ID"), tax_percent=category.number("Percent"),
        unit=ucum_of(code), rec20=code, note=line.text("Note"), description=item.text("Description"),
        price_base=line.number("Price/BaseQuantity", "1"),
        first_day=line.day("InvoicePeriod/StartDate"), last_day=line.day("InvoicePeriod/EndDate"),
        asset=_asset(line), cost_centre=line.text("AccountingCost"),
        order_line=line.text("OrderLineReference/LineID"),
        seller_item=item.text("SellersItemIdentification/ID"),
        buyer_item=item.text("BuyersItemIdentification/ID"),
        adjustments=tuple(_adjustment(part) for part in line.each("AllowanceCharge")),
        attributes=tuple(
            (part.text("Name"), part.text("Value")) for part in item.each("AdditionalItemProperty")
        ),
    )  # fmt: skip


def _asset(line: Element) -> str:
    found = (
        item.text("ID")
        for item in line.each("DocumentReference")
        if item.text("DocumentTypeCode") in {"", _OBJECT}
    )
    return next(found, "")
