"""A test rig without a clock: a line a minute, each of them a load cycle."""

import gzip
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.real.importing import refused_with, said
from tests.real.invoicing import agree, bill, cents, per_unit, plan, proved

pytestmark = pytest.mark.real

FILE, LABELS = "hydraulic-rig/TS1.txt.gz", "hydraulic-rig/profile.txt.gz"
# No start is known; the first cycle is taken to begin at the turn of a month.
TIME = {
    "begin": "2020-02-29", "zone": "Europe/Berlin", "interval_seconds": 60, "meaning": "start",
}  # fmt: skip
FORM: dict[str, Any] = {
    "asset": "RIG-1", "separator": "\t", "quote": "", "header_line": 0, "time": TIME,
}  # fmt: skip
CYCLES: dict[str, Any] = {
    **FORM,
    "columns": [
        {"column": "1", "channel": "oil", "unit": "Cel"},
        {"channel": "cycles", "fixed": "1"},
        {"channel": "running", "fixed": "60", "unit": "s"},
    ],
}
CONDITION: dict[str, Any] = {
    **FORM,
    "columns": [{"column": "1", "channel": "cooler"}, {"column": "5", "channel": "unstable"}],
}
# Control totals of the recording's README.
COUNT, WORN = 1464, {"3": 732, "20": 732}
CYCLE, HOUR = Decimal("0.085"), Decimal("12.40")
FEBRUARY = 24 * 60


@pytest.fixture
def rig(register: Callable[..., Any], provider: Any, cast: dict[str, Any]) -> Any:
    from apps.assets.domain.facts import ChannelFacts

    channels = [
        ChannelFacts("cycles", "Load cycles", "delta", "{cycle}", expected_interval_seconds=60),
        ChannelFacts("running", "Running", "delta", "s"),
        ChannelFacts("oil", "Oil temperature", "gauge", "Cel"),
        ChannelFacts("cooler", "Cooler condition", "state", "%"),
        ChannelFacts("unstable", "Not yet stable", "state", "1"),
    ]
    register("Test rig", channels, ["RIG-1"])
    priced = plan(
        "Cycles", per_unit("cycles", "{cycle}", str(CYCLE)), per_unit("running", "h", str(HOUR))
    )
    return agree(
        provider, cast["customer"], title="Rig", starts_on=date(2020, 2, 1), plan=priced,
        items=[("RIG-1", code, code) for code in ("cycles", "running")],
    )  # fmt: skip


def test_each_line_is_a_cycle_and_its_minute_is_billed(
    rig: Any, recording: Callable[[str], Path], take_file: Callable[..., Any], provider: Any,
    tmp_path: Path,
) -> None:  # fmt: skip
    run = take_file(recording(FILE), "rig", CYCLES)
    assert (run.state, run.rows_total, run.accepted) == ("done", COUNT, 3 * COUNT)
    invoices = bill(["2020-03"])
    counts = (FEBRUARY, COUNT - FEBRUARY)
    for invoice, count in zip(invoices, counts, strict=True):
        assert invoice.net_minor == cents(count * CYCLE) + cents(count * HOUR / 60)
    told = proved(invoices, provider, tmp_path)
    assert sum(Decimal(line["quantity"]) for line in told[::2]) == COUNT
    assert sum(Decimal(line["quantity"]) for line in told[1::2]) == Decimal("24.4")


def test_labels_lie_beside_the_cycles_they_belong_to(
    rig: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    rows_of: Callable[..., Any],
) -> None:  # fmt: skip
    take_file(recording(FILE), "rig", CYCLES)
    assert take_file(recording(LABELS), "labels", CONDITION).accepted == 2 * COUNT
    found = rows_of(
        "select c.value, count(*), min(o.value), max(o.value) from telemetry_level c "
        "join telemetry_channel cc on cc.id = c.channel_id and cc.code = 'cooler' "
        "join telemetry_level o on o.measured_at = c.measured_at "
        "join telemetry_channel oc on oc.id = o.channel_id and oc.code = 'oil' group by 1"
    )
    assert {str(int(value)): count for value, count, _low, _high in found} == WORN
    with gzip.open(recording(LABELS), "rt") as file:
        assert Counter(line.split("\t")[0] for line in file) == WORN
    oil = {int(value): (low, high) for value, _count, low, high in found}
    assert oil[3][1] > oil[20][1] > 40


def test_the_same_lines_again_are_the_same_cycles(
    rig: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    rows_of: Callable[..., Any], tmp_path: Path,
) -> None:  # fmt: skip
    take_file(recording(FILE), "rig", CYCLES)
    longer = tmp_path / "longer.txt"
    with gzip.open(recording(FILE), "rb") as old, longer.open("wb") as new:
        shutil.copyfileobj(old, new)
        new.write(b"40.1\t40.2\n")
    again = take_file(longer, "rig", CYCLES)
    assert (again.accepted, again.duplicates, again.conflicts) == (3, 3 * COUNT, 0)
    assert rows_of("select count(*) from telemetry_level") == [(COUNT + 1,)]


def test_a_wrong_profile_says_what_is_wrong(rig: Any, recording: Callable[[str], Path]) -> None:
    path = recording(FILE)
    assert refused_with(
        path, {**CYCLES, "time": {"begin": "2020-02-29", "zone": "Europe/Berlin"}}
    ) == (
        "the profile cannot be used: time.interval_seconds: Rows that follow each other from a "
        "beginning need the interval's length."
    )
    stamped = {**CYCLES, "time": {"columns": ["1"], "zone": "Europe/Berlin"}}
    assert all("is not written as 2026-03-01T12:00:00Z" in text for text in said(path, stamped))
    blanks = {**CYCLES, "separator": " ", "columns": [{"column": "2", "channel": "oil"}]}
    assert said(path, blanks) == {"1 cells instead of 2."}
