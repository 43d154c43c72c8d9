"""What an e-invoice from outside belongs to, by the references that stand on it."""

import re
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from apps.billing.domain.einvoice.document import Document
from apps.billing.models import IncomingDocument, Invoice
from apps.common.ids import BadId, decode
from apps.contracts.models import Contract
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Match:
    """What its references name without doubt; None where they name nothing or more than one thing."""

    sender: Company | None
    invoice: Invoice | None
    contract: Contract | None


def match_of(document: Document) -> Match:
    """Sender by VAT id, the portal's own document by number, the contract by reference."""
    sender = _sender(document)
    invoice = _invoice(document, sender)
    contract = invoice.contract if invoice else _contract(document, sender)
    return Match(sender, invoice, contract)


def our_contracts() -> QuerySet[Contract]:
    """Contracts in which we are the customer or, for self-billed documents, the provider."""
    rows: QuerySet[Contract] = Contract.objects.order_by("title", "id")
    return rows


def same_number(document: IncomingDocument) -> list[IncomingDocument]:
    """Other files with the same sender and number: the same invoice twice, or corrected."""
    same_sender = Q(sender_name=document.sender_name)
    if document.sender_vat_id:
        same_sender |= Q(sender_vat_id=document.sender_vat_id)
    rows = IncomingDocument.objects.written_by(current_company())
    return list(
        rows.filter(same_sender, number=document.number).exclude(pk=document.pk)[:5]
    )  # fmt: skip


def _sender(document: Document) -> Company | None:
    """Of a self-billed document the buyer wrote it."""
    party = document.buyer if document.is_self_billed else document.seller
    wanted = plain_vat_id(party.vat_id)
    if not wanted:
        return None
    own = current_company().pk
    found = [
        company for company in known_companies()
        if company.pk != own and plain_vat_id(company.vat_id) == wanted
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def plain_vat_id(vat_id: str) -> str:
    """Without blanks and points, in capitals."""
    return re.sub(r"[^A-Z0-9]", "", vat_id.upper())


def _invoice(document: Document, sender: Company | None) -> Invoice | None:
    if sender is None:
        return None
    rows = Invoice.objects.select_related("contract").filter(author=sender)
    return _only(rows.filter(number=document.number))


def _contract(document: Document, sender: Company | None) -> Contract | None:
    """Its own id before what people wrote: our order number, then our buyer reference."""
    rows = our_contracts()
    if sender is not None:
        rows = rows.filter(Q(author=sender) | Q(customer=sender))
    named = rows.filter(pk=key) if (key := _contract_key(document.contract)) else rows.none()
    ways = [named]
    if document.order_number:
        ways.append(rows.filter(order_number=document.order_number))
    if document.buyer_reference:
        ways.append(rows.filter(buyer_reference=document.buyer_reference))
    return next((found for way in ways if (found := _only(way))), None)


def _contract_key(text: str) -> UUID | None:
    try:
        return decode(Contract.prefix, text)
    except BadId:
        return None


def _only(rows: QuerySet[Row]) -> Row | None:
    found = list(rows[:2])
    return found[0] if len(found) == 1 else None
