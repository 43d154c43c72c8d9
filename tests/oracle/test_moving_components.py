"""A component that moves between hosts is billed what it ran on each, whatever is said when.

The stories of `tests.oracle.stories` with two trucks and a tire: it is mounted, moved within a period,
taken off, put on a place that counts half, and mountings turn out to have been mistakes, before and
after their periods are billed.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.domain.mounting import MountFacts
from apps.assets.models import Mounting
from apps.assets.operations import (
    dismount_component,
    exchange_component,
    register_assets,
    withdraw_mounting,
)
from apps.contracts.models import Contract
from apps.telemetry.operations import sync_channels
from apps.tenancy.context import company_context
from tests.integration.assets.fleet import host_type
from tests.integration.billing.scene import NOW, make_contract
from tests.oracle import naive
from tests.oracle.naive import Terms
from tests.oracle.naive_components import Stay, component_usage
from tests.oracle.stories import (
    FEWER,
    FIRST_DAYS,
    MANY,
    NOISE,
    SHARES,
    ZONES,
    Story,
    plan_for,
    told_by,
)

COUNTER = ChannelFacts("cycles", "Cycles", "counter", "{cycle}")
LAYOUT = "ON; On the road\nHALF; Half; 0.5"
FACTORS = {"ON": Decimal(1), "HALF": Decimal("0.5")}
READ = st.none() | NOISE


class Moves(Story):
    """One tire and two trucks over two or three periods."""

    @initialize(
        zone=st.sampled_from(ZONES), kind=st.sampled_from(["month", "month", "week"]),
        first=FIRST_DAYS, count=st.integers(2, 3), above=st.sampled_from(["", "0.0415"]),
        corrections=st.sampled_from(Contract.Corrections.values),
        stage=st.sampled_from(["issued", "issued", "issued", "mounted", "begun"]),
    )  # fmt: skip
    def begin(
        self,
        zone: str,
        kind: str,
        first: date,
        count: int,
        above: str,
        corrections: str,
        stage: str,
    ) -> None:
        self.open_books(zone=zone, kind=kind, first=first, count=count)
        self.stays: list[Stay] = []
        self.mountings: list[Mounting] = []
        tire = self.register()
        self.agreed = naive.Agreement(kind, first, None, [Terms(first, above=above)])
        self.contract = make_contract(
            self.provider, self.customer, [tire], starts_on=first.isoformat(), zone=zone,
            charges=plan_for(self.agreed.terms[0]).to_dict()["charges"],  # type: ignore[arg-type]
            corrections=corrections, period_kind=kind,
            item_of=lambda asset: {"follows_host": True},
        )  # fmt: skip
        self.tire = tire
        if stage != "begun":
            self.go_on()
        if stage == "issued":
            self.run()
            self.issue()

    def register(self) -> Any:
        with company_context(self.provider):
            truck = host_type(self.provider, "Truck", NOW, [COUNTER], LAYOUT)
            tire = host_type(self.provider, "Tire", NOW, [], "", is_component=True)
            facts = [
                AssetFacts(
                    kind.pk, name, name, provider=self.provider.pk, customer=self.customer.pk
                )
                for kind, name in ((truck, "Truck 1"), (truck, "Truck 2"), (tire, "Tire"))
            ]
            made = register_assets(assets=facts, now=NOW)
            sync_channels(asset_ids=[asset.pk for asset in made])
        self.machines = [self.machine_of(asset) for asset in made[:2]]
        return made[2]

    def go_on(self) -> None:
        """Both trucks are read over all periods, and the tire has moved once in the second."""
        self.to_the_end_of(len(self.days) - 2)
        for machine in self.machines:
            for share in (0, 150, 400, 650, 900):
                at = self.instant(share)
                self.hear(machine, [(at, self.value_at(at, 0))])
        self.move(0, "ON", 100, None, None)
        self.move(1, "ON", 500, None, None)

    def parts(self, start: datetime, end: datetime) -> dict[UUID, Decimal | None]:
        counters = [machine.counter for machine in self.machines]
        return {self.tire.pk: component_usage(counters, self.stays, start, end)}

    @rule(host=st.integers(0, 1), place=st.sampled_from(sorted(FACTORS)), share=SHARES, left=READ,
          came=READ)  # fmt: skip
    def move(self, host: int, place: str, share: int, left: int | None, came: int | None) -> None:
        """To a place, from wherever it was; the counters may be read on the way."""
        at, here = self.next_instant(share), self.open_stay
        if at is None or (here and (here.host, here.factor) == (host, FACTORS[place])):
            return
        elsewhere = here is not None and here.host != host
        arrived, leaving = self.read(at, came), self.read(at, left) if elsewhere else None
        facts = MountFacts(self.tire.pk, self.machines[host].asset.pk, place, at, arrived)
        self.act(lambda: self.mountings.append(
            exchange_component(facts=facts, from_value=leaving, now=self.clock, actor="Anna")
        ))  # fmt: skip
        if here is not None:
            here.end = at
            self.was_told(here, at, leaving if elsewhere else arrived)
        self.stays.append(Stay(host, at, None, FACTORS[place]))
        self.was_told(self.stays[-1], at, arrived)

    @precondition(lambda self: self.open_stay)
    @rule(share=SHARES, left=READ)
    def take_off(self, share: int, left: int | None) -> None:
        at, here = self.next_instant(share), self.open_stay
        if at is None or here is None:
            return
        value = self.read(at, left)
        mounting = self.mountings[self.stays.index(here)]
        self.act(lambda: dismount_component(mounting=mounting, at=at, value=value, now=self.clock))
        here.end = at
        self.was_told(here, at, value)

    @precondition(lambda self: self.stays)
    @rule(place=st.integers(0, 5))
    def withdraw(self, place: int) -> None:
        """It was never there; what was read on that occasion is not believed either."""
        number = place % len(self.stays)
        mounting, stay = self.mountings.pop(number), self.stays.pop(number)
        self.act(lambda: withdraw_mounting(mounting=mounting, reason="a mistake", now=self.clock))
        others = [said for other in self.stays for said in other.said]
        for host, at, value in stay.said:
            counter = self.machines[host].counter
            if counter.values[at] == value and (host, at, value) not in others:
                counter.words[at] = "disbelieve"

    def act(self, what: Callable[[], Any]) -> None:
        """What a mounting says is stored by a job, and worked in after it."""
        with company_context(self.provider):
            what()
            self.settle()
            self.settle()

    @property
    def open_stay(self) -> Stay | None:
        last = self.stays[-1] if self.stays else None
        return last if last is not None and last.end is None else None

    def next_instant(self, share: int) -> datetime | None:
        """After all that happened to the tire and not after now; None where there is no room."""
        since = self.marks[0] - timedelta(days=3)
        if self.stays:
            since = self.stays[-1].end or self.stays[-1].start
        at = since + (self.clock - since) * share / 1000
        at = at.replace(second=0, microsecond=0)
        return at if since < at <= self.clock else None

    def read(self, at: datetime, noise: int | None) -> Decimal | None:
        return None if noise is None else max(self.value_at(at, noise), Decimal(0))

    def was_told(self, stay: Stay, at: datetime, value: Decimal | None) -> None:
        """A counter value that a mounting brings is a reading like any other."""
        if value is not None:
            stay.said.append((stay.host, at, value))
            self.count(self.machines[stay.host].counter.hear(at, value))


def test_a_few_moves(cast: dict[str, Any]) -> None:
    run_state_machine_as_test(told_by(Moves, cast), settings=FEWER)


def test_control_a_stay_that_never_ends_is_found(
    cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our side forgets that the tire left: the books must differ."""
    known = component_usage

    def endless(counters: Any, stays: list[Stay], start: datetime, end: datetime) -> Any:
        forgetful = [Stay(stay.host, stay.start, None, stay.factor) for stay in stays]
        return known(counters, forgetful, start, end)

    monkeypatch.setattr("tests.oracle.test_moving_components.component_usage", endless)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(told_by(Moves, cast), settings=FEWER)


@pytest.mark.long
def test_many_moves(cast: dict[str, Any]) -> None:
    run_state_machine_as_test(told_by(Moves, cast), settings=MANY)
