"""A document as OASIS UBL 2.1 Invoice or CreditNote.

Elements stand in the order of the schema; their business terms are those of EN 16931-3-2.
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
    iso_day,
    number,
)
from apps.billing.domain.einvoice.profiles import EN16931

_OASIS = "urn:oasis:names:specification:ubl:schema:xsd"
INVOICE, CREDIT_NOTE = f"{_OASIS}:Invoice-2", f"{_OASIS}:CreditNote-2"
_PARTS: dict[str | None, str] = {
    "cac": f"{_OASIS}:CommonAggregateComponents-2",
    "cbc": f"{_OASIS}:CommonBasicComponents-2",
}
_n = Names(_PARTS)
# UNTDID 1001: invoiced object, project.
_OBJECT, _PROJECT = "130", "50"
_UNTAXED = "O"
# An order reference needs an id even where only the seller's order is known (UBL 2.1).
_NO_ORDER = "NA"


def write_ubl(document: Document) -> bytes:
    """The document as UBL. Raises UnknownCurrency, and BadValue for a unit without code."""
    credit = document.is_credit
    names = Names({None: CREDIT_NOTE if credit else INVOICE, **_PARTS})
    root = names.root(
        "CreditNote" if credit else "Invoice",
        _n("cbc:CustomizationID", document.profile or EN16931),
        _n("cbc:ProfileID", document.process),
        _n("cbc:ID", document.number),
        _n("cbc:IssueDate", iso_day(document.issued_on)),
        *_kind_and_days(document),
        _n("cbc:DocumentCurrencyCode", document.currency),
        _n("cbc:TaxCurrencyCode", document.tax_currency),
        _n("cbc:AccountingCost", document.cost_centre),
        _n("cbc:BuyerReference", document.buyer_reference),
        _period(document.first_day, document.last_day),
        *_references(document),
        *_parties(document),
        *(_payment(item, document) for item in document.payments),
        _n("cac:PaymentTerms", _n("cbc:Note", document.payment_terms)),
        *(_taxed_adjustment(item, document.currency) for item in document.adjustments),
        *_taxes(document),
        _sums(document.sums, document.currency),
        *(_line(line, document) for line in document.lines),
    )
    return as_bytes(root)


def _kind_and_days(document: Document) -> list[Node | None]:
    """A credit note tells the day of the tax before its code, and its due day with the payment."""
    kind, notes = str(document.kind), [_n("cbc:Note", note) for note in document.notes]
    tax_point = _n("cbc:TaxPointDate", iso_day(document.tax_point_on))
    if document.is_credit:
        return [tax_point, _n("cbc:CreditNoteTypeCode", kind), *notes]
    due = _n("cbc:DueDate", iso_day(document.due_on))
    return [due, _n("cbc:InvoiceTypeCode", kind), *notes, tax_point]


def _references(document: Document) -> list[Node | None]:
    order = document.order_number or (_NO_ORDER if document.sales_order else "")
    project = None
    if document.is_credit and document.project:
        project = _n(
            "cac:AdditionalDocumentReference",
            _n("cbc:ID", document.project),
            _n("cbc:DocumentTypeCode", _PROJECT),
        )
    return [
        _n(
            "cac:OrderReference",
            _n("cbc:ID", order),
            _n("cbc:SalesOrderID", document.sales_order),
        ),
        *(_preceding(item) for item in document.preceding),
        _id("cac:ContractDocumentReference", document.contract),
        *(_attachment(item) for item in document.attachments),
        project,
        None if document.is_credit else _id("cac:ProjectReference", document.project),
    ]


def _id(name: str, text: str) -> Node | None:
    return _n(name, _n("cbc:ID", text))


def _preceding(item: Preceding) -> Node | None:
    return _n(
        "cac:BillingReference",
        _n(
            "cac:InvoiceDocumentReference",
            _n("cbc:ID", item.number),
            _n("cbc:IssueDate", iso_day(item.issued_on)),
        ),
    )


def _attachment(item: Attachment) -> Node | None:
    return _n(
        "cac:AdditionalDocumentReference",
        _n("cbc:ID", item.id),
        _n("cbc:DocumentDescription", item.description),
        _n(
            "cac:Attachment",
            _n(
                "cbc:EmbeddedDocumentBinaryObject",
                b64encode(item.content).decode("ascii"),
                mimeCode=item.mime,
                filename=item.file_name,
            ),
            _n("cac:ExternalReference", _n("cbc:URI", item.location)),
        ),
    )


def _parties(document: Document) -> list[Node | None]:
    creditor = next((item.creditor_id for item in document.payments if item.creditor_id), "")
    delivery = _n(
        "cac:Delivery",
        _n("cbc:ActualDeliveryDate", iso_day(document.delivered_on)),
        _n("cac:DeliveryLocation", _n("cac:Address", _country(document.delivery_country))),
    )
    return [
        _n(
            "cac:AccountingSupplierParty",
            _party(document.seller, creditor, document.seller.tax_number),
        ),
        _n("cac:AccountingCustomerParty", _party(document.buyer)),
        _n("cac:PayeeParty", _n("cac:PartyName", _n("cbc:Name", document.payee))),
        delivery,
    ]


def _party(party: Party, creditor: str = "", tax_number: str = "") -> Node | None:
    """A tax number that is no VAT id is the seller's alone (BT-32)."""
    return _n(
        "cac:Party",
        _n("cbc:EndpointID", party.endpoint, schemeID=party.endpoint_scheme),
        _id("cac:PartyIdentification", party.identifier),
        _n("cac:PartyIdentification", _n("cbc:ID", creditor, schemeID="SEPA")),
        _n("cac:PartyName", _n("cbc:Name", party.trading_name)),
        _n(
            "cac:PostalAddress",
            _n("cbc:StreetName", party.street),
            _n("cbc:AdditionalStreetName", party.street_more),
            _n("cbc:CityName", party.city),
            _n("cbc:PostalZone", party.postcode),
            _n("cbc:CountrySubentity", party.region),
            _country(party.country),
        ),
        _tax_scheme(party.vat_id, "VAT"),
        _tax_scheme(tax_number, "FC"),
        _n(
            "cac:PartyLegalEntity",
            _n("cbc:RegistrationName", party.name),
            _n("cbc:CompanyID", party.legal_id, schemeID=party.legal_scheme),
            _n("cbc:CompanyLegalForm", party.legal_form),
        ),
        _n(
            "cac:Contact",
            _n("cbc:Name", party.contact_name),
            _n("cbc:Telephone", party.contact_phone),
            _n("cbc:ElectronicMail", party.contact_email),
        ),
    )


def _country(code: str) -> Node | None:
    return _n("cac:Country", _n("cbc:IdentificationCode", code))


def _tax_scheme(number_text: str, scheme: str) -> Node | None:
    if not number_text:
        return None
    return _n("cac:PartyTaxScheme", _n("cbc:CompanyID", number_text), _id("cac:TaxScheme", scheme))


def _payment(item: Payment, document: Document) -> Node | None:
    due = iso_day(document.due_on) if document.is_credit else ""
    return _n(
        "cac:PaymentMeans",
        _n("cbc:PaymentMeansCode", item.code),
        _n("cbc:PaymentDueDate", due),
        _n("cbc:PaymentID", item.reference),
        _n(
            "cac:PayeeFinancialAccount",
            _n("cbc:ID", item.iban),
            _n("cbc:Name", item.account_name),
            _id("cac:FinancialInstitutionBranch", item.bic),
        ),
        _n(
            "cac:PaymentMandate",
            _n("cbc:ID", item.mandate),
            _id("cac:PayerFinancialAccount", item.debited_iban),
        ),
    )


def _period(first: date | None, last: date | None) -> Node | None:
    return _n(
        "cac:InvoicePeriod",
        _n("cbc:StartDate", iso_day(first)),
        _n("cbc:EndDate", iso_day(last)),
    )


def _money(name: str, minor: int, currency: str) -> Node | None:
    return _n(name, amount(minor, currency), currencyID=currency)


def _adjustment(item: Adjustment, currency: str, tax: Node | None) -> Node | None:
    return _n(
        "cac:AllowanceCharge",
        _n("cbc:ChargeIndicator", "true" if item.is_charge else "false"),
        _n("cbc:AllowanceChargeReasonCode", item.reason_code),
        _n("cbc:AllowanceChargeReason", item.reason),
        _money("cbc:Amount", item.amount_minor, currency),
        tax,
    )


def _taxed_adjustment(item: Adjustment, currency: str) -> Node | None:
    tax = _category("cac:TaxCategory", item.tax_category, number(item.tax_percent))
    return _adjustment(item, currency, tax)


def _category(name: str, category: str, percent: str, *reasons: Node | None) -> Node | None:
    """What is not subject to tax has no rate (BR-O-05)."""
    return _n(
        name,
        _n("cbc:ID", category),
        _n("cbc:Percent", "" if category == _UNTAXED else percent),
        *reasons,
        _id("cac:TaxScheme", "VAT"),
    )


def _taxes(document: Document) -> list[Node | None]:
    currency, in_other = document.currency, document.tax_in_tax_currency_minor
    return [
        _n(
            "cac:TaxTotal",
            _money("cbc:TaxAmount", document.sums.tax_minor, currency),
            *(_tax(total, currency) for total in document.taxes),
        ),
        None
        if in_other is None
        else _n("cac:TaxTotal", _money("cbc:TaxAmount", in_other, document.tax_currency)),
    ]


def _tax(total: TaxTotal, currency: str) -> Node | None:
    return _n(
        "cac:TaxSubtotal",
        _money("cbc:TaxableAmount", total.net_minor, currency),
        _money("cbc:TaxAmount", total.tax_minor, currency),
        _category(
            "cac:TaxCategory",
            total.category,
            number(total.percent),
            _n("cbc:TaxExemptionReasonCode", total.reason_code),
            _n("cbc:TaxExemptionReason", total.reason),
        ),
    )


def _sums(sums: Sums, currency: str) -> Node | None:
    rounding = sums.rounding_minor
    return _n(
        "cac:LegalMonetaryTotal",
        _money("cbc:LineExtensionAmount", sums.line_net_minor, currency),
        _money("cbc:TaxExclusiveAmount", sums.net_minor, currency),
        _money("cbc:TaxInclusiveAmount", sums.gross_minor, currency),
        _money("cbc:AllowanceTotalAmount", sums.allowance_minor, currency),
        _money("cbc:ChargeTotalAmount", sums.charge_minor, currency),
        _money("cbc:PrepaidAmount", sums.paid_minor, currency),
        _money("cbc:PayableRoundingAmount", rounding, currency) if rounding else None,
        _money("cbc:PayableAmount", sums.due_minor, currency),
    )


def _line(line: DocumentLine, document: Document) -> Node | None:
    credit, currency = document.is_credit, document.currency
    quantity = "cbc:CreditedQuantity" if credit else "cbc:InvoicedQuantity"
    return _n(
        "cac:CreditNoteLine" if credit else "cac:InvoiceLine",
        _n("cbc:ID", line.id),
        _n("cbc:Note", line.note),
        _n(quantity, number(line.quantity), unitCode=line.unit_code),
        _money("cbc:LineExtensionAmount", line.net_minor, currency),
        _n("cbc:AccountingCost", line.cost_centre),
        _period(line.first_day, line.last_day),
        _n("cac:OrderLineReference", _n("cbc:LineID", line.order_line)),
        line.asset
        and _n(
            "cac:DocumentReference",
            _n("cbc:ID", line.asset),
            _n("cbc:DocumentTypeCode", _OBJECT),
        ),
        *(_adjustment(item, currency, None) for item in line.adjustments),
        _item(line),
        _price(line, currency),
    )


def _item(line: DocumentLine) -> Node | None:
    return _n(
        "cac:Item",
        _n("cbc:Description", line.description),
        _n("cbc:Name", line.title),
        _id("cac:BuyersItemIdentification", line.buyer_item),
        _id("cac:SellersItemIdentification", line.seller_item),
        _category("cac:ClassifiedTaxCategory", line.tax_category, number(line.tax_percent)),
        *(
            _n("cac:AdditionalItemProperty", _n("cbc:Name", name), _n("cbc:Value", value))
            for name, value in line.attributes
        ),
    )


def _price(line: DocumentLine, currency: str) -> Node | None:
    base = number(line.price_base) if line.price_base != 1 else ""
    return _n(
        "cac:Price",
        _n("cbc:PriceAmount", number(line.unit_price), currencyID=currency),
        _n("cbc:BaseQuantity", base, unitCode=line.unit_code),
    )
