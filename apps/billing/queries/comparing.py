"""A received document beside what the portal knows: its own invoice, or the contract it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.billing.domain.einvoice.document import Document, Party
from apps.billing.models import IncomingDocument
from apps.billing.queries.composing import document_of_invoice
from apps.billing.queries.incoming import plain_vat_id
from apps.common.money import CURRENCIES, Money, format_money
from apps.contracts.models import Contract
from apps.payments.queries.accounts import main_account


@dataclass(frozen=True, slots=True)
class Compared:
    """One fact as the document says it and as the portal knows it, as texts."""

    what: str
    received: str
    known: str

    @property
    def is_same(self) -> bool:
        return self.received == self.known


def compared(document: Document, incoming: IncomingDocument) -> list[Compared]:
    """What both say; empty where it is matched to nothing. A few queries.

    With the portal's own invoice: number, parties, period, sums, day to pay. With a contract alone:
    parties, currency, period, reference. In both cases the account to pay to, where the sender
    shows one: a wrong one is the commonest fraud with invoices.
    """
    if incoming.invoice is not None:
        facts = list(_with_invoice(document, document_of_invoice(incoming.invoice)))
    elif incoming.contract is not None:
        facts = list(_with_contract(document, incoming.contract))
    else:
        return []
    return facts + list(_account(document, incoming))


def _with_invoice(document: Document, ours: Document) -> Iterator[Compared]:
    yield Compared(_("Number"), document.number, ours.number)
    yield from _parties(document, _vat_id(ours.seller), _vat_id(ours.buyer))
    yield Compared(_("Date"), _day(document.issued_on), _day(ours.issued_on))
    yield Compared(_("Service period"), _span(document), _span(ours))
    for what, name in (
        (_("Net"), "net_minor"), (_("Tax"), "tax_minor"), (_("Total"), "gross_minor"),
    ):  # fmt: skip
        received, known = getattr(document.sums, name), getattr(ours.sums, name)
        yield Compared(what, _money(received, document), _money(known, ours))
    yield Compared(_("Lines"), str(len(document.lines)), str(len(ours.lines)))
    if document.due_on and ours.due_on:
        yield Compared(_("Payable by"), _day(document.due_on), _day(ours.due_on))


def _with_contract(document: Document, contract: Contract) -> Iterator[Compared]:
    sellers = (contract.author, contract.customer)
    if document.is_self_billed:
        sellers = (contract.customer, contract.author)
    yield from _parties(document, *(plain_vat_id(company.vat_id) for company in sellers))
    yield Compared(_("Currency"), document.currency, contract.currency)
    if document.order_number or contract.order_number:
        yield Compared(_("Order"), document.order_number, contract.order_number)
    if document.buyer_reference or contract.buyer_reference:
        yield Compared(_("Reference"), document.buyer_reference, contract.buyer_reference)
    yield _within(document, contract)


def _within(document: Document, contract: Contract) -> Compared:
    """The period is right as long as it lies within the contract's time."""
    first, last = document.first_day, document.last_day or document.delivered_on
    ends = contract.ends_on
    is_in = (first is None or first >= contract.starts_on) and (
        last is None or ends is None or last < ends
    )
    known = f"{_day(contract.starts_on)} – {_day(ends)}"
    span = _span(document)
    return Compared(_("Service period"), span, span if is_in else known)


def _parties(document: Document, seller: str, buyer: str) -> Iterator[Compared]:
    yield Compared(_("VAT id of the seller"), _vat_id(document.seller), seller)
    yield Compared(_("VAT id of the buyer"), _vat_id(document.buyer), buyer)


def _vat_id(party: Party) -> str:
    return plain_vat_id(party.vat_id or party.identifier)


def _account(document: Document, incoming: IncomingDocument) -> Iterator[Compared]:
    shown = main_account(incoming.sender) if incoming.sender else None
    named = next((way.iban for way in document.payments if way.iban), "")
    if shown is not None and named and not document.is_self_billed:
        yield Compared(_("Account to pay to"), "".join(named.split()), shown.iban)


def _span(document: Document) -> str:
    first, last = document.first_day, document.last_day or document.delivered_on
    return f"{_day(first)} – {_day(last)}"


def _day(day: date | None) -> str:
    return date_format(day, "SHORT_DATE_FORMAT") if day else "–"


def _money(minor: int, document: Any) -> str:
    if document.currency not in CURRENCIES:
        return f"{minor} {document.currency}"
    return format_money(Money(minor, document.currency), get_language() or "en")
