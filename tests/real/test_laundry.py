"""Washes and kilowatt hours of two machines whose plug says nothing but its power."""

import gzip
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.real.importing import refused_with, said
from tests.real.invoicing import agree, bill, cents, per_unit, plan, proved

pytestmark = pytest.mark.real

MAPPING: dict[str, Any] = {
    "separator": ";",
    "header_line": 0,
    "time": {"columns": ["1"], "format": "%d/%m/%Y %H:%M:%S", "zone": "Europe/Berlin"},
    "columns": [{"column": "2", "channel": "power", "unit": "W"}],
}
STAMP = "%d/%m/%Y %H:%M:%S"
# Of each day the hours around its run: (folder, device), days, kWh of a run by the README.
MACHINES = {
    "DISHES-1": (
        "Dishwasher/dev_B81D04", {"2012.06.04": (16, 18), "2012.06.10": (17, 19)}, ("1.1", "1.3"),
    ),
    "WASHER-1": (
        "Washingmachine/dev_D338C9",
        {"2012.05.24": (10, 13), "2012.06.05": (17, 19)}, ("0.35", "0.55"),
    ),
}  # fmt: skip
LEVEL, PAUSE, HOLD = 20, 1800, 60
WASH, KILOWATT_HOUR = Decimal("0.85"), Decimal("0.31")
FINE = Decimal("0.0001")
DERIVED = {
    "washes": ("{wash}", f"runs(power, {LEVEL}, {PAUSE})"), "energy": ("kW.h", "integral(power)"),
}  # fmt: skip


def part_of(path: Path, hours: tuple[int, int], target: Path) -> Path:
    """The rows of some hours of a day, byte for byte."""
    with gzip.open(path, "rb") as whole, target.open("wb") as part:
        part.writelines(line for line in whole if hours[0] <= int(line[11:13]) < hours[1])
    return target


def kilowatt_hours(path: Path) -> Decimal:
    """By power and time until the next row, at most 60 seconds; of rows of one second the first."""
    first: dict[datetime, Decimal] = {}
    for line in path.read_text().splitlines():
        stamp, watts, _eight_seconds = line.split(";")
        first.setdefault(datetime.strptime(stamp, STAMP), Decimal(watts))  # noqa: DTZ007
    worked = Decimal(0)
    for (before, watts), (after, _next) in pairwise(sorted(first.items())):
        worked += watts * min(Decimal((after - before).seconds), Decimal(HOLD))
    last = max(first)
    return (worked + first[last] * HOLD) / 3_600_000


@pytest.fixture
def machines(register: Callable[..., Any]) -> None:
    from apps.assets.domain.facts import ChannelFacts

    derived = [
        ChannelFacts(code, code, "delta", unit, formula=text, formula_step=FINE,
                     formula_hold_seconds=HOLD)
        for code, (unit, text) in DERIVED.items()
    ]  # fmt: skip
    power = ChannelFacts("power", "Power", "gauge", "W", expected_interval_seconds=10)
    register("Laundry", [power, *derived], list(MACHINES))


@pytest.fixture
def parts(recording: Callable[[str], Path], tmp_path: Path) -> dict[str, list[Path]]:
    """By machine: a file of each day."""
    return {
        serial: [
            part_of(recording(f"laundry-tracebase/{device}_{day}.csv.gz"), hours,
                    tmp_path / f"{serial} {day}.csv")
            for day, hours in days.items()
        ]
        for serial, (device, days, _each) in MACHINES.items()
    }  # fmt: skip


@pytest.mark.parametrize("serial", MACHINES)
def test_washes_and_energy_are_billed_from_power_alone(
    machines: None, parts: dict[str, list[Path]], take_file: Callable[..., Any], provider: Any,
    cast: dict[str, Any], tmp_path: Path, serial: str,
) -> None:  # fmt: skip
    low, high = (Decimal(bound) for bound in MACHINES[serial][2])
    month = int(min(MACHINES[serial][1])[5:7])
    agree(
        provider, cast["customer"], title=serial, starts_on=date(2012, month, 1),
        items=[(serial, "washes", "washes"), (serial, "energy", "energy")],
        plan=plan("Wash", per_unit("washes", "{wash}", str(WASH)),
                  per_unit("energy", "kW.h", str(KILOWATT_HOUR))),
    )  # fmt: skip
    for path in parts[serial]:
        rows = len(path.read_text().splitlines())
        run = take_file(path, serial, {**MAPPING, "asset": serial})
        assert (run.state, run.rows_total, run.refused) == ("done", rows, 0)
        # Rows of the same second: the first stays, the others are told.
        assert run.accepted + run.duplicates + run.conflicts == rows
        assert low <= kilowatt_hours(path) <= high
    invoices = bill(["2012-06"])
    told = proved(invoices, provider, tmp_path)
    washes, energy = told[::2], told[1::2]
    assert sum(Decimal(line["quantity"]) for line in washes) == len(parts[serial])
    used = sum(kilowatt_hours(path) for path in parts[serial])
    assert abs(sum(Decimal(line["quantity"]) for line in energy) - used) <= FINE * len(energy)
    assert sum(invoice.net_minor for invoice in invoices) == sum(
        cents(Decimal(line["quantity"]) * price)
        for lines, price in ((washes, WASH), (energy, KILOWATT_HOUR)) for line in lines
    )  # fmt: skip


def test_a_wrong_profile_says_what_is_wrong(machines: None, parts: dict[str, list[Path]]) -> None:
    path = parts["WASHER-1"][0]
    assert "choose the asset of this file" in refused_with(path, MAPPING)
    mapping = {**MAPPING, "asset": "WASHER-1"}
    american = {**mapping, "time": {**MAPPING["time"], "format": "%m/%d/%Y %H:%M:%S"}}
    assert all("is not written as %m/%d/%Y" in sentence for sentence in said(path, american))
    comma = {**mapping, "separator": ","}
    assert said(path, comma) == {"1 cells instead of 2."}
    heated = {**mapping, "columns": [{"column": "2", "channel": "power", "unit": "Cel"}]}
    assert said(path, heated) == {"The unit Cel cannot become W."}
