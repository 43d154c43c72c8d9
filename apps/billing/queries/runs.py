"""How far a run is."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from apps.billing.models import BillingRun, RunItem
from apps.tenancy.context import current_company


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Items by state; sums in minor units by currency."""

    counts: dict[str, int]
    nets: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def finished(self) -> int:
        waiting = self.counts.get(RunItem.State.WAITING, 0)
        return self.total - waiting - self.counts.get(RunItem.State.METERING, 0)

    @property
    def percent(self) -> int:
        return self.finished * 100 // self.total if self.total else 100

    @property
    def parked(self) -> int:
        return self.counts.get(RunItem.State.PARKED, 0)

    @property
    def states(self) -> list[tuple[str, str, int]]:
        """(state, its text, how many), states without items left out."""
        return [
            (str(state.value), str(state.label), self.counts[state.value])
            for state in RunItem.State
            if state.value in self.counts
        ]


def progress_of(run: BillingRun) -> RunProgress:
    """One query, whatever the number of items."""
    rows = (
        RunItem.objects.filter(run=run)
        .order_by()
        .values_list("state", "currency")
        .annotate(count=Count("id"), net=Sum("net_minor"))
    )
    counts: dict[str, int] = {}
    nets: dict[str, int] = {}
    for state, currency, count, net in rows:
        counts[state] = counts.get(state, 0) + count
        if net is not None:
            nets[currency] = nets.get(currency, 0) + int(net)
    return RunProgress(counts, nets)


def running_like(label: str, dry: bool, since: datetime) -> BillingRun | None:
    """A run of the same month that was started just now and still has work to do."""
    found: BillingRun | None = (
        BillingRun.objects.written_by(current_company())
        .filter(
            label=label,
            dry=dry,
            state=BillingRun.State.RUNNING,
            started_at__gte=since,
            items__state=RunItem.State.WAITING,
        )
        .first()
    )
    return found
