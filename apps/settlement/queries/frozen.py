"""What objections freeze of what is payable."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Sum, When

from apps.settlement.domain.ledger import Purpose
from apps.settlement.models import Statement, StatementLine, Transfer
from apps.settlement.queries.periods import document_groups
from apps.tenancy.context import current_company


def frozen_statements(currency: str) -> QuerySet[Statement]:
    """Our documents with an open objection, or an upheld one that no credit note has followed yet."""
    follows = Statement.objects.filter(
        settled=OuterRef("settled"), partner=OuterRef("partner"), kind=Statement.Kind.CREDIT_NOTE,
        issued_at__gt=OuterRef("objection__answer__answered_at"),
    )  # fmt: skip
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
    """What is not paid out: of each document at most what became payable of its sources."""
    statements = {row.id: row for row in frozen_statements(currency)}
    sources: dict[UUID, set[UUID]] = {key: set() for key in statements}
    lines = StatementLine.objects.filter(statement__in=list(statements))
    for key, document in lines.values_list("statement", "share__document_id"):
        sources[key].add(document)
    groups = document_groups({document for found in sources.values() for document in found})
    recorded = recorded_payable(set(groups.values()))
    found = []
    for key, row in statements.items():
        paid = sum(
            recorded.get((group, row.partner_id), 0) for group in _groups(sources[key], groups)
        )
        minor = max(min(row.gross_minor, paid), 0)
        found.append(Frozen(row.partner_id, row.name, row.public_id, minor))
    return found


def _groups(documents: Iterable[UUID], groups: Mapping[UUID, UUID]) -> set[UUID]:
    return {groups[document] for document in documents if document in groups}


def recorded_payable(document_ids: Iterable[UUID]) -> dict[tuple[UUID, int], int]:
    """By document and partner what its payments made payable so far: what left `owed`, less returns."""
    rows = Transfer.objects.filter(cause=Transfer.Cause.PAYMENT, cause_id__in=list(document_ids))
    signed = Case(
        When(debit__purpose=Purpose.OWED, then=F("amount_minor")), default=-F("amount_minor")
    )
    sums = rows.order_by().values_list("cause_id", "debit__partner").annotate(minor=Sum(signed))
    return {(key, party): int(minor) for key, party, minor in sums}
