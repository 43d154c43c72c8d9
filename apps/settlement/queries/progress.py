"""How far settling is: jobs of the last day, documents that wait, shares without a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Sum

from apps.events.models import Job
from apps.settlement.queries.proof import documents_to_settle
from apps.settlement.queries.statements import waiting_shares
from apps.tenancy.context import current_company

RECENT = timedelta(days=1)
OPEN = (Job.State.WAITING, Job.State.RUNNING)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Shares of partners in one currency that stand on no statement; net minor units."""

    currency: str
    count: int
    minor: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Settlement's jobs of the last day, and what is left. `failed`: parked jobs, the latest first."""

    done: int
    open: int
    failed: Sequence[Job]
    unsettled: Sequence[str]
    statements: Sequence[Waiting]

    @property
    def total(self) -> int:
        return self.done + self.open + len(self.failed)

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


def settling_progress(now: datetime) -> Progress:
    """Five queries. Documents are looked for only while no job works on them."""
    jobs = Job.objects.filter(
        company=current_company(), kind__startswith="settlement.", created_at__gt=now - RECENT
    )
    counts = dict(jobs.order_by().values_list("state").annotate(number=Count("id")))
    waiting = sum(counts.get(state, 0) for state in OPEN)
    failed = list(jobs.filter(state=Job.State.PARKED).order_by("-created_at", "-id")[:20])
    numbers = [] if waiting else sorted({number for _key, number in documents_to_settle()})
    return Progress(counts.get(Job.State.DONE, 0), waiting, failed, numbers, _statements())


def _statements() -> list[Waiting]:
    rows = waiting_shares().order_by().values_list("currency")
    sums = rows.annotate(number=Count("id"), minor=Sum("amount_minor")).order_by("currency")
    return [Waiting(*row) for row in sums]
