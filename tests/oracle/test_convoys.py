"""Trailers, and trucks that another company collects from: a tire is billed what drew it.

The stories of `tests.oracle.test_moving_components` with a second collector and a host that is itself
carried: the provider reads one tractor, a maker the other. A tire sits on either or on a trailer, the
trailer is coupled to either, each moves in mid-period, and any of it turns out to have been a mistake.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis.stateful import run_state_machine_as_test

from apps.assets.domain.positions import COUPLING
from apps.billing.operations import chunk
from apps.billing.operations.outcomes import parked
from apps.common.period import Period
from apps.events.operations import run_waiting_jobs
from apps.metering import subscribers
from apps.metering.operations import components
from apps.telemetry.operations import recompute_dirty
from apps.tenancy.context import company_context
from apps.tenancy.operations import make_acquaintance
from tests.crashes import resume_jobs
from tests.integration.billing.scene import NOW
from tests.oracle.naive_components import Stay, drawn
from tests.oracle.stories import FEWEST, MANY, told_by
from tests.oracle.test_moving_components import COUNTER, LAYOUT, Moves, Rider

TRAILER = 2
SOME = [(0, 0), (400, 0), (900, 0)]
MINUTE = timedelta(minutes=1)
# After so many turns companies that tell each other things have come to rest.
TURNS = 12


class Convoys(Moves):
    """One tire, one trailer, and two tractors of two collectors."""

    maker: Any

    def register(self) -> None:
        with company_context(self.maker):
            make_acquaintance(other=self.customer, now=NOW)
            theirs = self.made("Tractor", ["Tractor 2"], [COUNTER], LAYOUT)
        with company_context(self.provider):
            ours = self.made("Tractor", ["Tractor 1"], [COUNTER], LAYOUT)
            trailer = self.made("Trailer", ["Trailer"], [], LAYOUT, is_component=True)
            (tire,) = self.made("Tire", ["Tire"], [], "", is_component=True)
        self.hosts = [*ours, *theirs, *trailer]
        self.machines = [
            self.machine_of(asset, company=company)
            for asset, company in zip(self.hosts, self.companies, strict=False)
        ]
        self.riders = [Rider(tire, (0, 1, TRAILER)), Rider(trailer[0], (0, 1))]
        self.settle()

    @property
    def companies(self) -> Sequence[Any]:
        return self.provider, self.maker

    def go_on(self) -> None:
        """The tire came to the trailer, which changed tractors in the second period."""
        self.read_all()
        self.move(0, 0, "ON", 60, None, None)
        self.move(0, TRAILER, "ON", 60, None, None)
        self.move(1, 0, "ON", 200, None, None)
        self.move(1, 1, "ON", 500, None, None)

    def place(self, rider: Rider, code: str) -> tuple[str, Decimal]:
        is_trailer = rider is self.riders[1]
        return (COUPLING, Decimal(1)) if is_trailer else super().place(rider, code)

    def stays_of_tire(self) -> list[Stay]:
        tire, trailer = self.riders
        return drawn(tire.stays, trailer.stays, TRAILER)

    def settle(self) -> None:
        """In both companies, until nobody has anything to tell the other."""
        self.clock += MINUTE
        for _turn in range(TURNS):
            done = 0
            for company in self.companies:
                with company_context(company):
                    recompute_dirty(now=self.clock)
                    done += run_waiting_jobs(now=self.clock)
            if not done:
                return
        raise AssertionError("the companies never come to rest")

    def resume(self) -> None:
        for company in self.companies:
            with company_context(company):
                resume_jobs(self.clock)
        self.settle()

    def at_once(self, whole: Period) -> dict[UUID, Decimal] | None:
        """One company does not know what the other reads."""
        return None


class Later(Convoys):
    """What is only told after two months are issued; nobody has read the maker's tractor by then."""

    def go_on(self) -> None:
        self.to_the_end_of(1)
        self.hear(self.machines[0], self.spoken(SOME))
        self.move(0, 0, "ON", 100, None, None)

    def read_theirs(self) -> None:
        self.hear(self.machines[1], self.spoken(SOME))


def begun(story: type[Convoys], cast: dict[str, Any]) -> Any:
    """Months from August on, those that are over issued by one run."""
    told = told_by(story, cast, maker=cast["maker"])()
    told.begin(  # type: ignore[attr-defined]
        count=3, above="", kind="month", first=date(2026, 8, 31), zone="Europe/Berlin",
        stage="issued", corrections="at_once",
    )  # fmt: skip
    return told


def taken_back(cast: dict[str, Any]) -> None:
    """That the second tractor ever drew the trailer turns out to have been a mistake."""
    told = begun(Convoys, cast)
    try:
        told.books_are_those_of_billing_once()
        told.withdraw(len(told.riders[0].stays) + 1)
        assert len(told.riders[1].stays) == 1
        told.books_are_those_of_billing_once()
    finally:
        told.teardown()


def found_later(cast: dict[str, Any]) -> None:
    """In months that are issued the tire was on the maker's tractor, which is read still later."""
    told = begun(Later, cast)
    try:
        told.move(0, 1, "ON", 400, None, None)
        told.books_are_those_of_billing_once()
        assert told.used_in(1) is None
        told.read_theirs()
        assert told.used_in(1) is not None
        told.books_are_those_of_billing_once()
    finally:
        told.teardown()


def test_what_a_mounting_tells_late_corrects_what_two_collectors_recorded(
    cast: dict[str, Any],
) -> None:
    taken_back(cast)
    found_later(cast)


@pytest.mark.long
@pytest.mark.parametrize(
    ("scene", "off", "instead"),
    [
        (taken_back, (components, "_recorded"), lambda items: set()),
        (taken_back, (chunk, "_behind"), lambda item, state: parked(item, "earlier_period_open", {})),
        (found_later, (components, "want_missing"), lambda **given: 0),
        (found_later, (subscribers, "tell_readable"), lambda **given: 0),
    ],
    ids=["orders kept", "periods behind", "records asked for", "told when readable"],
)  # fmt: skip
def test_control_without_it_the_books_are_others(
    cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch, scene: Any, off: Any, instead: Any
) -> None:
    module, name = off
    monkeypatch.setattr(module, name, instead)
    with pytest.raises(AssertionError):
        scene(cast)


def test_a_few_convoys(cast: dict[str, Any]) -> None:
    run_state_machine_as_test(told_by(Convoys, cast, maker=cast["maker"]), settings=FEWEST)


@pytest.mark.long
def test_control_a_trailer_that_nobody_draws_is_found(
    cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our side forgets what draws the trailer: the books must differ."""

    def never(stays: Sequence[Stay], couplings: Sequence[Stay], trailer: int) -> list[Stay]:
        return [stay for stay in stays if stay.host != trailer]

    monkeypatch.setattr("tests.oracle.test_convoys.drawn", never)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(told_by(Convoys, cast, maker=cast["maker"]), settings=FEWEST)


@pytest.mark.long
def test_many_convoys(cast: dict[str, Any]) -> None:
    run_state_machine_as_test(told_by(Convoys, cast, maker=cast["maker"]), settings=MANY)
