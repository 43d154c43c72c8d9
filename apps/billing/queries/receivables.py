"""What others build on: how much of a document is paid, and which of its lines are disputed."""

from collections.abc import Collection, Iterable
from fractions import Fraction
from uuid import UUID

from apps.billing.models import Correction, DisputeAnswer, Invoice, LineDispute, Receivable


def paid_share(document_ids: Iterable[UUID]) -> dict[UUID, Fraction]:
    """By document the part of what is due on it that was paid: paid ÷ (gross − credited).

    A receivable has its document's key. A credit note has the share of what it corrects, so that
    shares of both add up. Documents that are not issued or not seen are left out.
    """
    keys = set(document_ids)
    notes = dict(
        Invoice.objects.filter(id__in=keys, kind=Invoice.Kind.CREDIT_NOTE).values_list(
            "id", "corrects_id"
        )
    )
    rows = Receivable.objects.of_documents().filter(id__in=keys | set(notes.values()))
    shares = {row.id: row.standing.paid_share for row in rows}
    return {
        key: shares[target] for key in keys if (target := notes.get(key, key)) in shares
    }  # fmt: skip


def held_back(document_ids: Iterable[UUID]) -> list[LineDispute]:
    """Disputes without an end: not answered, or accepted and not credited yet; oldest first."""
    rows = LineDispute.objects.filter(
        invoice__in=list(document_ids), state=LineDispute.State.OPEN
    ).exclude(answer__outcome=DisputeAnswer.Outcome.REJECTED)  # fmt: skip
    found = list(rows.select_related("answer", "line").order_by("opened_at", "id"))
    accepted = {dispute.line.billed_period_id for dispute in found if dispute.given}
    credited = _credited_disputes(accepted) if accepted else set()
    return [dispute for dispute in found if dispute.public_id not in credited]


def _credited_disputes(periods: Collection[UUID]) -> set[str]:
    """The public ids of disputes whose credit is issued."""
    issued = Correction.objects.filter(billed_period__in=periods, state=Correction.State.ISSUED)
    bases = issued.values_list("basis", flat=True)
    return {item["dispute"] for basis in bases for item in basis.get("granted", [])}


def disputed_line_ids(document_ids: Iterable[UUID]) -> set[UUID]:
    """Lines of these documents that are disputed now."""
    return {dispute.line_id for dispute in held_back(document_ids)}
