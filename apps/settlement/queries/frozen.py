"""What objections freeze of what is payable."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, When

from apps.settlement.domain.ledger import Purpose
from apps.settlement.models import PayoutRequest, Statement, StatementLine, Transfer
from apps.settlement.queries.periods import document_groups
from apps.tenancy.context import current_company


def frozen_statements(currency: str) -> QuerySet[Statement]:
    """Our documents with an open objection, or an upheld one that no document has followed yet.

    What follows may take back or add, and may be issued before the answer is written.
    """
    follows = Statement.objects.filter(
        settled=OuterRef("settled"), partner=OuterRef("partner"),
        issued_at__gt=OuterRef("objection__objected_at"),
    ).exclude(pk=OuterRef("pk"))  # fmt: skip
    answer = "objection__answer__upheld"
    rows: QuerySet[Statement] = Statement.objects.written_by(current_company()).filter(
        Q(objection__answer=None) | (Q(**{answer: True}) & ~Exists(follows)),
        currency=currency, kind=Statement.Kind.INVOICE, objection__isnull=False,
    )  # fmt: skip
    return rows


@dataclass(frozen=True, slots=True)
class Frozen:
    """A document whose payout waits for an answer, and how much of it became payable."""

    partner: int
    name: str
    key: str
    minor: int


def frozen_documents(currency: str) -> list[Frozen]:
    """What is not paid out: of each document at most what became payable of its sources.

    What a payout before the objection paid is gone: only what became payable since counts.
    """
    rows = frozen_statements(currency).annotate(since=_paid_before())
    statements = {row.id: row for row in rows}
    sources: dict[UUID, set[UUID]] = {key: set() for key in statements}
    lines = StatementLine.objects.filter(statement__in=list(statements))
    for key, document in lines.values_list("statement", "share__document_id"):
        sources[key].add(document)
    groups = document_groups({document for found in sources.values() for document in found})
    found = []
    for key, row in statements.items():
        of_row = _groups(sources[key], groups)
        recorded = recorded_payable(of_row, since=row.since)
        paid = sum(recorded.get((group, row.partner_id), 0) for group in of_row)
        minor = max(min(row.gross_minor, paid), 0)
        found.append(Frozen(row.partner_id, row.name, row.public_id, minor))
    return found


def _paid_before() -> Subquery:
    """When the last payout was asked for that knew the document and not yet the objection."""
    rows = PayoutRequest.objects.filter(
        author=OuterRef("author"), partner=OuterRef("partner"), currency=OuterRef("currency"),
        requested_at__gt=OuterRef("issued_at"), requested_at__lt=OuterRef("objection__objected_at"),
    ).exclude(state=PayoutRequest.State.RETURNED)  # fmt: skip
    return Subquery(rows.order_by("-requested_at").values("requested_at")[:1])


def _groups(documents: Iterable[UUID], groups: Mapping[UUID, UUID]) -> set[UUID]:
    return {groups[document] for document in documents if document in groups}


def recorded_payable(
    document_ids: Iterable[UUID], since: datetime | None = None
) -> dict[tuple[UUID, int], int]:
    """By document and partner what its payments made payable so far: what left `owed`, less returns.

    `since`: counts what happened after it.
    """
    rows = Transfer.objects.filter(cause=Transfer.Cause.PAYMENT, cause_id__in=list(document_ids))
    rows = rows if since is None else rows.filter(at__gt=since)
    signed = Case(
        When(debit__purpose=Purpose.OWED, then=F("amount_minor")), default=-F("amount_minor")
    )
    sums = rows.order_by().values_list("cause_id", "debit__partner").annotate(minor=Sum(signed))
    return {(key, party): int(minor) for key, party, minor in sums}
