"""Which documents a payout pays, by their names."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from apps.settlement.domain.ledger import Purpose
from apps.settlement.models import PayoutRequest, Share, Transfer
from apps.settlement.queries.frozen import frozen_statements
from apps.tenancy.context import current_company

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_STATEMENT = "statement_lines__statement"


def documents_to_pay(partners: Collection[int], currency: str) -> dict[int, list[str]]:
    """By partner the names of what became payable, was issued, or came free of an objection since
    its last payout, in the order of recognition. Asked before the payout is noted. Two queries.

    A document is named by its statement; an advice by the partner's own invoice; else by the
    customer's document.
    """
    frozen = set(frozen_statements(currency).values_list("id", flat=True))
    names: dict[int, list[str]] = {partner: [] for partner in partners}
    for partner, statement, *known in _rows(partners, currency):
        name = next((name for name in known if name), "")
        if name and statement not in frozen and name not in names[partner]:
            names[partner].append(name)
    return names


def _rows(partners: Collection[int], currency: str) -> Iterable[tuple[int, object, str]]:
    """Partner, statement, and the names by which a share's document may be known, best first."""
    since = F("since")
    issued, answered = f"{_STATEMENT}__issued_at", f"{_STATEMENT}__objection__answer__answered_at"
    shares = Share.objects.written_by(current_company()).filter(
        partner__in=partners, currency=currency, amount_minor__gt=0
    )  # fmt: skip
    rows = shares.annotate(since=_last_payout(currency)).filter(
        Exists(_became_payable()) | Q(**{f"{issued}__gt": since}) | Q(**{f"{answered}__gt": since})
    )
    return rows.order_by("recognised_at", "id").values_list(
        "partner", _STATEMENT, f"{_STATEMENT}__number", f"{_STATEMENT}__invoice__number",
        "document_number",
    )  # fmt: skip


def _last_payout(currency: str) -> Coalesce:
    """When the partner's last payout that did not come back was asked for."""
    rows = PayoutRequest.objects.filter(
        author=OuterRef("author"), partner=OuterRef("partner"), currency=currency
    ).exclude(state=PayoutRequest.State.RETURNED)  # fmt: skip
    return Coalesce(Subquery(rows.order_by("-requested_at").values("requested_at")[:1]), _BEGINNING)


def _became_payable() -> QuerySet[Transfer]:
    rows: QuerySet[Transfer] = Transfer.objects.filter(
        cause=Transfer.Cause.PAYMENT, cause_id=OuterRef("document_id"), at__gt=OuterRef("since"),
        credit__partner=OuterRef("partner"), credit__purpose=Purpose.PAYABLE,
    )  # fmt: skip
    return rows


def in_one_line(names: list[str], most: int = 3) -> str:
    """`GS-2026-00001, GS-2026-00002 (+4)`: short enough for a transfer's text."""
    left = len(names) - most
    return ", ".join(names[:most]) + (f" (+{left})" if left > 0 else "")
