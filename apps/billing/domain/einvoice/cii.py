"""A document as UN/CEFACT Cross Industry Invoice (D16B), the XML inside Factur-X and ZUGFeRD.

Elements stand in the order of the schema; their business terms are those of EN 16931-3-3.
"""

from base64 import b64encode
from datetime import date

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
from apps.billing.domain.einvoice.nodes import (
    Names,
    Node,
    amount,
    as_bytes,
    compact_day,
    number,
)
from apps.billing.domain.einvoice.profiles import EN16931

_UN = "urn:un:unece:uncefact"
NAMESPACES: dict[str | None, str] = {
    "rsm": f"{_UN}:data:standard:CrossIndustryInvoice:100",
    "ram": f"{_UN}:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_UN}:data:standard:UnqualifiedDataType:100",
    "qdt": f"{_UN}:data:standard:QualifiedDataType:100",
}
_n = Names(NAMESPACES)
# UNTDID 1001: supporting document, invoiced object.
_SUPPORTING, _OBJECT = "916", "130"
_UNTAXED = "O"


def write_cii(document: Document) -> bytes:
    """The document as CII. Raises UnknownCurrency, and BadValue for a unit without code."""
    root = _n.root(
        "rsm:CrossIndustryInvoice",
        _n(
            "rsm:ExchangedDocumentContext",
            _id("ram:BusinessProcessSpecifiedDocumentContextParameter", document.process),
            _id("ram:GuidelineSpecifiedDocumentContextParameter", document.profile or EN16931),
        ),
        _n(
            "rsm:ExchangedDocument",
            _n("ram:ID", document.number),
            _n("ram:TypeCode", str(document.kind)),
            _day("ram:IssueDateTime", document.issued_on),
            *(_n("ram:IncludedNote", _n("ram:Content", note)) for note in document.notes),
        ),
        _n(
            "rsm:SupplyChainTradeTransaction",
            *(_line(line, document.currency) for line in document.lines),
            _agreement(document),
            _delivery(document),
            _settlement(document),
        ),
    )
    return as_bytes(root)


def _id(name: str, text: str) -> Node | None:
    return _n(name, _n("ram:ID", text))


def _document(name: str, text: str) -> Node | None:
    return _n(name, _n("ram:IssuerAssignedID", text))


def _day(name: str, day: date | None) -> Node | None:
    return _n(name, _n("udt:DateTimeString", compact_day(day), format="102"))


def _line(line: DocumentLine, currency: str) -> Node | None:
    return _n(
        "ram:IncludedSupplyChainTradeLineItem",
        _n(
            "ram:AssociatedDocumentLineDocument",
            _n("ram:LineID", line.id),
            _n("ram:IncludedNote", _n("ram:Content", line.note)),
        ),
        _n(
            "ram:SpecifiedTradeProduct",
            _n("ram:SellerAssignedID", line.seller_item),
            _n("ram:BuyerAssignedID", line.buyer_item),
            _n("ram:Name", line.title),
            _n("ram:Description", line.description),
            *(
                _n(
                    "ram:ApplicableProductCharacteristic",
                    _n("ram:Description", name),
                    _n("ram:Value", value),
                )
                for name, value in line.attributes
            ),
        ),
        _line_price(line),
        _n(
            "ram:SpecifiedLineTradeDelivery",
            _n("ram:BilledQuantity", number(line.quantity), unitCode=line.unit_code),
        ),
        _line_settlement(line, currency),
    )


def _line_price(line: DocumentLine) -> Node | None:
    base = number(line.price_base) if line.price_base != 1 else ""
    return _n(
        "ram:SpecifiedLineTradeAgreement",
        _n("ram:BuyerOrderReferencedDocument", _n("ram:LineID", line.order_line)),
        _n(
            "ram:NetPriceProductTradePrice",
            _n("ram:ChargeAmount", number(line.unit_price)),
            _n("ram:BasisQuantity", base, unitCode=line.unit_code),
        ),
    )


def _line_settlement(line: DocumentLine, currency: str) -> Node | None:
    return _n(
        "ram:SpecifiedLineTradeSettlement",
        _n("ram:ApplicableTradeTax", *_category(line.tax_category, number(line.tax_percent))),
        _period(line.first_day, line.last_day),
        *(_adjustment(item, currency, None) for item in line.adjustments),
        _n(
            "ram:SpecifiedTradeSettlementLineMonetarySummation",
            _n("ram:LineTotalAmount", amount(line.net_minor, currency)),
        ),
        line.asset
        and _n(
            "ram:AdditionalReferencedDocument",
            _n("ram:IssuerAssignedID", line.asset),
            _n("ram:TypeCode", _OBJECT),
        ),
        _id("ram:ReceivableSpecifiedTradeAccountingAccount", line.cost_centre),
    )


def _category(category: str, percent: str) -> tuple[Node | None, ...]:
    """What is not subject to tax has no rate (BR-O-05)."""
    return (
        _n("ram:TypeCode", "VAT"),
        _n("ram:CategoryCode", category),
        _n("ram:RateApplicablePercent", "" if category == _UNTAXED else percent),
    )


def _period(first: date | None, last: date | None) -> Node | None:
    return _n(
        "ram:BillingSpecifiedPeriod",
        _day("ram:StartDateTime", first),
        _day("ram:EndDateTime", last),
    )


def _adjustment(item: Adjustment, currency: str, tax: Node | None) -> Node | None:
    return _n(
        "ram:SpecifiedTradeAllowanceCharge",
        _n("ram:ChargeIndicator", _n("udt:Indicator", "true" if item.is_charge else "false")),
        _n("ram:ActualAmount", amount(item.amount_minor, currency)),
        _n("ram:ReasonCode", item.reason_code),
        _n("ram:Reason", item.reason),
        tax,
    )


def _agreement(document: Document) -> Node | None:
    return _n(
        "ram:ApplicableHeaderTradeAgreement",
        _n("ram:BuyerReference", document.buyer_reference),
        _party("ram:SellerTradeParty", document.seller, document.seller.tax_number),
        _party("ram:BuyerTradeParty", document.buyer),
        _document("ram:SellerOrderReferencedDocument", document.sales_order),
        _document("ram:BuyerOrderReferencedDocument", document.order_number),
        _document("ram:ContractReferencedDocument", document.contract),
        *(_attachment(item) for item in document.attachments),
        document.project
        and _n(
            "ram:SpecifiedProcuringProject",
            _n("ram:ID", document.project),
            _n("ram:Name", document.project),
        ),
    )


def _party(name: str, party: Party, tax_number: str = "") -> Node | None:
    """A tax number that is no VAT id is the seller's alone (BT-32)."""
    return _n(
        name,
        _n("ram:ID", party.identifier),
        _n("ram:Name", party.name),
        _n("ram:Description", party.legal_form),
        _n(
            "ram:SpecifiedLegalOrganization",
            _n("ram:ID", party.legal_id, schemeID=party.legal_scheme),
            _n("ram:TradingBusinessName", party.trading_name),
        ),
        _n(
            "ram:DefinedTradeContact",
            _n("ram:PersonName", party.contact_name),
            _n(
                "ram:TelephoneUniversalCommunication",
                _n("ram:CompleteNumber", party.contact_phone),
            ),
            _n("ram:EmailURIUniversalCommunication", _n("ram:URIID", party.contact_email)),
        ),
        _n(
            "ram:PostalTradeAddress",
            _n("ram:PostcodeCode", party.postcode),
            _n("ram:LineOne", party.street),
            _n("ram:LineTwo", party.street_more),
            _n("ram:CityName", party.city),
            _n("ram:CountryID", party.country),
            _n("ram:CountrySubDivisionName", party.region),
        ),
        _n(
            "ram:URIUniversalCommunication",
            _n("ram:URIID", party.endpoint, schemeID=party.endpoint_scheme),
        ),
        _n("ram:SpecifiedTaxRegistration", _n("ram:ID", party.vat_id, schemeID="VA")),
        _n("ram:SpecifiedTaxRegistration", _n("ram:ID", tax_number, schemeID="FC")),
    )


def _attachment(item: Attachment) -> Node | None:
    return _n(
        "ram:AdditionalReferencedDocument",
        _n("ram:IssuerAssignedID", item.id),
        _n("ram:URIID", item.location),
        _n("ram:TypeCode", _SUPPORTING),
        _n("ram:Name", item.description),
        _n(
            "ram:AttachmentBinaryObject",
            b64encode(item.content).decode("ascii"),
            mimeCode=item.mime,
            filename=item.file_name,
        ),
    )


def _delivery(document: Document) -> Node:
    """Stands even when nothing is in it: the schema wants it."""
    return _n.root(
        "ram:ApplicableHeaderTradeDelivery",
        _n(
            "ram:ShipToTradeParty",
            _n("ram:PostalTradeAddress", _n("ram:CountryID", document.delivery_country)),
        ),
        _n(
            "ram:ActualDeliverySupplyChainEvent",
            _day("ram:OccurrenceDateTime", document.delivered_on),
        ),
    )


def _settlement(document: Document) -> Node | None:
    paying = document.payments[0] if document.payments else Payment("")
    return _n(
        "ram:ApplicableHeaderTradeSettlement",
        _n("ram:CreditorReferenceID", paying.creditor_id),
        _n("ram:PaymentReference", paying.reference),
        _n("ram:TaxCurrencyCode", document.tax_currency),
        _n("ram:InvoiceCurrencyCode", document.currency),
        _n("ram:PayeeTradeParty", _n("ram:Name", document.payee)),
        *(_payment(item) for item in document.payments),
        *(_tax(item, document) for item in document.taxes),
        _period(document.first_day, document.last_day),
        *(_taxed_adjustment(item, document.currency) for item in document.adjustments),
        _n(
            "ram:SpecifiedTradePaymentTerms",
            _n("ram:Description", document.payment_terms),
            _day("ram:DueDateDateTime", document.due_on),
            _n("ram:DirectDebitMandateID", paying.mandate),
        ),
        _summation(document.sums, document),
        *(_preceding(item) for item in document.preceding),
        _id("ram:ReceivableSpecifiedTradeAccountingAccount", document.cost_centre),
    )


def _payment(item: Payment) -> Node | None:
    return _n(
        "ram:SpecifiedTradeSettlementPaymentMeans",
        _n("ram:TypeCode", item.code),
        _n("ram:PayerPartyDebtorFinancialAccount", _n("ram:IBANID", item.debited_iban)),
        _n(
            "ram:PayeePartyCreditorFinancialAccount",
            _n("ram:IBANID", item.iban),
            _n("ram:AccountName", item.account_name),
        ),
        _n("ram:PayeeSpecifiedCreditorFinancialInstitution", _n("ram:BICID", item.bic)),
    )


def _tax(total: TaxTotal, document: Document) -> Node | None:
    untaxed = total.category == _UNTAXED
    return _n(
        "ram:ApplicableTradeTax",
        _n("ram:CalculatedAmount", amount(total.tax_minor, document.currency)),
        _n("ram:TypeCode", "VAT"),
        _n("ram:ExemptionReason", total.reason),
        _n("ram:BasisAmount", amount(total.net_minor, document.currency)),
        _n("ram:CategoryCode", total.category),
        _n("ram:ExemptionReasonCode", total.reason_code),
        _n(
            "ram:TaxPointDate",
            _n("udt:DateString", compact_day(document.tax_point_on), format="102"),
        ),
        _n("ram:RateApplicablePercent", "" if untaxed else number(total.percent)),
    )


def _taxed_adjustment(item: Adjustment, currency: str) -> Node | None:
    tax = _category(item.tax_category, number(item.tax_percent))
    return _adjustment(item, currency, _n("ram:CategoryTradeTax", *tax))


def _summation(sums: Sums, document: Document) -> Node | None:
    currency, other = document.currency, document.tax_currency
    rounding = amount(sums.rounding_minor, currency) if sums.rounding_minor else ""
    in_other = document.tax_in_tax_currency_minor
    return _n(
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        _n("ram:LineTotalAmount", amount(sums.line_net_minor, currency)),
        _n("ram:ChargeTotalAmount", amount(sums.charge_minor, currency)),
        _n("ram:AllowanceTotalAmount", amount(sums.allowance_minor, currency)),
        _n("ram:TaxBasisTotalAmount", amount(sums.net_minor, currency)),
        _n("ram:TaxTotalAmount", amount(sums.tax_minor, currency), currencyID=currency),
        None
        if in_other is None
        else _n("ram:TaxTotalAmount", amount(in_other, other), currencyID=other),
        _n("ram:RoundingAmount", rounding),
        _n("ram:GrandTotalAmount", amount(sums.gross_minor, currency)),
        _n("ram:TotalPrepaidAmount", amount(sums.paid_minor, currency)),
        _n("ram:DuePayableAmount", amount(sums.due_minor, currency)),
    )


def _preceding(item: Preceding) -> Node | None:
    day = _n("qdt:DateTimeString", compact_day(item.issued_on), format="102")
    return _n(
        "ram:InvoiceReferencedDocument",
        _n("ram:IssuerAssignedID", item.number),
        _n("ram:FormattedIssueDateTime", day),
    )
