"""Whatever comes in whatever order: the books end where billing once with full knowledge would.

A state machine sends readings (late, double, falling, nonsense), declares and releases, agrees on new
prices, runs, issues, corrects and dies, over any months or weeks of three years, in zones whose days
are 23 to 25 hours or half an hour off. After each step every billed period's net by charge and tier,
over all its documents, is what `naive` gets from the raw readings.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from apps.billing.models import Invoice
from apps.billing.operations import correcting, discard_draft
from apps.contracts.models import Contract
from apps.telemetry.domain.counting import CountRules
from apps.tenancy.context import company_context
from tests.integration.billing.scene import make_asset, make_contract
from tests.oracle import naive, stories
from tests.oracle.naive import Terms
from tests.oracle.stories import FEW, FIRST_DAYS, MANY, ZONES, Story, plan_for, told_by

IN_LINE = CountRules(estimate="straight_line", silence=86_400)
PLANS = ["each", "tiers", "year", "ahead", "line"]
STAGES = ["issued", "issued", "issued", "run", "half", "half", "over", "begun"]


def first_terms(plan: str, first: date) -> Terms:
    return Terms(
        first, above="0.0415" if plan == "tiers" else "", ahead=plan == "ahead",
        least=4000 if plan == "year" else 0,
    )  # fmt: skip


class Books(Story):
    """One press, billed by the cycle over two to four periods."""

    @initialize(
        zone=st.sampled_from(ZONES), kind=st.sampled_from(["month", "month", "week"]),
        first=FIRST_DAYS, count=st.integers(2, 4), plan=st.sampled_from(PLANS),
        ends=st.sampled_from(["", "", "whole", "within"]),
        corrections=st.sampled_from(Contract.Corrections.values), stage=st.sampled_from(STAGES),
        changes=st.sampled_from([True, True, False]),
    )  # fmt: skip
    def begin(
        self, zone: str, kind: str, first: date, count: int, plan: str, ends: str, corrections: str,
        stage: str, changes: bool,
    ) -> None:  # fmt: skip
        self.open_books(zone=zone, kind=kind, first=first, count=count)
        self.plan = plan
        # A year's minimum is trued up in the contract's last period.
        end = self.end_day(ends or ("whole" if plan == "year" else ""))
        self.agreed = naive.Agreement(kind, first, end, [first_terms(plan, first)])
        press = self.machine_of(make_asset(self.provider, f"Press {zone}"))
        self.machines = [press]
        self.contract = make_contract(
            self.provider, self.customer, [press.asset], starts_on=first.isoformat(), zone=zone,
            charges=plan_for(self.agreed.terms[0]).to_dict()["charges"],  # type: ignore[arg-type]
            counting=IN_LINE.to_dict() if plan == "line" else None, corrections=corrections,
            period_kind=kind, ends_on=end,
        )  # fmt: skip
        if changes and self.coming_days:
            self.change_prices(1, 90, False, "0.08", "0.0415" if plan == "each" else "")
        self.go_on_to(stage)

    def end_day(self, ends: str) -> date | None:
        """None, the end of the last period, or a day within it."""
        if not ends:
            return None
        return self.days[-1] if ends == "whole" else self.days[-2] + timedelta(days=3)

    def go_on_to(self, stage: str) -> None:
        """Most stories begin where corrections do: with all periods read, billed and issued."""
        if stage == "begun":
            return
        self.to_the_end_of(0 if stage == "half" else len(self.days) - 2)
        if stage == "over":
            return
        for share in (0, 150, 400, 650, 900):
            at = self.instant(share)
            self.hear(self.machines[0], [(at, self.value_at(at, 0))])
        self.run()
        if stage != "run":
            self.issue()

    @precondition(lambda self: self.plan == "year")
    @rule(place=st.integers(0, 3))
    def discard(self, place: int) -> None:
        """A draft goes; the next run bills its period anew, and the year is trued up again."""
        with company_context(self.provider):
            drafts = Invoice.objects.filter(kind="invoice").exclude(state="issued")
            chosen = list(drafts.order_by("period_start"))[place : place + 1]
            for invoice in chosen:
                discard_draft(invoice=invoice, now=self.clock, discarded_by="test")
        if chosen:
            self.run()

    def parts(self, start: datetime, end: datetime) -> dict[UUID, Decimal | None]:
        press = self.machines[0]
        return {press.asset.pk: self.counted(press.counter, start, end)}

    def counted(self, counter: naive.Counter, start: datetime, end: datetime) -> Decimal | None:
        if self.plan != "line":
            return counter.usage(start, end)
        if self.agreed.end is not None:
            counter = counter.until(naive.midnight(self.agreed.end, self.zone))
        return counter.usage_in_line(start, end, IN_LINE.longest_silence)


def test_a_few_stories(cast: dict[str, Any]) -> None:
    run_state_machine_as_test(told_by(Books, cast), settings=FEW)


def test_control_a_difference_that_finds_nothing_is_found(
    cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correcting, "difference", lambda *words: [])
    with pytest.raises(AssertionError):
        run_state_machine_as_test(told_by(Books, cast), settings=FEW)


@pytest.mark.long
def test_control_prices_that_never_change_are_found(
    cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naive.Agreement, "in_force", lambda agreed, day: agreed.terms[0])
    with pytest.raises(AssertionError):
        run_state_machine_as_test(told_by(Books, cast), settings=FEW)


@pytest.mark.long
def test_control_a_meter_that_always_counts_the_same_is_found(
    cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naive.Counter, "factor_before", lambda counter, at: Decimal(1))
    with pytest.raises(AssertionError):
        run_state_machine_as_test(told_by(Books, cast), settings=FEW)


def runs_that_die(cast: dict[str, Any]) -> Books:
    """A story told by hand: runs die at several of their statements, and are asked for again."""
    story: Any = told_by(Books, cast)()
    story.begin(
        zone="Europe/Berlin", kind="month", first=date(2024, 2, 29), count=2, plan="each", ends="",
        corrections="at_once", stage="over", changes=False,
    )  # fmt: skip
    for at in range(10, 130, 10):
        story.die(work="run", at=at, after=False, share=500, noise=0)
    return story  # type: ignore[no-any-return]


def test_runs_that_die_leave_nothing_behind(cast: dict[str, Any]) -> None:
    story = runs_that_die(cast)
    story.nothing_is_forgotten()
    story.teardown()


def test_control_jobs_that_nobody_goes_on_with_are_found(
    cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories, "resume_jobs", lambda now: None)
    story = runs_that_die(cast)
    with pytest.raises(AssertionError, match="waiting"):
        story.nothing_is_forgotten()
    story.teardown()


@pytest.mark.long
def test_many_stories(cast: dict[str, Any]) -> None:
    run_state_machine_as_test(told_by(Books, cast), settings=MANY)
