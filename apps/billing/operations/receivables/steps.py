"""Receivables under lock, and the steps that move them: rows, sums and one event together."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from apps.billing.events import ReceivableMoved
from apps.billing.models import Allocation, Receivable
from apps.events.operations import publish
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company

MOVED = (
    "paid_minor", "credited_minor", "written_off_minor", "open_minor", "disputed_minor", "state",
    "moved_at",
)  # fmt: skip


def lock_receivables(keys: Iterable[UUID]) -> dict[UUID, Receivable]:
    """The current company's own ones of these keys, freshly read, locked in the order of keys.

    After contracts and documents, before customers' credits.
    """
    rows = (
        Receivable.objects.written_by(current_company())
        .filter(id__in=set(keys))
        .order_by("id")
        .select_for_update(of=("self",))
    )
    return {row.id: row for row in rows}


@dataclass(slots=True)
class Steps:
    """Allocations of one transaction on locked receivables; `keep` writes them all."""

    now: datetime
    valued_on: date | None = None
    allocations: list[Allocation] = field(default_factory=list)
    moved: dict[UUID, Receivable] = field(default_factory=dict)

    def add(
        self, receivable: Receivable, source: str, source_id: UUID, amount_minor: int,
        takes_back: Allocation | None = None,
    ) -> None:  # fmt: skip
        """Raises Overdrawn where the receivable has less."""
        receivable.stand(receivable.standing.moved(source, amount_minor))
        receivable.moved_at = self.now
        self.moved[receivable.id] = receivable
        self.allocations.append(
            Allocation(
                author_id=receivable.author_id, parties=receivable.parties, receivable=receivable,
                source=source, source_id=source_id, amount_minor=amount_minor,
                takes_back=takes_back, currency=receivable.currency, at=self.now, valued_on=self.valued_on,
            )
        )  # fmt: skip

    def keep(self) -> None:
        """Write the allocations and the sums, and tell the issuer's own company."""
        if not self.allocations:
            return
        insert_all(Allocation, self.allocations)
        Receivable.objects.bulk_update(list(self.moved.values()), MOVED)
        event = ReceivableMoved(sorted(self.moved))
        publish(name=event.name, payload=event.payload, now=self.now)
