"""What was refused since it was offered."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from apps.contracts.models import Contract, Refusal
from apps.tenancy.context import current_company


def refusals_of(contract: Contract) -> list[Refusal]:
    """The oldest first, with who refused. One query."""
    return list(Refusal.objects.filter(contract=contract).select_related("author"))


def latest_refusal(
    rows: Iterable[Refusal], what: str, content: str, since: datetime | None
) -> Refusal | None:
    """Of a contract's refusals the one that holds for what was offered then."""
    found = [
        row for row in rows
        if row.what == what and row.content_sha256 == content
        and since is not None and row.refused_at >= since
    ]  # fmt: skip
    return found[-1] if found else None


def own_refusal(since: str, **matching: Any) -> Exists:
    """A condition on what waits: the current company has refused it since it was offered.

    `since`: the outer row's field of when that was.
    """
    given = {"contract": OuterRef("contract"), "content_sha256": OuterRef("content_sha256")}
    rows = Refusal.objects.filter(author=current_company(), **(matching or given))
    return Exists(rows.filter(refused_at__gte=OuterRef(since)))


def offer_refused() -> Exists:
    """A condition on contracts: the offer that stands was refused by its customer."""
    rows = Refusal.objects.filter(
        contract=OuterRef("pk"), what=Refusal.What.OFFER, author=OuterRef("customer"),
        refused_at__gte=OuterRef("offered_at"),
    )  # fmt: skip
    return Exists(rows)
