"""What a customer is to declare: each item with its instants, and what was said of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from apps.common.period import local_date
from apps.contracts.models import Contract, ContractItem
from apps.contracts.queries import item_span
from apps.metering.domain.declaring import Said
from apps.metering.models import DeclaredAnswer, DeclaredReading
from apps.metering.queries.periods import periods_over
from apps.metering.wording import answer_words
from apps.telemetry.domain.sources import DECLARED
from apps.tenancy.context import current_company

_AN_INSTANT = timedelta(microseconds=1)
MOST = 200
DOUBTS = (DeclaredAnswer.State.NOT_BELIEVED, DeclaredAnswer.State.REFUSED)


# A word on an instant: its end of day and which one it is.
Place = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Told:
    """A declared reading, the local day it was read at the end of, and what became of it."""

    day: date
    row: DeclaredReading
    answer: DeclaredAnswer | None
    is_replaced: bool

    @property
    def is_doubted(self) -> bool:
        """Whether it does not count, and something must be done."""
        return not self.is_replaced and _is_doubt(self.answer)

    @property
    def why(self) -> str:
        found = self.answer
        return "" if found is None else answer_words(found.reason, found.params, self.row.unit)

    @property
    def is_collected_here(self) -> bool:
        """Whether the current company collects, so that it can judge the reading."""
        return self.answer is not None and self.answer.author_id == current_company().pk


@dataclass(frozen=True, slots=True)
class Declarable:
    """An item whose customer declares, the ends of days that are needed, all words on it, latest first.

    `answers`: what became of each, where the company that collects has told.
    """

    item: ContractItem
    needed: tuple[datetime, ...]
    rows: Sequence[DeclaredReading] = field(default=())
    answers: Mapping[Place, DeclaredAnswer] = field(default_factory=dict)

    @property
    def contract(self) -> Contract:
        found: Contract = self.item.contract
        return found

    @property
    def in_force(self) -> list[DeclaredReading]:
        """The last word on each instant, the latest instant first."""
        newest: dict[datetime, DeclaredReading] = {}
        for row in self.rows:
            newest.setdefault(row.read_at, row)
        return list(newest.values())

    @property
    def last(self) -> DeclaredReading | None:
        return next(iter(self.in_force), None)

    @property
    def said(self) -> list[Said]:
        return [Said(row.read_at, row.value) for row in self.in_force]

    @property
    def missing(self) -> list[date]:
        """Days at whose end it was not read, or is not believed, the oldest first; where others count, none is."""
        if not self.item.agreed_meter.is_declared:
            return []
        said = {row.read_at for row in self.in_force if not _is_doubt(self.answer_to(row))}
        return [self.day_of(at) for at in self.needed if at not in said]

    def answer_to(self, row: DeclaredReading) -> DeclaredAnswer | None:
        return self.answers.get((row.read_at, row.generation))

    @property
    def doubted(self) -> list[Told]:
        """Words in force that do not count."""
        return [told for told in self.history if told.is_doubted]

    @property
    def is_own(self) -> bool:
        """Whether the current company is the customer who declares."""
        return bool(self.contract.customer_id == current_company().pk)

    def day_of(self, at: datetime) -> date:
        """The local day that ends at an instant."""
        return local_date(at - _AN_INSTANT, self.contract.time_zone)

    @property
    def history(self) -> list[Told]:
        """All words, the latest first."""
        standing = {row.pk for row in self.in_force}
        return [
            Told(self.day_of(row.read_at), row, self.answer_to(row), row.pk not in standing)
            for row in self.rows
        ]


def _is_doubt(answer: DeclaredAnswer | None) -> bool:
    return answer is not None and answer.state in DOUBTS


def declarable_items(now: datetime) -> list[Declarable]:
    """Of contracts in force the company provides or is customer of, the first MOST. Four queries."""
    return _with_readings(list(_items()[:MOST]), now)


def declarable_item(item_id: UUID, now: datetime) -> Declarable | None:
    """An item that the current company declares readings of."""
    own = _items().filter(pk=item_id, contract__customer=current_company())
    return next(iter(_with_readings(list(own), now)), None)


def declarations_missing(now: datetime) -> int:
    """How many readings the company, as customer, has not declared that bills wait for."""
    own = _items().filter(contract__customer=current_company())
    return sum(len(found.missing) for found in _with_readings(list(own[:MOST]), now))


def _items() -> QuerySet[ContractItem]:
    rows: QuerySet[ContractItem] = ContractItem.objects.filter(
        meter_terms__sources__contains=[DECLARED], contract__state=Contract.State.ACTIVE
    )
    ordered = rows.select_related("contract__customer", "contract__author")
    return ordered.order_by("contract__title", "asset_label", "id")


def _with_readings(items: Sequence[ContractItem], now: datetime) -> list[Declarable]:
    if not items:
        return []
    keys = [item.pk for item in items]
    said: dict[UUID, list[DeclaredReading]] = defaultdict(list)
    rows = DeclaredReading.objects.filter(item_id__in=keys)
    for row in rows.order_by("-read_at", "-generation"):
        said[row.item_id].append(row)
    told: dict[UUID, dict[Place, DeclaredAnswer]] = defaultdict(dict)
    for answer in DeclaredAnswer.objects.filter(item_id__in=keys):
        told[answer.item_id][answer.read_at, answer.generation] = answer
    return [
        Declarable(item, tuple(_needed(item, now)), said[item.pk], told[item.pk]) for item in items
    ]


def _needed(item: ContractItem, now: datetime) -> Iterable[datetime]:
    """Its first instant and the ends of its periods, as far as they are over."""
    start, end = item_span(item.contract, item)
    if end is not None and end <= start:
        return []
    ends = {min(period.end, end or period.end) for period in periods_over(item.contract, now)}
    return sorted(at for at in {start, *ends} if start <= at <= now)
