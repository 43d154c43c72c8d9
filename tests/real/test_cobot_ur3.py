"""A robot's cycle counter: a skipped number, empty rows, quotes in values; and its sick twin."""

import csv
import gzip
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOW

pytestmark = pytest.mark.real

FILE = "cobot-ur3/ur3_morning.csv.gz"
MAPPING: dict[str, Any] = {
    "asset": "UR3-1",
    "encoding": "utf-8-sig",
    "time": {"columns": ["Timestamp"]},
    "columns": [
        {"column": "cycle", "channel": "cycles", "expected_step": 1},
        {"column": "Temperature_J1", "channel": "temperature", "unit": "Cel"},
        {
            "column": "Robot_ProtectiveStop",
            "channel": "stop",
            "meanings": {"TRUE": "1", "FALSE": "0"},
        },
        {"column": "grip_lost", "channel": "grip_lost", "meanings": {"TRUE": "1", "FALSE": "0"}},
    ],
}


@pytest.fixture
def robot(register: Callable[..., Any]) -> Any:
    from apps.assets.domain.facts import ChannelFacts

    channels = [
        ChannelFacts("cycles", "Cycles", "counter", "{cycle}", expected_interval_seconds=2),
        ChannelFacts("temperature", "Joint 1", "gauge", "Cel"),
        ChannelFacts("stop", "Protective stop", "state", "1"),
        ChannelFacts("grip_lost", "Grip lost", "state", "1"),
    ]
    return register("Cobot", channels, ["UR3-1"])[0]


def usage_of(asset: Any) -> tuple[Decimal, list[Any]]:
    """What the counter has used from its first believed reading to its last, and what is not
    believed."""
    from apps.telemetry.models import Channel, Disbelief, Discontinuity
    from apps.telemetry.operations import recompute_dirty
    from apps.telemetry.queries import readings_between

    while recompute_dirty(now=NOW):
        pass
    channel = Channel.objects.get(asset_id=asset.pk, code="cycles")
    doubted = list(Disbelief.objects.filter(channel=channel).order_by("measured_at"))
    believed = readings_between(channel, NOW - timedelta(days=3650), NOW)
    jumps = Discontinuity.objects.filter(channel=channel)
    used = believed[-1].value - believed[0].value + sum(jump.amount for jump in jumps)
    return used, doubted


def test_105_cycles_with_the_skipped_one_and_the_empty_rows_explained(
    robot: Any, recording: Callable[[str], Path], take_file: Callable[..., Any]
) -> None:
    run = take_file(recording(FILE), "cobot", MAPPING)
    assert (run.state, run.rows_total, run.refused, run.conflicts) == ("done", 2869, 0, 0)
    # In ten rows all signals are empty, among them this temperature and the stop.
    assert run.skipped == 20
    assert run.accepted + run.duplicates == 4 * 2869 - 20
    notes = [entry for entry in run.problems if entry["kind"] == "note"]
    skips = [entry for entry in notes if entry["reason"] == "skipped_values"]
    assert [entry["params"] for entry in skips] == [{"before": "73", "value": "75"}]
    empty = {entry["line"] for entry in notes if entry["reason"] == "empty_cell"}
    assert len(empty) == 10
    used, doubted = usage_of(robot)
    assert doubted == []
    # From 1 to 105: 104 rises; the number 74 never appears but was counted by the robot.
    assert used == 104


def derived(path: Path, target: Path) -> None:
    """The same morning with a counter that falls back thrice, restarts, and one late old row."""
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        rows = [(row["Timestamp"].strip('"'), int(row["cycle "])) for row in csv.DictReader(file)]
    lines = ["time;count"]
    for number, (stamp, cycle) in enumerate(rows):
        falls = number in (500, 900, 1300)
        lines.append(f"{stamp};{cycle - 5 if falls else cycle}")
    last = datetime.fromisoformat(rows[-1][0])
    for minute in range(1, 11):  # the controller was exchanged: it counts from zero again
        lines.append(f"{(last + timedelta(minutes=minute)).isoformat()};{minute}")
    older = datetime.fromisoformat(rows[1500][0]) + timedelta(milliseconds=1)
    lines.append(f"{older.isoformat()};{rows[1500][1]}")
    target.write_text("\n".join(lines) + "\n")


def test_nothing_is_billed_from_a_falling_counter_and_every_doubt_has_its_reason(
    robot: Any, recording: Callable[[str], Path], take_file: Callable[..., Any], tmp_path: Path
) -> None:
    sick = tmp_path / "sick.csv"
    derived(recording(FILE), sick)
    mapping = {
        "asset": "UR3-1",
        "separator": ";",
        "time": {"columns": ["time"]},
        "columns": [{"column": "count", "channel": "cycles"}],
    }
    run = take_file(sick, "sick", mapping)
    assert (run.state, run.refused, run.conflicts) == ("done", 0, 0)
    used, doubted = usage_of(robot)
    assert used == 104
    # Three steps back, and ten values after the restart that nobody has declared yet.
    assert [row.reason for row in doubted] == ["falling"] * 13
    assert all(row.params["previous"] for row in doubted)


def test_a_declared_reset_lets_the_restarted_counter_count_on(
    robot: Any, recording: Callable[[str], Path], take_file: Callable[..., Any], tmp_path: Path
) -> None:
    sick = tmp_path / "sick.csv"
    derived(recording(FILE), sick)
    columns = [{"column": "count", "channel": "cycles"}]
    mapping = {"separator": ";", "time": {"columns": ["time"]}, "columns": columns}
    take_file(sick, "sick", {**mapping, "asset": "UR3-1"})
    _used, doubted = usage_of(robot)
    from apps.telemetry.models import Channel
    from apps.telemetry.operations.judging import declare

    channel = Channel.objects.get(asset_id=robot.pk, code="cycles")
    restart = doubted[3].measured_at
    declare(
        channel=channel, kind="reset", measured_at=restart, reason="Controller exchanged",
        by="technician", now=NOW,
    )  # fmt: skip
    used, doubted = usage_of(robot)
    assert used == 104 + 10
    assert [row.reason for row in doubted] == ["falling"] * 3
