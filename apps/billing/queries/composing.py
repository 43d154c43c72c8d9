"""An invoice as the document that is written as XML and rendered."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.billing.domain.einvoice.document import (
    Document,
    DocumentLine,
    Kind,
    Party,
    Payment,
    Preceding,
    Sums,
    TaxTotal,
)
from apps.billing.domain.einvoice.prices import priced
from apps.billing.models import Invoice, InvoiceLine
from apps.billing.queries.documents import service_of
from apps.billing.queries.exemptions import Exemptions, exemptions
from apps.common.money import Money, format_money
from apps.common.period import local_date
from apps.common.units import format_with_unit
from apps.payments.queries.accounts import main_account

# What stands on a document that is not issued yet when it is judged.
PLACEHOLDER = "0000-00000"
KINDS = {
    Invoice.Kind.INVOICE: Kind.INVOICE,
    Invoice.Kind.CREDIT_NOTE: Kind.CREDIT_NOTE,
    # It stands beside the invoice it names, so it is no corrected invoice (384) in its place.
    Invoice.Kind.ADDITIONAL: Kind.INVOICE,
}
LANGUAGES = ("de", "en")
LINES_AND_TAXES = ("lines", "taxes")
BY_EMAIL = "EM"
LEITWEG = "0204"
# UNTDID 4461.
CREDIT_TRANSFER = "30"
_STANDARD, _ZERO, _OUTSIDE = "S", "Z", "O"
_INSTANT = timedelta(microseconds=1)


def ways_to_pay() -> tuple[Payment, ...]:
    """The current company's main account as a credit transfer; nothing where it has none. One query."""
    account = main_account()
    if account is None:
        return ()
    return (Payment(CREDIT_TRANSFER, account.iban, account.bic, account.holder_name),)


def document_of_invoice(
    invoice: Invoice, today: date | None = None, known: Exemptions | None = None,
    ways: Sequence[Payment] = (),
) -> Document:  # fmt: skip
    """The invoice as a document. `today` dates one that is not issued yet.

    Two queries for its lines and taxes, unless the caller has them (`LINES_AND_TAXES`), and one
    for the exemptions, unless they are `known`. `ways`: how it can be paid; nobody pays a credit note.
    """
    lines = sorted(invoice.lines.all(), key=lambda line: line.position)
    first, last = _days(invoice, *service_of(invoice, lines))
    issued_on = invoice.issued_on or today
    assert issued_on is not None, "an invoice that is not issued needs a day to be judged by"
    facts, terms = invoice.facts, invoice.facts["terms"]
    language = language_of(facts)
    outside = any(line.tax_category == _OUTSIDE for line in lines)
    country, reasons = facts["issuer"]["country"], exemptions() if known is None else known
    with override(language):
        return Document(
            kind=KINDS[Invoice.Kind(invoice.kind)], number=invoice.number or PLACEHOLDER,
            issued_on=issued_on, currency=invoice.currency, language=language,
            seller=party_of(facts["issuer"], outside), buyer=party_of(facts["recipient"], outside),
            lines=tuple(_line(line, invoice, language) for line in lines),
            taxes=_taxes(invoice, reasons.on(last), country, language), sums=_sums(invoice),
            due_on=_due_on(invoice, issued_on), delivered_on=last, first_day=first, last_day=last,
            buyer_reference=_buyer_reference(facts), order_number=terms["order_number"],
            contract=terms["contract"], preceding=_preceding(facts),
            payment_terms=_payment_terms(invoice), payments=_payments(invoice, ways),
        )  # fmt: skip


def language_of(facts: Mapping[str, Any]) -> str:
    """The recipient's, as far as documents are written in it."""
    language = str(facts["recipient"].get("language", ""))[:2]
    return language if language in LANGUAGES else "en"


def _days(invoice: Invoice, start: datetime, end: datetime) -> tuple[date, date]:
    zone = invoice.time_zone
    return local_date(start, zone), local_date(end - _INSTANT, zone)


def _due_on(invoice: Invoice, issued_on: date) -> date | None:
    """Nothing is due on a credit note."""
    if invoice.sign < 0:
        return None
    return invoice.due_on or issued_on + timedelta(days=invoice.facts["terms"]["payment_days"])


def _payments(invoice: Invoice, ways: Sequence[Payment]) -> tuple[Payment, ...]:
    """With the number to write on the transfer, by which the payment is found again."""
    number = invoice.number or PLACEHOLDER
    return tuple(replace(way, reference=number) for way in ways) if invoice.sign > 0 else ()


def _payment_terms(invoice: Invoice) -> str:
    if invoice.sign < 0:
        return ""
    days = invoice.facts["terms"]["payment_days"]
    return _("Payable within %(days)s days of the date of the invoice, without deduction.") % {
        "days": days
    }


def party_of(facts: Mapping[str, Any], outside: bool) -> Party:
    """Of a document outside the scope of VAT the VAT id is a plain identifier (BR-O-02)."""
    vat_id, email = facts["vat_id"], facts["email"]
    return Party(
        name=facts["name"], country=facts["country"], street=facts["street"],
        postcode=facts["postcode"], city=facts["city"],
        vat_id="" if outside else vat_id, identifier=vat_id if outside else "",
        tax_number=facts.get("tax_number", ""), legal_id=facts.get("register_entry", ""),
        contact_name=facts.get("contact_name", ""), contact_phone=facts.get("phone", ""),
        contact_email=email, **_endpoint(facts.get("e_address", ""), email),
    )  # fmt: skip


def _endpoint(e_address: str, email: str) -> dict[str, str]:
    """Where e-invoices go to (BT-34, BT-49): the company's own kind of address, else its e-mail."""
    scheme, _colon, identifier = e_address.partition(":")
    if identifier:
        return {"endpoint": identifier, "endpoint_scheme": scheme}
    return {"endpoint": email, "endpoint_scheme": BY_EMAIL if email else ""}


def _buyer_reference(facts: Mapping[str, Any]) -> str:
    """The contract's; else a public customer's Leitweg-ID, which stands there as well (BT-10)."""
    scheme, _colon, identifier = facts["recipient"].get("e_address", "").partition(":")
    agreed = str(facts["terms"]["buyer_reference"])
    return agreed or (identifier if scheme == LEITWEG else "")


def _line(line: InvoiceLine, invoice: Invoice, language: str) -> DocumentLine:
    figures = priced(line.quantity, line.unit, line.unit_price, line.net_minor, invoice.currency)
    start, end = line.service_start, line.service_end
    first, last = _days(invoice, start, end) if start and end else (None, None)
    return DocumentLine(
        id=str(line.position), title=_title(line, language), quantity=figures.quantity,
        unit=figures.unit, unit_price=figures.unit_price, net_minor=line.net_minor,
        tax_category=_category(line.tax_category, line.tax_percent),
        tax_percent=line.tax_percent,
        note=" · ".join(_notes(line, invoice, figures.whole, language)),
        first_day=first, last_day=last, asset=line.asset_label,
    )  # fmt: skip


def _title(line: InvoiceLine, language: str) -> str:
    texts = line.title
    return str(texts.get(language) or texts.get("en") or next(iter(texts.values()), line.charge))


def _notes(line: InvoiceLine, invoice: Invoice, whole: bool, language: str) -> Sequence[str]:
    notes = []
    if whole:
        notes.append(format_with_unit(line.quantity, line.unit, language))
    if line.tier:
        notes.append(_("tier %(tier)s") % {"tier": line.tier})
    if line.explanation.get("estimated"):
        notes.append(_("contains an estimate"))
    if "after" in line.explanation:
        before, after = (
            format_money(Money(line.explanation[key]["net_minor"], invoice.currency), language)
            for key in ("before", "after")
        )
        notes.append(
            _("billed so far %(before)s, correct %(after)s") % {"before": before, "after": after}
        )
    return notes


def _taxes(
    invoice: Invoice, known: Exemptions, country: str, language: str
) -> tuple[TaxTotal, ...]:
    totals = []
    for tax in sorted(invoice.taxes.all(), key=lambda tax: (tax.category, tax.percent)):
        text, code = known.reason(country, tax.category, language)
        totals.append(TaxTotal(tax.category, tax.percent, tax.net_minor, tax.tax_minor, text, code))
    return tuple(totals)


def _category(category: str, percent: Decimal) -> str:
    """A country without VAT has a standard rate of 0, which EN 16931 calls zero rated (BR-S-05)."""
    return _ZERO if category == _STANDARD and not percent else category


def _sums(invoice: Invoice) -> Sums:
    return Sums(
        line_net_minor=invoice.net_minor, net_minor=invoice.net_minor,
        tax_minor=invoice.tax_minor, gross_minor=invoice.gross_minor,
        due_minor=invoice.gross_minor,
    )  # fmt: skip


def _preceding(facts: Mapping[str, Any]) -> tuple[Preceding, ...]:
    corrects = facts.get("corrects")
    if not corrects:
        return ()
    day = corrects["issued_on"]
    return (Preceding(corrects["number"], date.fromisoformat(day) if day else None),)
