"""Kilometres of buses that have no odometer: from their positions, and from a speed in two units."""

import csv
import math
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOW
from tests.real.invoicing import agree, bill, cents, per_unit, plan, proved
from tests.real.test_fleet_capmetro import content

pytestmark = pytest.mark.real

SPRING, AUTUMN = "fleet-capmetro/2015-03-08.csv.gz", "fleet-capmetro/2016-11-24.csv.gz"
# Kilometres of all buses by the README, by great circle between successive positions.
ALL_BUSES = 6606
PLACES: list[dict[str, Any]] = [
    {"column": "latitude", "channel": "north"}, {"column": "longitude", "channel": "east"},
]  # fmt: skip
POSITIONS: dict[str, Any] = {
    "asset_column": "vehicle_id", "time": {"columns": ["timestamp"]}, "columns": PLACES,
}  # fmt: skip
# Nothing in the files says it: the speed is in miles an hour in 2015, in metres a second from 2016.
SPEED: dict[str, Any] = {"column": "speed", "channel": "speed", "decimals": 6, "none": ["113.9952"]}
UNITS = {SPRING: "[mi_i]/h", AUTUMN: "m/s"}
HOLD = 240
PRICE = Decimal("0.62")
RADIUS, FASTEST = 6371.0088, 0.07  # kilometres, and kilometres a second


@pytest.fixture
def fleet(register: Callable[..., Any]) -> Callable[[list[str]], Any]:
    from apps.assets.domain.facts import ChannelFacts

    channels = [
        ChannelFacts("north", "Latitude", "gauge", "deg"),
        ChannelFacts("east", "Longitude", "gauge", "deg"),
        ChannelFacts("speed", "Speed", "gauge", "km/h"),
        ChannelFacts("way", "Way", "delta", "km", formula="distance(north, east)",
                     formula_step=Decimal("0.001")),
        ChannelFacts("driven", "Driven", "delta", "km", formula="integral(speed)",
                     formula_step=Decimal("0.001"), formula_hold_seconds=HOLD),
    ]  # fmt: skip
    return lambda serials: register("Bus", channels, serials)


def by_hand(path: Path) -> dict[str, float]:
    """Kilometres of each bus, naively: a sphere, floats, no place that no bus can have reached."""
    places: dict[str, dict[datetime, tuple[float, float]]] = defaultdict(dict)
    for row in content(path):
        place = (math.radians(float(row["latitude"])), math.radians(float(row["longitude"])))
        if place != (0, 0):
            places[row["vehicle_id"]].setdefault(datetime.fromisoformat(row["timestamp"]), place)
    return {bus: _length(sorted(seen.items())) for bus, seen in places.items()}


def _length(places: list[tuple[datetime, tuple[float, float]]]) -> float:
    total, (before, last) = 0.0, places[0]
    for at, place in places[1:]:
        step = _arc(last, place)
        if step <= FASTEST * (at - before).total_seconds():
            total, before, last = total + step, at, place
    return total


def _arc(one: tuple[float, float], other: tuple[float, float]) -> float:
    height = math.sin((other[0] - one[0]) / 2) ** 2
    width = math.sin((other[1] - one[1]) / 2) ** 2
    return 2 * RADIUS * math.asin(math.sqrt(height + math.cos(one[0]) * math.cos(other[0]) * width))


def kilometres(rows_of: Callable[..., Any], code: str) -> dict[str, Decimal]:
    """What a derived channel comes to, by bus."""
    from apps.telemetry.operations import recompute_dirty

    while recompute_dirty(now=NOW):
        pass
    return dict(rows_of(
        "select c.asset_label, sum(d.value) from telemetry_delta d "
        "join telemetry_channel c on c.id = d.channel_id where c.code = %s group by 1", [code],
    ))  # fmt: skip


def test_kilometres_from_positions_on_the_day_the_clock_changes(
    fleet: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    rows_of: Callable[..., Any], provider: Any, cast: dict[str, Any], tmp_path: Path,
) -> None:  # fmt: skip
    """One file holds both offsets. Every bus is measured, the ten that went furthest are billed."""
    expected = by_hand(recording(SPRING))
    fleet(sorted(expected))
    furthest = sorted(expected, key=lambda bus: (-expected[bus], bus))[:10]
    agree(
        provider, cast["customer"], title="Kilometres", starts_on=date(2015, 3, 1),
        time_zone="America/Chicago", plan=plan("Way", per_unit("way", "km", str(PRICE))),
        items=[(bus, "way", "way") for bus in furthest],
    )  # fmt: skip
    run = take_file(recording(SPRING), "positions", POSITIONS)
    assert (run.state, run.rows_total, run.refused) == ("done", 12_354, 0)
    found = kilometres(rows_of, "way")
    assert abs(sum(found.values()) - ALL_BUSES) < ALL_BUSES / 100
    for bus, length in expected.items():
        assert abs(float(found.get(bus, 0)) - length) < max(0.3, length / 100), bus
    (invoice,) = bill(["2015-03"])
    lines = {line.asset_label: line for line in invoice.lines.all()}
    assert {bus: line.quantity for bus, line in lines.items()} == {b: found[b] for b in furthest}
    assert invoice.net_minor == sum(cents(found[bus] * PRICE) for bus in furthest)
    proved([invoice], provider, tmp_path)


def part_of(path: Path, target: Path, buses: int, *more: dict[str, str]) -> set[str]:
    """The rows of the first few buses (by number) of a file, and what else is said of them."""
    rows = content(path)
    chosen = set(sorted({row["vehicle_id"] for row in rows})[:buses])
    with target.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row for row in rows if row["vehicle_id"] in chosen)
        writer.writerows({**dict.fromkeys(rows[0], ""), **row} for row in more)
    return chosen


@pytest.mark.parametrize("name", UNITS)
def test_a_speed_means_kilometres_in_the_unit_of_its_year(
    fleet: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    rows_of: Callable[..., Any], tmp_path: Path, name: str,
) -> None:  # fmt: skip
    """Against the way between positions: in the other unit it would be 2.2 times as far or as near."""
    target = tmp_path / "part.csv"
    fleet(sorted(part_of(recording(name), target, 12)))
    columns = [*PLACES, {**SPEED, "unit": UNITS[name]}]
    run = take_file(target, "buses", {**POSITIONS, "columns": columns})
    assert (run.state, run.refused) == ("done", 0)
    way, driven = (sum(kilometres(rows_of, code).values()) for code in ("way", "driven"))
    assert way > 100
    assert abs(driven / way - 1) < Decimal("0.2")


def test_no_speed_and_no_position_are_neither_driven_nor_gone(
    fleet: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    rows_of: Callable[..., Any], provider: Any, cast: dict[str, Any], tmp_path: Path,
) -> None:  # fmt: skip
    """113.9952 m/s is what a bus without a speed sends, 0, 0 what one without a position sends."""
    target = tmp_path / "part.csv"
    columns = [*PLACES, {**SPEED, "unit": "m/s"}]
    bus = min(part_of(recording(AUTUMN), target, 3))
    fleet(sorted(part_of(recording(AUTUMN), target, 3)))
    agree(
        provider, cast["customer"], title="Kilometres", starts_on=date(2016, 11, 1),
        time_zone="America/Chicago", items=[(bus, "way", "way"), (bus, "driven", "driven")],
        plan=plan("Both", per_unit("way", "km", "0.62"), per_unit("driven", "km", "0.31")),
    )  # fmt: skip
    take_file(target, "buses", {**POSITIONS, "columns": columns})
    before = [kilometres(rows_of, code) for code in ("way", "driven")]
    seen = sorted(row["timestamp"] for row in content_of(target) if row["vehicle_id"] == bus)
    nothing = {
        "vehicle_id": bus, "speed": "113.9952", "latitude": "0.0", "longitude": "0.0",
        "timestamp": seen[len(seen) // 2].replace("-06:00", ".500000-06:00"),
    }  # fmt: skip
    part_of(recording(AUTUMN), target, 3, nothing)
    again = take_file(target, "buses", {**POSITIONS, "columns": columns})
    assert (again.accepted, again.skipped) == (2, 1)
    assert [kilometres(rows_of, code) for code in ("way", "driven")] == before
    (invoice,) = bill(["2016-11"])
    assert [line.quantity for line in invoice.lines.order_by("position")] == [
        found[bus] for found in before
    ]
    proved([invoice], provider, tmp_path)


def content_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
