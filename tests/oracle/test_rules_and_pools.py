"""Usage that counts under conditions, and assets priced as one: the same stories, the same naive twin.

A press counts only while it is loaded and at pressure; both channels speak late and rarely. Three
presses in a pool are billed by their sum, their mean, the highest or the number above a level, and
come and go by date.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from apps.assets.models import AssetType, TypeChannel
from apps.contracts.models import Contract
from apps.pricing.groups import GROUP_AGGREGATES
from apps.telemetry.domain.conditions import CountCondition
from apps.telemetry.domain.counting import CountRules
from apps.telemetry.operations import sync_channels
from apps.tenancy.context import company_context
from tests.integration.billing.scene import make_asset, make_contract
from tests.oracle import naive, naive_rules
from tests.oracle.naive import Terms
from tests.oracle.naive_rules import Condition
from tests.oracle.stories import FEWER, FIRST_DAYS, MANY, SHARES, ZONES, Story, plan_for, told_by

KINDS = st.sampled_from(["month", "week"])
LATER = st.sampled_from(Contract.Corrections.values)
LOADED = CountCondition("state", "1", "is_one_of", (Decimal(2), Decimal(3)), 31 * 86_400)
PRESSED = CountCondition("pressure", "bar", "at_least", (Decimal(6),), 5 * 86_400)
LEVEL = Decimal(200)


class Loads(Story):
    """One press whose cycles count only under load and at pressure."""

    @initialize(
        zone=st.sampled_from(ZONES), kind=KINDS, first=FIRST_DAYS, count=st.integers(2, 3),
        corrections=LATER,
    )  # fmt: skip
    def begin(self, zone: str, kind: str, first: date, count: int, corrections: str) -> None:
        self.open_books(zone=zone, kind=kind, first=first, count=count)
        press = self.press_with_sensors(f"Press {zone}")
        self.machines = [self.machine_of(press)]
        self.sensors = [self.machine_of(press, code) for code in ("state", "pressure")]
        state, pressure = (sensor.counter for sensor in self.sensors)
        self.conditions = [
            Condition(state, lambda value: value in (2, 3), timedelta(days=31)),
            Condition(pressure, lambda value: value >= 6, timedelta(days=5)),
        ]
        self.agreed = naive.Agreement(kind, first, None, [Terms(first)])
        self.contract = make_contract(
            self.provider, self.customer, [press], starts_on=first.isoformat(), zone=zone,
            corrections=corrections, period_kind=kind,
            counting=CountRules((LOADED, PRESSED)).to_dict(),
        )  # fmt: skip
        self.go_on()

    def press_with_sensors(self, name: str) -> Any:
        made = make_asset(self.provider, name)
        with company_context(self.provider):
            kind = AssetType.objects.get(pk=made.asset_type_id)
            for code, sort, unit in (("state", "state", "1"), ("pressure", "gauge", "bar")):
                TypeChannel.objects.create(
                    asset_type=kind, code=code, title=code, kind=sort, unit=unit,
                    author=self.provider, parties=[self.provider.pk],
                )  # fmt: skip
            sync_channels(asset_ids=[made.pk])
        return made

    def go_on(self) -> None:
        """All periods are read, loaded with pauses, and billed."""
        self.to_the_end_of(len(self.days) - 2)
        for share in range(0, 1000, 150):
            at = self.instant(share)
            self.hear(self.machines[0], [(at, self.value_at(at, 0))])
            self.speak(share + 60, 2 if share % 4 else 1, 7)
        self.run()
        self.issue()

    @rule(share=SHARES, state=st.integers(0, 3), pressure=st.integers(4, 8))
    def speak(self, share: int, state: int, pressure: int) -> None:
        """What the conditions ask for, whenever it comes."""
        for sensor, value in zip(self.sensors, (state, pressure), strict=True):
            self.hear(sensor, [(self.instant(share), Decimal(value))])

    def parts(self, start: datetime, end: datetime) -> dict[UUID, Decimal | None]:
        press = self.machines[0]
        counted = naive_rules.counted_under(press.counter, self.conditions, start, end)
        return {press.asset.pk: counted}


class Pools(Story):
    """Three presses priced as one; the third is a member for a time only."""

    @initialize(
        zone=st.sampled_from(ZONES), kind=KINDS, first=FIRST_DAYS, count=st.integers(2, 3),
        corrections=LATER, aggregate=st.sampled_from(GROUP_AGGREGATES), since=st.integers(0, 9),
        until=st.none() | st.integers(1, 9),
    )  # fmt: skip
    def begin(
        self, zone: str, kind: str, first: date, count: int, corrections: str, aggregate: str,
        since: int, until: int | None,
    ) -> None:  # fmt: skip
        self.open_books(zone=zone, kind=kind, first=first, count=count)
        self.aggregate = aggregate
        presses = [make_asset(self.provider, f"Press {number}") for number in range(3)]
        self.machines = [self.machine_of(press) for press in presses]
        begins = first + timedelta(days=since)
        ends = None if until is None else self.days[-2] + timedelta(days=until)
        # A member that would end before it begins stays to the end.
        self.third = begins, ends if ends is None or ends > begins else None
        self.agreed = naive.Agreement(kind, first, None, [Terms(first, above="0.0415")])
        group = {
            "key": str(uuid4()), "label": "Hall 3", "aggregate": aggregate, "unit": "{cycle}",
            "level": str(LEVEL) if aggregate == "count_above" else None,
        }  # fmt: skip
        self.contract = make_contract(
            self.provider, self.customer, presses, starts_on=first.isoformat(), zone=zone,
            charges=plan_for(self.agreed.terms[0]).to_dict()["charges"],  # type: ignore[arg-type]
            corrections=corrections, period_kind=kind,
            item_of=lambda asset: {"group_of": group, **self.days_of_member(asset)},
        )  # fmt: skip
        self.go_on()

    def days_of_member(self, asset: Any) -> dict[str, Any]:
        if asset.pk != self.machines[2].asset.pk:
            return {}
        return {"starts_on": self.third[0], "ends_on": self.third[1]}

    def go_on(self) -> None:
        self.to_the_end_of(len(self.days) - 2)
        for number, machine in enumerate(self.machines):
            pairs = self.spoken([(share, 0) for share in range(number * 30, 1000, 170)])
            self.hear(machine, pairs)
        self.run()
        self.issue()

    def parts(self, start: datetime, end: datetime) -> dict[UUID, Decimal | None]:
        found = {}
        for number, machine in enumerate(self.machines):
            since, until = self.membership(number)
            begin, finish = max(start, since), end if until is None else min(end, until)
            if begin < finish:
                found[machine.asset.pk] = machine.counter.usage(begin, finish)
        return found

    def membership(self, number: int) -> tuple[datetime, datetime | None]:
        if number < 2:
            return self.marks[0], None
        since, until = self.third
        return naive.midnight(since, self.zone), until and naive.midnight(until, self.zone)

    def usage(self, start: datetime, end: datetime) -> Decimal | None:
        found = list(self.parts(start, end).values())
        known = [used for used in found if used is not None]
        return None if None in found else naive_rules.pooled(self.aggregate, known, LEVEL)


def test_a_few_loads(cast: dict[str, Any]) -> None:
    run_state_machine_as_test(told_by(Loads, cast), settings=FEWER)


def test_a_few_pools(cast: dict[str, Any]) -> None:
    run_state_machine_as_test(told_by(Pools, cast), settings=FEWER)


def test_control_conditions_that_always_hold_are_found(
    cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        naive_rules, "counted_under", lambda counter, conditions, *span: counter.usage(*span)
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(told_by(Loads, cast), settings=FEWER)


def test_control_a_member_that_never_comes_or_goes_is_found(
    cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pools, "membership", lambda story, number: (story.marks[0], None))
    with pytest.raises(AssertionError):
        run_state_machine_as_test(told_by(Pools, cast), settings=FEWER)


@pytest.mark.long
@pytest.mark.parametrize("story", [Loads, Pools])
def test_many_loads_and_pools(cast: dict[str, Any], story: type[Story]) -> None:
    run_state_machine_as_test(told_by(story, cast), settings=MANY)
