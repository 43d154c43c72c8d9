"""A component that moves between hosts is billed what it ran on each, whatever is said when.

The stories of `tests.oracle.stories` with two trucks and a tire: it is mounted, moved within a period,
taken off, put on a place that counts half, and mountings turn out to have been mistakes, before and
after their periods are billed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
from apps.tenancy.context import company_context, current_company
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
WHICH = st.integers(0, 5)


@dataclass
class Rider:
    """What is mounted: its stays in order of time, each with its mounting; `hosts` that carry it."""

    asset: Any
    hosts: Sequence[int]
    stays: list[Stay] = field(default_factory=list)
    mountings: list[Mounting] = field(default_factory=list)

    @property
    def open_stay(self) -> Stay | None:
        last = self.stays[-1] if self.stays else None
        return last if last is not None and last.end is None else None


class Moves(Story):
    """One tire and two trucks over two or three periods."""

    # Assets that carry by number; the first ones have a counter each (`machines`).
    hosts: list[Any]
    riders: list[Rider]

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
        self.register()
        self.tire = self.riders[0].asset
        self.agreed = naive.Agreement(kind, first, None, [Terms(first, above=above)])
        self.contract = make_contract(
            self.provider, self.customer, [self.tire], starts_on=first.isoformat(), zone=zone,
            charges=plan_for(self.agreed.terms[0]).to_dict()["charges"],  # type: ignore[arg-type]
            corrections=corrections, period_kind=kind,
            item_of=lambda asset: {"follows_host": True},
        )  # fmt: skip
        if stage != "begun":
            self.go_on()
        if stage == "issued":
            self.run()
            self.issue()

    def register(self) -> None:
        """Two trucks and a tire."""
        with company_context(self.provider):
            self.hosts = self.made("Truck", ["Truck 1", "Truck 2"], [COUNTER], LAYOUT)
            (tire,) = self.made("Tire", ["Tire"], [], "", is_component=True)
        self.machines = [self.machine_of(asset) for asset in self.hosts]
        self.riders = [Rider(tire, (0, 1))]

    def made(self, kind: str, names: list[str], channels: Any, layout: str, **more: Any) -> Any:
        """Assets of the current company; the provider is the contract's."""
        of = host_type(current_company(), kind, NOW, channels, layout, **more)
        facts = [
            AssetFacts(of.pk, name, name, provider=self.provider.pk, customer=self.customer.pk)
            for name in names
        ]
        found = register_assets(assets=facts, now=NOW)
        sync_channels(asset_ids=[asset.pk for asset in found])
        return found

    def go_on(self) -> None:
        """Both trucks are read over all periods, and the tire has moved once in the second."""
        self.read_all()
        self.move(0, 0, "ON", 100, None, None)
        self.move(0, 1, "ON", 500, None, None)

    def read_all(self) -> None:
        self.to_the_end_of(len(self.days) - 2)
        for machine in self.machines:
            self.hear(machine, self.spoken((share, 0) for share in (0, 150, 400, 650, 900)))

    def parts(self, start: datetime, end: datetime) -> dict[UUID, Decimal | None]:
        counters = [machine.counter for machine in self.machines]
        return {self.tire.pk: component_usage(counters, self.stays_of_tire(), start, end)}

    def stays_of_tire(self) -> list[Stay]:
        return self.riders[0].stays

    def place(self, rider: Rider, code: str) -> tuple[str, Decimal]:
        """The position's code for a rider, and what counts there."""
        return code, FACTORS[code]

    @rule(who=WHICH, where=WHICH, place=st.sampled_from(sorted(FACTORS)), share=SHARES, left=READ,
          came=READ)  # fmt: skip
    def move(
        self, who: int, where: int, place: str, share: int, left: int | None, came: int | None
    ) -> None:
        """To a place, from wherever it was; the counters may be read on the way."""
        rider = self.riders[who % len(self.riders)]
        host, (code, factor) = rider.hosts[where % len(rider.hosts)], self.place(rider, place)
        at, here = self.next_instant(rider, share), rider.open_stay
        if at is None or (here and (here.host, here.factor) == (host, factor)):
            return
        elsewhere = here is not None and here.host != host
        arrived = self.read(host, at, came)
        leaving = self.read(here.host, at, left) if here is not None and elsewhere else None
        facts = MountFacts(rider.asset.pk, self.hosts[host].pk, code, at, arrived)
        self.act(lambda: rider.mountings.append(
            exchange_component(facts=facts, from_value=leaving, now=self.clock, actor="Anna")
        ))  # fmt: skip
        if here is not None:
            here.end = at
            self.was_told(here, at, leaving if elsewhere else arrived)
        rider.stays.append(Stay(host, at, None, factor))
        self.was_told(rider.stays[-1], at, arrived)

    @precondition(lambda self: any(rider.open_stay for rider in self.riders))
    @rule(who=WHICH, share=SHARES, left=READ)
    def take_off(self, who: int, share: int, left: int | None) -> None:
        mounted = [rider for rider in self.riders if rider.open_stay]
        rider = mounted[who % len(mounted)]
        at, here = self.next_instant(rider, share), rider.open_stay
        if at is None or here is None:
            return
        value = self.read(here.host, at, left)
        mounting = rider.mountings[rider.stays.index(here)]
        self.act(lambda: dismount_component(mounting=mounting, at=at, value=value, now=self.clock))
        here.end = at
        self.was_told(here, at, value)

    @precondition(lambda self: any(rider.stays for rider in self.riders))
    @rule(which=WHICH)
    def withdraw(self, which: int) -> None:
        """It was never there; what was read on that occasion is not believed either."""
        known = [(rider, number) for rider in self.riders for number in range(len(rider.stays))]
        rider, number = known[which % len(known)]
        mounting, stay = rider.mountings.pop(number), rider.stays.pop(number)
        self.act(lambda: withdraw_mounting(mounting=mounting, reason="a mistake", now=self.clock))
        others = [said for one in self.riders for other in one.stays for said in other.said]
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

    def next_instant(self, rider: Rider, share: int) -> datetime | None:
        """After all that happened to it and not after now; None where there is no room."""
        since = self.marks[0] - timedelta(days=3)
        if rider.stays:
            since = rider.stays[-1].end or rider.stays[-1].start
        at = since + (self.clock - since) * share / 1000
        at = at.replace(second=0, microsecond=0)
        return at if since < at <= self.clock else None

    def read(self, host: int, at: datetime, noise: int | None) -> Decimal | None:
        """What the host's counter shows, where somebody looked and there is one."""
        if noise is None or host >= len(self.machines):
            return None
        return max(self.value_at(at, noise), Decimal(0))

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
