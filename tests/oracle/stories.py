"""What all stories share: counters that speak, a contract in force, and all that can happen to both.

A story has periods between 2024 and 2026, a clock that goes on, and a naive twin of everything: what
was said (`naive.Counter`) and what is agreed (`naive.Agreement`). After each step the books have to
be those of billing once with full knowledge.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from apps.billing.models import Correction, Invoice, InvoiceLine, RunItem
from apps.billing.operations import approve_invoices, issue_invoices, start_run
from apps.common.period import Period
from apps.contracts.operations import accept_plan, end_contract, propose_plan
from apps.events.operations import run_waiting_jobs
from apps.metering.models import BilledPeriod
from apps.metering.queries import NotMetered, latest_records, usage_preview
from apps.pricing.plan import PricePlan
from apps.telemetry.domain.meters import MeterVersion
from apps.telemetry.models import Channel, Disbelief
from apps.telemetry.operations import RawItem, declare, recompute_dirty, take_in
from apps.telemetry.operations.meters import describe_meter
from apps.tenancy.context import company_context
from tests.crashes import LEASE_OVER, Crash, counted, resume_jobs
from tests.integration.billing.scene import BASE_FEE, PER_CYCLE, plan_of
from tests.oracle import naive
from tests.oracle.naive import Terms

ZONES = [
    "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca",
    "Pacific/Apia",
]  # fmt: skip
# The days on which contracts like to begin: leap days, the last of long months, changes of the clock
# (Casablanca's go with Ramadan), the turn of the year.
EDGES = [
    date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 31), date(2024, 10, 1),
    date(2024, 12, 31), date(2025, 2, 1), date(2025, 3, 10), date(2025, 4, 1), date(2025, 10, 27),
    date(2025, 12, 1), date(2026, 2, 15), date(2026, 3, 29), date(2026, 8, 31), date(2026, 9, 30),
]  # fmt: skip
FIRST_DAYS = st.sampled_from(EDGES) | st.dates(date(2024, 1, 1), date(2026, 9, 30))
NOISE = st.integers(-40, 40)
SHARES = st.integers(0, 1000)
AROUND = timedelta(days=3)
PAIRS = st.lists(st.tuples(SHARES, NOISE), min_size=1, max_size=4)
# What no counter shows.
NONSENSE = ["NaN", "1e400", "twelve"]


def plan_for(terms: Terms) -> PricePlan:
    """The plan of the product that says what the terms say."""
    fee: dict[str, object] = {**BASE_FEE, "amount": str(terms.fee)}
    units: dict[str, object] = {**PER_CYCLE, "unit_price": terms.unit}
    if terms.ahead:
        fee["timing"] = "advance"
    if terms.above:
        del units["unit_price"]
        units |= {"model": "graduated", "tiers": [
            {"up_to": "100", "unit_price": terms.unit}, {"up_to": None, "unit_price": terms.above},
        ]}  # fmt: skip
    year: dict[str, object] = {
        "model": "yearly_minimum", "code": "year", "title": "Year", "amount": str(terms.least),
        "of": ["cycles"],
    }  # fmt: skip
    return plan_of(fee, units, *([year] if terms.least else []))


@dataclass
class Machine:
    """A channel of the product, a counter if need be, and everything that was ever said about it.

    `company` collects its readings.
    """

    asset: Any
    channel: Channel
    company: Any
    counter: naive.Counter = field(default_factory=naive.Counter)


class Story(RuleBasedStateMachine):
    """A contract over some periods, beside its naive twin. Subclasses say what it measures."""

    provider: Any
    customer: Any
    # Counters that are billed, and what else says something.
    machines: list[Machine]
    sensors: list[Machine]
    contract: Any
    agreed: naive.Agreement
    zone: str

    def open_books(self, *, zone: str, kind: str, first: date, count: int) -> None:
        """Before anything: the story's calendar and its clock, half a day into the contract."""
        self.stack = ExitStack()
        self.stack.enter_context(transaction.atomic())
        self.stack.callback(transaction.set_rollback, True)
        self.zone, self.kind = zone, kind
        self.days = naive.days_of_periods(kind, first, count)
        self.marks = [naive.midnight(day, zone) for day in self.days]
        self.label = f"{self.days[-2]:%Y-%m}" if kind == "month" else f"{self.days[-1]:%Y-%m}"
        self.clock = naive.midnight(first, zone) + timedelta(hours=12)
        self.machines, self.sensors = [], []
        self.sent, self.outcomes = 0, dict[str, int]()

    def machine_of(self, asset: Any, code: str = "cycles", company: Any = None) -> Machine:
        company = company or self.provider
        with company_context(company):
            return Machine(asset, Channel.objects.get(asset_id=asset.id, code=code), company)

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def parts(self, start: datetime, end: datetime) -> dict[UUID, Decimal | None]:
        """By asset what the contract counts in [start, end), naively; None: it cannot be said."""
        raise NotImplementedError

    def usage(self, start: datetime, end: datetime) -> Decimal | None:
        """What is priced of all parts together."""
        found = self.parts(start, end).values()
        return None if None in found else sum(found, Decimal(0))  # type: ignore[arg-type]

    # Time and instants

    def settle(self) -> None:
        """Time goes on, roll-ups are worked in, and all that follows from them is done."""
        self.clock += timedelta(minutes=1)
        recompute_dirty(now=self.clock)
        run_waiting_jobs(now=self.clock)

    def instant(self, share: int) -> datetime:
        """From three days before the first period to three days after the last, by thousandths."""
        start = self.marks[0] - AROUND
        at = start + (self.marks[-1] + AROUND - start) * share / 1000
        return min(at, self.clock).replace(second=0, microsecond=0)

    def value_at(self, instant: datetime, noise: int) -> Decimal:
        """Counters rise by 1,000 over the story, but for the noise."""
        start = self.marks[0] - AROUND
        whole = self.marks[-1] + AROUND - start
        return Decimal((instant - start) * 1000 // whole + noise)

    def to_the_end_of(self, period: int) -> None:
        self.clock = max(self.clock, self.marks[period + 1] + timedelta(days=1))

    @property
    def is_over(self) -> bool:
        return self.clock > self.marks[-1] + timedelta(days=2)

    @precondition(lambda self: not self.is_over)
    @rule()
    def time_passes(self) -> None:
        """To the day after the period under way ends; after the last one another two."""
        ahead = [mark for mark in self.marks if mark + timedelta(days=1) > self.clock]
        self.clock = ahead[0] + timedelta(days=1) if ahead else self.marks[-1] + AROUND

    # What counters say

    @rule(readings=PAIRS, which=st.integers(0, 1))
    def send(self, readings: list[tuple[int, int]], which: int) -> None:
        """Mostly rising values; some fall, some repeat an instant with another value."""
        self.hear(self.chosen(which), self.spoken(readings))

    @rule(share=SHARES, edge=st.integers(0, 4), which=st.integers(0, 1))
    def send_on_an_edge(self, share: int, edge: int, which: int) -> None:
        """A reading at exactly the beginning of a period; where that is to come, nonsense."""
        at = self.marks[edge % len(self.marks)]
        if at <= self.clock:
            self.hear(self.chosen(which), [(at, Decimal(share))])
        else:
            self.send_nonsense(NONSENSE[share % len(NONSENSE)], self.instant(share))

    def send_nonsense(self, what: str, at: datetime) -> None:
        """Refused, kept aside, and nothing counts it."""
        (answer,) = self.intake(self.machines[0], [(at, what)])
        assert answer.status == "refused"
        self.count("refused")

    def chosen(self, which: int) -> Machine:
        return self.machines[which % len(self.machines)]

    def spoken(self, readings: Iterable[tuple[int, int]]) -> list[tuple[datetime, Decimal]]:
        pairs = [(self.instant(share), noise) for share, noise in readings]
        return [(at, self.value_at(at, noise)) for at, noise in pairs]

    def hear(
        self, machine: Machine, pairs: list[tuple[datetime, Decimal]], *, again: bool = False
    ) -> None:
        """`again`: some of it may have been stored before the process died."""
        answers = self.intake(machine, pairs)
        for (at, value), answer in zip(pairs, answers, strict=True):
            outcome = machine.counter.hear(at, value)
            assert answer.status in ({outcome, "duplicate"} if again else {outcome}), answer
            self.count(outcome)

    def intake(self, machine: Machine, pairs: Iterable[tuple[datetime, Any]]) -> list[Any]:
        items = [
            RawItem(
                number, machine.asset.public_id, machine.channel.code, at.isoformat(), str(value)
            )
            for number, (at, value) in enumerate(pairs)
        ]
        with company_context(machine.company):
            answers = take_in(items=items, source="test", now=self.clock)
            self.settle()
        return answers

    def count(self, outcome: str) -> None:
        self.sent += 1
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    @precondition(lambda self: any(machine.counter.values for machine in self.machines))
    @rule(place=st.integers(0, 50), word=st.sampled_from(["believe", "disbelieve"]))
    def say(self, place: int, word: str) -> None:
        """Release or discard a reading; the last word counts."""
        known = [
            (machine, at) for machine in self.machines for at in sorted(machine.counter.values)
        ]
        machine, at = known[place % len(known)]
        self.declare(machine, word, at)
        machine.counter.words[at] = word

    @rule(share=SHARES, which=st.integers(0, 1))
    def reset(self, share: int, which: int) -> None:
        machine, at = self.chosen(which), self.instant(share)
        self.declare(machine, "reset", at)
        machine.counter.resets.append(at)

    def declare(self, machine: Machine, kind: str, at: datetime) -> None:
        with company_context(machine.company):
            declare(
                channel=machine.channel, kind=kind, measured_at=at, reason="said", by="test",
                now=self.clock,
            )  # fmt: skip
            self.settle()

    @rule(share=SHARES, which=st.integers(0, 1), factor=st.sampled_from(["0.98", "1.5", "1.0125"]))
    def calibrate(self, share: int, which: int, factor: str) -> None:
        """From an instant on, often a past one, the meter's counts stand for more or for less."""
        machine, at = self.chosen(which), self.instant(share)
        version = MeterVersion(at, factor=Decimal(factor))
        with company_context(machine.company):
            channel = Channel.objects.get(pk=machine.channel.pk)
            describe_meter(
                channel=channel, version=version, reason="said", by="test", now=self.clock
            )
            self.settle()
        machine.counter.factors[at] = Decimal(factor)

    # What is agreed

    @precondition(lambda self: self.coming_days)
    @rule(place=st.integers(0, 2), fee=st.sampled_from([90, 120]), ahead=st.booleans(),
          unit=st.sampled_from(["0.08", "0.0305"]), above=st.sampled_from(["", "0.0415"]))  # fmt: skip
    def change_prices(self, place: int, fee: int, ahead: bool, unit: str, above: str) -> None:
        """Both parties agree on new prices from the beginning of a later period on."""
        days, before = self.coming_days, self.agreed.terms[-1]
        since = days[place % len(days)]
        self.agree(Terms(since, fee, unit, above, ahead, before.least))

    @property
    def coming_days(self) -> list[date]:
        """Days from which new prices can be agreed now."""
        if not hasattr(self, "contract"):
            return []
        latest, end = self.agreed.terms[-1].since, self.agreed.end or date.max
        tomorrow = self.clock + timedelta(days=1)
        return [
            day for day, mark in zip(self.days, self.marks, strict=True)
            if mark > tomorrow and latest < day < end
        ]  # fmt: skip

    def agree(self, terms: Terms) -> None:
        with company_context(self.provider):
            proposal = propose_plan(
                contract=self.contract, plan=plan_for(terms).to_dict(), valid_from=terms.since,
                now=self.clock, actor="Anna",
            )  # fmt: skip
        with company_context(self.customer):
            accept_plan(
                contract_id=self.contract.pk, content=proposal.content_sha256, now=self.clock,
                actor="Carl",
            )  # fmt: skip
        with company_context(self.provider):
            self.settle()
        self.agreed.terms.append(terms)

    @precondition(lambda self: self.last_days)
    @rule(place=st.integers(0, 40))
    def end(self, place: int) -> None:
        """The contract is to end, today at the earliest; what was paid for later days comes back."""
        days = self.last_days
        self.agreed.end = days[place % len(days)]
        with company_context(self.provider):
            self.contract = end_contract(
                contract=self.contract, ends_on=self.agreed.end, now=self.clock, actor="Anna"
            )
            self.settle()

    @property
    def last_days(self) -> list[date]:
        """Days before which the contract can be ended now."""
        if not hasattr(self, "contract"):
            return []
        today = self.clock.astimezone(ZoneInfo(self.zone)).date()
        until = self.agreed.end or self.days[-1]
        first = max(today, self.agreed.first + timedelta(days=1))
        return [first + timedelta(days=n) for n in range((until - first).days)]

    # What is billed

    @rule()
    def run(self) -> None:
        with company_context(self.provider):
            start_run(label=self.label, now=self.clock, started_by="test")
            self.settle()
            billed = self.billed_starts()
        for number, start in enumerate(self.marks[:-1]):
            is_covered = self.agreed.end is None or self.days[number] < self.agreed.end
            if self.clock < self.marks[number + 1] or not is_covered:
                break
            if self.used_in(number) is None:
                break
            assert start in billed, "it is over, known, and not billed"

    def billed_starts(self) -> set[datetime]:
        rows = BilledPeriod.objects.filter(contract=self.contract, state="billed")
        return set(rows.values_list("start", flat=True))

    @rule()
    def issue(self) -> None:
        with company_context(self.provider):
            keys = list(Invoice.objects.exclude(state="issued").values_list("id", flat=True))
            approve_invoices(invoices=keys, now=self.clock, approved_by="test")
            issue_invoices(invoices=keys, now=self.clock, issued_by="test")
            self.settle()

    # What goes wrong

    @rule(
        work=st.sampled_from(["run", "issue", "send", "say"]), at=st.integers(1, 150),
        after=st.booleans(), share=SHARES, noise=NOISE,
    )  # fmt: skip
    def die(self, work: str, at: int, after: bool, share: int, noise: int) -> None:
        """The process dies at some statement of its work; when its lease is over it is done again."""
        machine, pairs = self.chosen(noise % 2), self.spoken([(share, noise)])
        if work == "say" and not machine.counter.values:
            return
        places = sorted(machine.counter.values) or [self.clock]
        instant = places[share % len(places)]
        acts: dict[str, Callable[[], Any]] = {
            "run": self.run, "issue": self.issue, "send": lambda: self.intake(machine, pairs),
            "say": lambda: self.declare(machine, "disbelieve", instant),
        }  # fmt: skip
        with suppress(Crash), counted(at, after):
            acts[work]()
        self.clock += LEASE_OVER
        self.resume()
        if work == "send":
            self.hear(machine, pairs, again=True)
        else:
            acts[work]()
        if work == "say":
            machine.counter.words[instant] = "disbelieve"

    def resume(self) -> None:
        """The lease is over, and the sweeper rings again."""
        with company_context(self.provider):
            resume_jobs(self.clock)

    # What must hold after every step

    def span(self, first: int, after: int) -> tuple[datetime, datetime]:
        """Adjoining periods, as far as the contract covers them."""
        end = self.agreed.end or self.days[after]
        days = max(self.days[first], self.agreed.first), min(self.days[after], end)
        return naive.midnight(days[0], self.zone), naive.midnight(days[1], self.zone)

    def used_in(self, number: int) -> Decimal | None:
        return self.usage(*self.span(number, number + 1))

    @invariant()
    def books_are_those_of_billing_once(self) -> None:
        if not hasattr(self, "contract"):
            return
        with company_context(self.provider):
            periods = list(BilledPeriod.objects.filter(contract=self.contract).order_by("start"))
            self.periods_tile(periods)
            for period in periods:
                if period.state == "billed":
                    self.check(period)
            self.adjoining_periods_add_up([row for row in periods if row.state == "billed"])

    def check(self, period: BilledPeriod) -> None:
        if period.start < self.marks[0]:
            # What comes before the contract holds the first period's fee and nothing else.
            assert self.billed(period) == {("base", 0): self.agreed.fee(self.days[0])}
            return
        number = self.marks.index(period.start)
        usage = self.used_in(number)
        correction = Correction.objects.filter(billed_period=period).exclude(state="issued").first()
        if usage is None:
            # Nothing is guessed: it is put aside with a reason.
            assert correction is not None
            assert (correction.state, correction.reason) == ("parked", "no_readings")
            return
        wanted = self.agreed.lines(self.days[number], usage)
        if self.closes_the_year(number):
            usages = [(self.days[earlier], self.used_in(earlier)) for earlier in range(number + 1)]
            if any(used is None for _, used in usages):
                return  # what the year lacks cannot be said
            if lacking := self.agreed.true_up(self.days[number], usages):  # type: ignore[arg-type]
                wanted["year", 0] = lacking
        assert correction is None or correction.state != "parked"
        found = self.billed(period)
        if correction is not None and correction.state == "waiting":
            for row in correction.changes:
                key = (row["charge"], row["tier"])
                before, after = row["before"]["net_minor"], row["after"]["net_minor"]
                found[key] = found.get(key, 0) + after - before
        assert {key: net for key, net in found.items() if net} == wanted

    def closes_the_year(self, number: int) -> bool:
        end = self.agreed.end
        return bool(self.agreed.terms[0].least) and end is not None and self.days[number + 1] >= end

    def billed(self, period: BilledPeriod) -> dict[tuple[str, int], int]:
        found: dict[tuple[str, int], int] = {}
        for line in InvoiceLine.objects.filter(billed_period=period).select_related("invoice"):
            key = (line.charge, line.tier)
            found[key] = found.get(key, 0) + line.net_minor * line.invoice.sign
        return found

    def periods_tile(self, periods: list[BilledPeriod]) -> None:
        """Each ends where the next begins, and all are the calendar's, without one left out."""
        marks = list(self.marks)
        if self.agreed.terms[0].ahead:
            marks.insert(0, naive.midnight(naive.day_before(self.kind, self.days[0]), self.zone))
        found = [(row.start, row.end) for row in periods]
        assert found == list(pairwise(marks))[: len(found)]

    def adjoining_periods_add_up(self, billed: list[BilledPeriod]) -> None:
        """The records of adjoining periods say what the product and we get for the whole at once."""
        rows = [row for row in billed if row.start >= self.marks[0]]
        numbers = list(range(len(rows)))
        if len(rows) < 2 or [self.marks.index(row.start) for row in rows] != numbers:
            return
        if any(self.used_in(number) is None for number in numbers):
            return
        records = latest_records([row.pk for row in rows])
        found = _by_asset(record for some in records.values() for record in some)
        whole = self.at_once(Period(rows[0].start, rows[-1].end))
        assert found == (found if whole is None else whole) == self.parts(*self.span(0, len(rows)))

    def at_once(self, whole: Period) -> dict[UUID, Decimal] | None:
        """What the product measures for several periods as one; None: one company alone cannot."""
        answer = usage_preview(wanted=[(self.contract, whole)], now=self.clock)[self.contract.pk]
        assert not isinstance(answer, NotMetered), answer
        return _by_asset(answer)

    @invariant()
    def all_that_was_sent_is_somewhere(self) -> None:
        """Sent = believed + waiting + refused, duplicate or conflict; by our count and in the tables."""
        if not hasattr(self, "contract"):
            return
        assert self.sent == sum(self.outcomes.values())
        for machine in self.machines:
            with company_context(machine.company), connection.cursor() as cursor:
                cursor.execute(
                    "select count(*) from telemetry_level where channel_id = %s",
                    [machine.channel.pk],
                )
                (stored,) = cursor.fetchone()
                waiting = Disbelief.objects.filter(channel=machine.channel).count()
            assert stored == len(machine.counter.values)
            assert stored - waiting == len(machine.counter.believed())
        assert self.outcomes.get("accepted", 0) == sum(
            len(machine.counter.values) for machine in [*self.machines, *self.sensors]
        )

    @invariant()
    def nothing_is_forgotten(self) -> None:
        """A period that a run looked at is billed, or parked with a reason."""
        if not hasattr(self, "contract"):
            return
        with company_context(self.provider):
            for item in RunItem.objects.filter(contract=self.contract):
                assert item.state in ("billed", "already", "parked"), item.state
                assert (item.state == "parked") == bool(item.reason)


def _by_asset(rows: Iterable[Any]) -> dict[UUID, Decimal]:
    found: dict[UUID, Decimal] = {}
    for row in rows:
        found[row.asset_id] = found.get(row.asset_id, Decimal(0)) + row.quantity
    return found


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
# The same stories each time, as quick as they are.
FEW = settings(
    max_examples=6, stateful_step_count=12, derandomize=True, database=None, deadline=None,
    phases=[Phase.generate], suppress_health_check=SLOW, report_multiple_bugs=False,
)  # fmt: skip
FEWER = settings(FEW, max_examples=3, stateful_step_count=10)
FEWEST = settings(FEW, max_examples=1, stateful_step_count=6)
MANY = settings(
    max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=SLOW,
    print_blob=True,
)  # fmt: skip


def told_by(story: type[Story], cast: dict[str, Any], **more: Any) -> type[Story]:
    """The story among the companies of the cast; `more`: attributes of a control."""
    names = {"provider": cast["provider"], "customer": cast["customer"], **more}
    return type(f"{story.__name__}OfTheCast", (story,), names)
