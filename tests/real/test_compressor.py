"""A metro train's compressor without a counter: hours and starts from its current and its state."""

import csv
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.real.importing import said
from tests.real.invoicing import agree, bill, cents, per_unit, plan, proved

pytestmark = pytest.mark.real

FILE = "compressor-metropt3/metropt3_first_1000_rows.csv"
MAPPING: dict[str, Any] = {
    "asset": "APU-1",
    "time": {"columns": ["timestamp"], "zone": "Europe/Lisbon"},
    "columns": [
        {"column": "Motor_current", "channel": "current", "unit": "A", "decimals": 6},
        {"column": "COMP", "channel": "idle"},
        {"column": "Oil_temperature", "channel": "oil", "unit": "Cel", "decimals": 6},
    ],
}
# A row comes every 9 or 10 seconds; the last one lasts this long.
HOLD = 10
# Name, unit, and what each is derived from; the compressor is loaded while COMP is 0.
DERIVED = {
    "running": ("h", "time_above(current, 1)"),
    "starts": ("{start}", "edges(current, 1, hysteresis=0.5)"),
    "loaded": ("h", "time_in(idle, 0)"),
    "loads": ("{cycle}", "entries(idle, 0)"),
}
PRICES = {"running": "18.40", "starts": "0.15", "loaded": "42.00", "loads": "0.33"}
# Control values of the README: hours, and load cycles.
RUNNING, LOADED, CYCLES = Decimal("0.694"), Decimal("0.140"), 5
FINE = Decimal("0.0001")


def hours_by_hand(path: Path) -> dict[str, Decimal]:
    """Hours with more than 1 A and hours loaded, each row until the next, naively."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    seconds = {"running": Decimal(0), "loaded": Decimal(0)}
    stamps = [datetime.fromisoformat(row["timestamp"]) for row in rows]
    steps = [(after - before).seconds for before, after in pairwise(stamps)]
    for row, step in zip(rows, [*steps, HOLD], strict=True):
        seconds["running"] += step * (Decimal(row["Motor_current"]) > 1)
        seconds["loaded"] += step * (Decimal(row["COMP"]) == 0)
    return {name: (total / 3600).quantize(FINE, ROUND_HALF_UP) for name, total in seconds.items()}


@pytest.fixture
def compressor(register: Callable[..., Any], provider: Any, cast: dict[str, Any]) -> Any:
    from apps.assets.domain.facts import ChannelFacts

    sent = [
        ChannelFacts("current", "Motor current", "gauge", "A"),
        ChannelFacts("idle", "Not loaded", "state", "1"),
        ChannelFacts("oil", "Oil temperature", "gauge", "Cel"),
    ]
    derived = [
        ChannelFacts(code, code, "delta", unit, formula=text, formula_step=FINE,
                     formula_hold_seconds=HOLD)
        for code, (unit, text) in DERIVED.items()
    ]  # fmt: skip
    register("Compressor", [*sent, *derived], ["APU-1"])
    charges = [per_unit(code, unit, PRICES[code]) for code, (unit, _text) in DERIVED.items()]
    return agree(
        provider, cast["customer"], title="Air", starts_on=date(2020, 2, 1),
        time_zone="Europe/Lisbon", plan=plan("Air", *charges),
        items=[("APU-1", code, code) for code in DERIVED],
    )  # fmt: skip


def test_hours_and_starts_are_billed_from_current_and_state(
    compressor: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    provider: Any, tmp_path: Path,
) -> None:  # fmt: skip
    path = recording(FILE)
    run = take_file(path, "apu", MAPPING)
    assert (run.state, run.accepted, run.refused, run.conflicts) == ("done", 3000, 0, 0)
    (invoice,) = bill(["2020-02"])
    told = proved([invoice], provider, tmp_path)
    hours = hours_by_hand(path)
    found = dict(zip(DERIVED, (Decimal(line["quantity"]) for line in told), strict=True))
    assert found == {**hours, "starts": CYCLES, "loads": CYCLES}
    assert round(found["running"], 3) == RUNNING
    assert abs(found["loaded"] - LOADED) < Decimal("0.001")
    assert invoice.net_minor == sum(cents(found[code] * Decimal(PRICES[code])) for code in DERIVED)


def test_what_is_derived_cannot_be_imported(
    compressor: Any, recording: Callable[[str], Path]
) -> None:
    into = {**MAPPING, "columns": [{"column": "COMP", "channel": "running"}]}
    (sentence,) = said(recording(FILE), into)
    assert "running" in sentence


def test_a_wrong_profile_says_what_is_wrong(
    compressor: Any, recording: Callable[[str], Path]
) -> None:
    path = recording(FILE)
    unzoned = said(path, {**MAPPING, "time": {"columns": ["timestamp"]}})
    assert all("has no time zone" in sentence for sentence in unzoned)
    exact = {**MAPPING, "columns": [{"column": "Oil_temperature", "channel": "oil"}]}
    assert said(path, exact) == {
        "More than 12 digits after the point: the profile can round this column."
    }
