"""Whatever comes in whatever order: the books end where billing once with full knowledge would.

A state machine sends readings (late, double, falling), declares and releases, runs, issues and
corrects, in zones whose days are 23 to 25 hours or half an hour off. After each step every billed
period's net by charge and tier, over all its documents, is what `naive` gets from the raw readings.
"""

from contextlib import ExitStack
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from apps.billing.models import Correction, Invoice, InvoiceLine, RunItem
from apps.billing.operations import (
    approve_invoices,
    correcting,
    discard_draft,
    issue_invoices,
    start_run,
)
from apps.contracts.models import Contract
from apps.events.operations import run_waiting_jobs
from apps.metering.models import BilledPeriod
from apps.telemetry.domain.counting import CountRules
from apps.telemetry.models import Channel
from apps.telemetry.operations import RawItem, declare, recompute_dirty, take_in
from apps.tenancy.context import company_context
from tests.integration.billing.scene import BASE_FEE, NOW, PER_CYCLE, make_asset, make_contract
from tests.oracle import naive

# Months around a change of the clock where the zone has one.
ZONES = {
    "Europe/Berlin": (3, 4), "America/St_Johns": (3, 4), "Australia/Lord_Howe": (3, 4),
    "Asia/Kathmandu": (5, 6), "Africa/Casablanca": (2, 3), "Pacific/Apia": (7, 8),
}  # fmt: skip
YEAR = 2026
TIERS = {
    **{key: PER_CYCLE[key] for key in ("code", "title", "meter", "unit")},
    "model": "graduated",
    "tiers": [{"up_to": "100", "unit_price": "0.067"}, {"up_to": None, "unit_price": "0.0415"}],
}
YEARLY = {
    "model": "yearly_minimum", "code": "year", "title": "Year", "amount": "4000", "of": ["cycles"],
}  # fmt: skip
IN_LINE = CountRules(estimate="straight_line", silence=86_400)
PLANS: dict[str, Any] = {
    "each": (BASE_FEE, PER_CYCLE), "tiers": (BASE_FEE, TIERS),
    "year": (BASE_FEE, PER_CYCLE, YEARLY),
    "ahead": ({**BASE_FEE, "timing": "advance"}, PER_CYCLE), "line": (BASE_FEE, PER_CYCLE),
}  # fmt: skip


class Books(RuleBasedStateMachine):
    """One contract over two months, beside its naive twin."""

    provider: Any
    customer: Any

    @initialize(
        zone=st.sampled_from(sorted(ZONES)), plan=st.sampled_from(sorted(PLANS)),
        corrections=st.sampled_from(Contract.Corrections.values),
        stage=st.sampled_from(["nothing", "run", "issued", "issued"]),
    )  # fmt: skip
    def begin(self, zone: str, plan: str, corrections: str, stage: str) -> None:
        self.stack = ExitStack()
        self.stack.enter_context(transaction.atomic())
        self.stack.callback(transaction.set_rollback, True)
        self.zone, self.plan = zone, plan
        self.months = [naive.month(YEAR, number, zone) for number in ZONES[zone]]
        self.label = f"{YEAR}-{ZONES[zone][1]:02d}"
        self.counter, self.sent, self.outcomes = naive.Counter(), 0, dict[str, int]()
        self.clock = NOW
        self.asset = make_asset(self.provider, f"Press {zone}")
        # The contract with a yearly minimum ends after its two months: the second trues up. The one that
        # is paid in advance ends within the month after them.
        first, after = ZONES[zone][0], ZONES[zone][1] + 1
        self.days = date(YEAR, first, 1), date(YEAR, after, 18 if plan == "ahead" else 1)
        ends = {"ends_on": self.days[1]} if plan in ("year", "ahead") else {}
        self.contract = make_contract(
            self.provider, self.customer, [self.asset], charges=PLANS[plan],
            starts_on=f"{YEAR}-{ZONES[zone][0]:02d}-01", zone=zone, corrections=corrections,
            counting=IN_LINE.to_dict() if plan == "line" else None, **ends,
        )  # fmt: skip
        with company_context(self.provider):
            self.channel = Channel.objects.get(asset_id=self.asset.id)
        # Most stories begin where corrections do: with both months read, billed and issued.
        if stage != "nothing":
            for share in (0, 150, 400, 650, 900):
                self.send_one(self.instant(share), Decimal(share))
            self.run()
        if stage == "issued":
            self.issue()

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def settle(self) -> None:
        """Time goes on, roll-ups are worked in, and all that follows from them is done."""
        self.clock += timedelta(minutes=1)
        recompute_dirty(now=self.clock)
        run_waiting_jobs(now=self.clock)

    def instant(self, share: int) -> datetime:
        """From three days before the first month to three days after the last, by thousandths."""
        start = self.months[0][0] - timedelta(days=3)
        length = self.months[-1][1] + timedelta(days=3) - start
        return (start + length * share / 1000).replace(second=0, microsecond=0)

    @rule(readings=st.lists(
        st.tuples(st.integers(0, 1000), st.integers(-40, 40)), min_size=1, max_size=4))  # fmt: skip
    def send(self, readings: list[tuple[int, int]]) -> None:
        """Mostly rising values; some fall, some repeat an instant with another value."""
        pairs = [(self.instant(share), Decimal(share + noise)) for share, noise in readings]
        items = [
            RawItem(number, self.asset.public_id, "cycles", at.isoformat(), str(value))
            for number, (at, value) in enumerate(pairs)
        ]
        with company_context(self.provider):
            answers = take_in(items=items, source="test", now=self.clock)
            self.settle()
        for (at, value), answer in zip(pairs, answers, strict=True):
            assert answer.status == self.counter.hear(at, value)
            self.outcomes[answer.status] = self.outcomes.get(answer.status, 0) + 1
        self.sent += len(items)

    @rule(share=st.integers(0, 1000))
    def send_on_an_edge(self, share: int) -> None:
        """A reading at exactly the beginning of a month."""
        at = self.months[share % 2][0]
        self.send_one(at, Decimal(share))

    def send_one(self, at: datetime, value: Decimal) -> None:
        item = RawItem(0, self.asset.public_id, "cycles", at.isoformat(), str(value))
        with company_context(self.provider):
            (answer,) = take_in(items=[item], source="test", now=self.clock)
            self.settle()
        assert answer.status == self.counter.hear(at, value)
        self.outcomes[answer.status] = self.outcomes.get(answer.status, 0) + 1
        self.sent += 1

    @precondition(lambda self: self.counter.values)
    @rule(place=st.integers(0, 50), word=st.sampled_from(["believe", "disbelieve"]))
    def say(self, place: int, word: str) -> None:
        """Release or discard a reading; the last word counts."""
        instants = sorted(self.counter.values)
        at = instants[place % len(instants)]
        self.declare(word, at)
        self.counter.words[at] = word

    @rule(share=st.integers(0, 1000))
    def reset(self, share: int) -> None:
        at = self.instant(share)
        self.declare("reset", at)
        self.counter.resets.append(at)

    def declare(self, kind: str, at: datetime) -> None:
        with company_context(self.provider):
            declare(
                channel=self.channel, kind=kind, measured_at=at, reason="said", by="test",
                now=self.clock,
            )  # fmt: skip
            self.settle()

    @rule()
    def run(self) -> None:
        with company_context(self.provider):
            start_run(label=self.label, now=self.clock, started_by="test")
            self.settle()

    @precondition(lambda self: self.plan == "year")
    @rule(place=st.integers(0, 1))
    def discard(self, place: int) -> None:
        """A draft goes; the next run bills its period anew, and the year is trued up again."""
        with company_context(self.provider):
            drafts = Invoice.objects.filter(kind="invoice").exclude(state="issued")
            chosen = list(drafts.order_by("period_start"))[place : place + 1]
            for invoice in chosen:
                discard_draft(invoice=invoice, now=self.clock, discarded_by="test")
        if chosen:
            self.run()

    @rule()
    def issue(self) -> None:
        with company_context(self.provider):
            keys = list(Invoice.objects.exclude(state="issued").values_list("id", flat=True))
            approve_invoices(invoices=keys, now=self.clock, approved_by="test")
            issue_invoices(invoices=keys, now=self.clock, issued_by="test")
            self.settle()

    @invariant()
    def books_are_those_of_billing_once(self) -> None:
        if not hasattr(self, "contract"):
            return
        with company_context(self.provider):
            billed = BilledPeriod.objects.filter(contract=self.contract, state="billed")
            for period in billed:
                self.check(period)
            assert self.sent == sum(self.outcomes.values())

    def check(self, period: BilledPeriod) -> None:
        months = [naive.month(YEAR, number, self.zone) for number in self.numbers]
        place = months.index((period.start, period.end))
        assert place > 0 or self.plan == "ahead"
        if place == 0:
            # What comes before the contract holds the first month's fee and nothing else.
            assert self.billed(period) == {("base", 0): self.fee(self.numbers[1])}
            return
        usage = self.usage(period.start, period.end)
        open_ones = Correction.objects.filter(billed_period=period).exclude(state="issued")
        correction = open_ones.first()
        if usage is None:
            # Nothing is guessed: it is put aside with a reason.
            assert correction is not None
            assert (correction.state, correction.reason) == ("parked", "no_readings")
            return
        wanted = naive.nets(self.plan, usage)
        if self.plan == "ahead":
            wanted["base", 0] = self.fee(self.numbers[place] + 1)
        if self.plan == "year" and (period.start, period.end) == self.months[1]:
            before = self.counter.usage(*self.months[0])
            if before is None:
                return  # what the year lacks cannot be said
            if lacking := naive.true_up(*self.days, [before, usage]):
                wanted["year", 0] = lacking
        assert correction is None or correction.state != "parked"
        found = self.billed(period)
        if correction is not None and correction.state == "waiting":
            for row in correction.changes:
                key = (row["charge"], row["tier"])
                before, after = row["before"]["net_minor"], row["after"]["net_minor"]
                found[key] = found.get(key, 0) + after - before
        assert {key: net for key, net in found.items() if net} == wanted

    def usage(self, start: datetime, end: datetime) -> Decimal | None:
        if self.plan == "line":
            return self.counter.usage_in_line(start, end, IN_LINE.longest_silence)
        return self.counter.usage(start, end)

    @property
    def numbers(self) -> list[int]:
        """The month before the contract, and its two."""
        first, last = ZONES[self.zone]
        return [first - 1, first, last]

    def fee(self, month: int) -> int:
        return naive.fee_ahead(*self.days, date(YEAR, month, 1))

    def billed(self, period: BilledPeriod) -> dict[tuple[str, int], int]:
        found: dict[tuple[str, int], int] = {}
        for line in InvoiceLine.objects.filter(billed_period=period).select_related("invoice"):
            key = (line.charge, line.tier)
            found[key] = found.get(key, 0) + line.net_minor * line.invoice.sign
        return found

    @invariant()
    def nothing_is_forgotten(self) -> None:
        """A period that a run looked at is billed, or parked with a reason."""
        if not hasattr(self, "contract"):
            return
        with company_context(self.provider):
            for item in RunItem.objects.filter(contract=self.contract):
                assert item.state in ("billed", "already", "parked"), item.state
                assert (item.state == "parked") == bool(item.reason)


def books_in(cast: dict[str, Any]) -> type[Books]:
    return type("BooksOfTheCast", (Books,), {
        "provider": cast["provider"], "customer": cast["customer"],
    })  # fmt: skip


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def test_a_few_stories(cast: dict[str, Any]) -> None:
    run_state_machine_as_test(
        books_in(cast),
        settings=settings(
            max_examples=10, stateful_step_count=12, derandomize=True, database=None, deadline=None,
            phases=[Phase.generate], suppress_health_check=SLOW,
        ),
    )  # fmt: skip


def test_control_a_difference_that_finds_nothing_is_found(
    cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correcting, "difference", lambda *words: [])
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            books_in(cast),
            settings=settings(
                max_examples=10, stateful_step_count=12, derandomize=True, database=None,
                deadline=None, phases=[Phase.generate], suppress_health_check=SLOW,
                report_multiple_bugs=False,
            ),
        )  # fmt: skip


@pytest.mark.long
def test_many_stories(cast: dict[str, Any]) -> None:
    run_state_machine_as_test(
        books_in(cast),
        settings=settings(
            max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=SLOW,
            print_blob=True,
        ),
    )  # fmt: skip
