"""A bus fleet's positions: re-sent stamps with other content, and a day without data."""

import csv
import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

FILE = "fleet-capmetro/2016-03-22.csv.gz"
MAPPING: dict[str, Any] = {
    "asset_column": "vehicle_id",
    "time": {"columns": ["timestamp"]},
    "columns": [
        {"column": "speed", "channel": "speed", "unit": "m/s"},
        {"column": "trip_id", "channel": "trip"},
    ],
}
SUMS = """
select c.code, count(*), sum(l.value) from telemetry_level l
join telemetry_channel c on c.id = l.channel_id group by 1 order by 1
"""


def content(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def buses(register: Callable[..., Any], recording: Callable[[str], Path]) -> Any:
    from apps.assets.domain.facts import ChannelFacts

    channels = [
        ChannelFacts("speed", "Speed", "gauge", "m/s"), ChannelFacts("trip", "Trip", "state", "1"),
    ]  # fmt: skip
    vehicles = sorted({row["vehicle_id"] for row in content(recording(FILE))})
    return register("Bus", channels, vehicles)


@pytest.mark.long
def test_a_file_imported_twice_changes_nothing_and_the_first_reading_stays(
    buses: Any,
    recording: Callable[[str], Path],
    take_file: Callable[..., Any],
    rows_of: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """Every re-sent stamp names another trip; the speed beside it is the same."""
    first: dict[tuple[str, str], dict[str, str]] = {}
    rows = content(recording(FILE))
    same_speed = other_trip = 0
    for row in rows:
        known = first.setdefault((row["vehicle_id"], row["timestamp"]), row)
        same_speed += known is not row and known["speed"] == row["speed"]
        other_trip += known["trip_id"] != row["trip_id"]
    assert (len(buses), len(rows) - len(first)) == (195, 12_244)
    assert (same_speed, other_trip) == (12_244, 12_244)

    run = take_file(recording(FILE), "buses", MAPPING)
    assert (run.state, run.rows_total, run.accepted) == ("done", 34_030, 2 * len(first))
    assert (run.conflicts, run.duplicates) == (12_244, 12_244)
    assert (run.refused, run.skipped) == (0, 0)
    conflict = run.problems[0]
    assert (conflict["kind"], conflict["column"]) == ("conflict", "trip_id")
    again = rows[conflict["line"] - 2]
    there = first[again["vehicle_id"], again["timestamp"]]
    assert conflict["params"]["stored"] == there["trip_id"] != again["trip_id"]
    stored = rows_of(SUMS)
    assert stored == [
        ("speed", len(first), sum(Decimal(row["speed"]) for row in first.values())),
        ("trip", len(first), sum(Decimal(row["trip_id"]) for row in first.values())),
    ]

    renamed = tmp_path / "copy.csv"
    renamed.write_bytes(gzip.decompress(recording(FILE).read_bytes()))
    twice = take_file(renamed, "buses", MAPPING)
    assert (twice.accepted, twice.conflicts) == (0, 12_244)
    assert twice.duplicates == 2 * 34_030 - 12_244
    assert rows_of(SUMS) == stored


def test_a_day_without_data_is_a_file_without_readings(
    buses: Any, recording: Callable[[str], Path], take_file: Callable[..., Any]
) -> None:
    run = take_file(recording("fleet-capmetro/2016-02-14.csv"), "buses", MAPPING)
    assert (run.state, run.rows_total, run.accepted, run.refused) == ("done", 0, 0, 0)


def test_binary_fractions_are_refused_unless_the_profile_rounds(
    buses: Any, recording: Callable[[str], Path], take_file: Callable[..., Any]
) -> None:
    """The 2015 files print some speeds with 13 decimals and more; nothing is rounded unasked."""
    path = recording("fleet-capmetro/2015-03-08.csv.gz")
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    fine = sum(len(row["speed"].partition(".")[2].rstrip("0")) > 12 for row in rows)
    exact = {**MAPPING, "columns": MAPPING["columns"][:1]}
    assert take_file(path, "exact", exact).refused >= fine > 0
    speed = {**MAPPING["columns"][0], "unit": "[mi_i]/h", "decimals": 6}
    rounded = take_file(path, "rounded", {**MAPPING, "columns": [speed]})
    reasons = {entry["reason"] for entry in rounded.problems}
    assert "too_precise" not in reasons
