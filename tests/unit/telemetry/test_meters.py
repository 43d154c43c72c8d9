"""The factor of a meter by date: what each step comes to, whatever the periods."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.period import Period, whole_days
from apps.common.quantity import BadValue
from apps.metering.domain.figures import UsageFigures
from apps.metering.domain.recomputation import recompute
from apps.metering.domain.usage import counter_figures, delta_figures
from apps.telemetry.domain.belief import Declaration, LevelRules, Reading, walk
from apps.telemetry.domain.meters import MeterVersion, in_order

ZONE = "Europe/Berlin"
START = datetime(2026, 3, 1, tzinfo=UTC)
MARCH = whole_days(date(2026, 3, 1), date(2026, 4, 1), ZONE)


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def version(since: int | None, factor: str | None, **more: object) -> MeterVersion:
    instant = None if since is None else at(since)
    return MeterVersion(instant, factor=None if factor is None else Decimal(factor), **more)  # type: ignore[arg-type]


def counted(readings: list[Reading], meters: list[MeterVersion], period: Period) -> UsageFigures:
    before = [item for item in readings if item.measured_at <= period.start][-1:]
    inside = [item for item in readings if period.start < item.measured_at <= period.end]
    return counter_figures([*before, *inside], [], "mL", period, ZONE, meters=meters)


def test_a_step_counts_with_the_meter_that_is_read_at_its_end() -> None:
    readings = [
        Reading(at(n), Decimal(value)) for n, value in ((0, 0), (10, 100), (20, 250), (40, 300))
    ]
    figures = counted(readings, [version(None, "2.5"), version(20, "2.4")], MARCH)
    # 250 pulses up to the change, its reading included, and 50 after it.
    assert figures.quantity == 250 * Decimal("2.5") + 50 * Decimal("2.4")
    assert [item.counted for item in figures.meters] == [250, 50]
    assert sum(day.quantity for day in figures.daily) == figures.quantity


def test_an_exchange_tells_the_two_meters_of_its_step_apart() -> None:
    rules = LevelRules("counter")
    said = [Declaration("exchange", at(15), closing=Decimal(160), opening=Decimal(7))]
    raw = [Reading(at(10), Decimal(100)), Reading(at(20), Decimal(17))]
    stretch = walk(raw, said, rules)
    figures = counter_figures(
        stretch.believed, stretch.discontinuities, "mL", MARCH, ZONE, rules=rules,
        declarations=said, meters=[version(None, "2"), version(15, "3")], counted_in="{pulse}",
    )  # fmt: skip
    # The old meter counted 60 more until it was taken out, the new one 10.
    assert [item.counted for item in figures.meters] == [60, 10]
    assert figures.quantity == 60 * 2 + 10 * 3
    assert recompute(figures, stretch.believed, MARCH, ZONE) == []
    again = UsageFigures.from_dict(figures.to_dict())
    assert again == figures


def test_amounts_count_with_the_factor_of_their_time() -> None:
    amounts = [Reading(at(n), Decimal(4)) for n in (0, 10, 20)]
    figures = delta_figures(
        amounts, "mL", MARCH, ZONE, meters=[version(None, "1.5"), version(10, "2")],
        counted_in="{pulse}",
    )  # fmt: skip
    assert figures.quantity == 4 * Decimal("1.5") + 8 * 2
    assert recompute(figures, amounts, MARCH, ZONE) == []


def test_another_factor_in_the_evidence_is_found() -> None:
    readings = [Reading(at(0), Decimal(0)), Reading(at(9), Decimal(10))]
    told = counted(readings, [version(None, "2.5")], MARCH).to_dict()
    told["meters"][0]["factor"] = "2.6"  # type: ignore[index]
    found = recompute(UsageFigures.from_dict(told), readings, MARCH, ZONE)
    assert {item.path for item in found} >= {"usage/quantity"}
    assert found[0].computed == "26"


@pytest.mark.parametrize(
    ("meters", "reason"),
    [([], "no_factor"), ([version(5, "2")], "no_factor"), ([version(None, None)], "no_factor"),
     ([version(None, "0.000001")], "too_precise")],
)  # fmt: skip
def test_what_has_no_exact_quantity_has_none(meters: list[MeterVersion], reason: str) -> None:
    readings = [Reading(at(0), Decimal(0)), Reading(at(4), Decimal("1.0000001")),
                Reading(at(8), Decimal(2))]  # fmt: skip
    with pytest.raises(BadValue) as refused:
        counter_figures(readings, [], "mL", MARCH, ZONE, meters=meters, counted_in="{pulse}")
    assert refused.value.reason == reason


@pytest.mark.parametrize("factor", ["0", "-1", "1.0000001", "1000000000", "NaN"])
def test_a_factor_is_above_zero_and_bounded(factor: str) -> None:
    with pytest.raises(BadValue):
        MeterVersion(None, factor=Decimal(factor))


def test_a_verification_that_runs_out_in_the_period_is_expired_from_the_next_day_on() -> None:
    readings = [Reading(at(0), Decimal(0)), Reading(at(100), Decimal(1))]
    ends = version(None, None, verified_until=date(2026, 3, 31))
    early = version(None, None, verified_until=date(2026, 3, 30))
    exchanged = version(24 * 29, None, serial="new")
    for meters, expired in (
        ([ends], [False]),
        ([early], [True]),
        ([early, exchanged], [False, False]),
    ):
        shares = counted(readings, meters, MARCH).meters
        assert [item.is_expired for item in shares] == expired


steps = st.lists(
    st.tuples(st.integers(1, 90), st.decimals(0, 1000, places=3)), min_size=2, max_size=12
)  # fmt: skip
factors = st.lists(
    st.tuples(st.integers(0, 600), st.decimals("0.000001", "999", places=6)), max_size=4,
    unique_by=lambda item: item[0],
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(steps=steps, factors=factors, first=st.decimals("0.5", 5, places=2), cut=st.integers(1, 600))
def test_adjoining_periods_add_up_over_any_change_of_factor(
    steps: list[tuple[int, Decimal]], factors: list[tuple[int, Decimal]], first: Decimal, cut: int
) -> None:
    readings, hour, value = [Reading(at(0), Decimal(0))], 0, Decimal(0)
    for hours, amount in steps:
        hour, value = hour + hours, value + amount
        readings.append(Reading(at(hour), value))
    meters = in_order([version(None, str(first)), *(version(n, str(x)) for n, x in factors)])
    whole = counted(readings, meters, Period(at(0), at(2000)))
    parts = [counted(readings, meters, Period(at(0), at(cut))),
             counted(readings, meters, Period(at(cut), at(2000)))]  # fmt: skip
    assert whole.quantity == sum(part.quantity for part in parts)
    by_meter = sum(item.counted * item.meter.factor for item in whole.meters)  # type: ignore[operator, misc]
    assert whole.quantity == by_meter
    # Naively: each step by the last version that began before its reading.
    naive = Decimal(0)
    for before, after in pairwise(readings):
        [*_, meter] = [m for m in meters if m.since is None or m.since < after.measured_at]
        naive += (after.value - before.value) * meter.factor  # type: ignore[operator]
    assert whole.quantity == naive
