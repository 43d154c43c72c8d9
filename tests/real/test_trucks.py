"""Two truck fleets in miles: days without a date in a file, and shifts with a start and an end."""

import csv
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.real.importing import refused_with, said
from tests.real.invoicing import agree, bill, cents, per_unit, plan, proved

pytestmark = pytest.mark.real

DAYS = "fleet-nrel-days/fleet1-beverage-delivery/veh_op_days.csv"
SHIFTS = "fleet-nrel-days/fleet2-warehouse-delivery/veh_schedules.csv"
# The file names no day and no truck: its days are taken as those of one truck, one after another.
BY_DAY: dict[str, Any] = {
    "asset": "TRUCK-1",
    "id_columns": ["veh_op_day_id"],
    "time": {
        "begin": "2021-03-01", "zone": "America/Phoenix", "meaning": "start",
        "interval_seconds": 86_400,
    },
    "columns": [
        {"column": "vmt", "channel": "miles", "unit": "[mi_i]", "decimals": 9},
        {"column": "time_on_shift_s", "channel": "shift", "unit": "s"},
        {"channel": "days", "fixed": "1"},
    ],
}  # fmt: skip
# Here each of the days is taken as a truck's, all on the same day.
BY_SHIFT: dict[str, Any] = {
    "asset_column": "veh_op_day_id",
    "time": {
        "columns": ["start_time"], "end_columns": ["end_time"], "date": "2021-03-01",
        "zone": "America/Denver", "meaning": "start",
    },
    "columns": [{"column": "vmt", "channel": "miles", "unit": "[mi_i]", "decimals": 9}],
}  # fmt: skip
MILE, HOUR, DAY, KILOMETRE = Decimal("0.72"), Decimal("6.50"), Decimal(35), Decimal("0.45")
FINE = Decimal("0.000000001")
# Control totals of the recording's README: miles and hours on shift.
BEVERAGES, ON_SHIFT, WAREHOUSE = Decimal("5800.01"), Decimal("727.18"), Decimal("8237.87")


def content(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def miles(text: str) -> Decimal:
    return Decimal(text).quantize(FINE, ROUND_HALF_UP)


@pytest.fixture
def trucks(register: Callable[..., Any]) -> Callable[[list[str]], Any]:
    from apps.assets.domain.facts import ChannelFacts

    channels = [
        ChannelFacts("miles", "Distance", "delta", "[mi_i]"),
        ChannelFacts("shift", "On shift", "delta", "s"),
        ChannelFacts("days", "Days", "delta", "d"),
    ]
    return lambda serials: register("Truck", channels, serials)


def test_a_trucks_days_are_billed_by_mile_by_hour_and_by_day(
    trucks: Any, recording: Callable[[str], Path], take_file: Callable[..., Any], provider: Any,
    cast: dict[str, Any], tmp_path: Path,
) -> None:  # fmt: skip
    rows = content(recording(DAYS))
    trucks(["TRUCK-1"])
    priced = plan(
        "Truck", per_unit("miles", "[mi_i]", str(MILE)), per_unit("shift", "h", str(HOUR)),
        per_unit("days", "d", str(DAY)),
    )  # fmt: skip
    agree(
        provider, cast["customer"], title="Truck", starts_on=date(2021, 3, 1), plan=priced,
        time_zone="America/Phoenix",
        items=[("TRUCK-1", code, code) for code in ("miles", "shift", "days")],
    )  # fmt: skip
    run = take_file(recording(DAYS), "days", BY_DAY)
    assert (run.state, run.accepted, run.refused, run.conflicts) == ("done", 3 * 76, 0, 0)
    invoices = bill(["2021-05"])
    told = proved(invoices, provider, tmp_path)
    months = [rows[:31], rows[31:61], rows[61:]]
    for invoice, month in zip(invoices, months, strict=True):
        driven = sum(miles(row["vmt"]) for row in month)
        hours = Decimal(sum(int(row["time_on_shift_s"]) for row in month)) / 3600
        assert invoice.net_minor == cents(driven * MILE) + cents(hours * HOUR) + cents(
            len(month) * DAY
        )
    quantities = [Decimal(line["quantity"]) for line in told]
    assert round(sum(quantities[::3]), 2) == BEVERAGES
    assert round(sum(quantities[1::3]), 2) == ON_SHIFT
    assert sum(quantities[2::3]) == 76


def test_a_fleets_shifts_are_billed_by_kilometre_truck_by_truck(
    trucks: Any, recording: Callable[[str], Path], take_file: Callable[..., Any], provider: Any,
    cast: dict[str, Any], tmp_path: Path,
) -> None:  # fmt: skip
    path = recording(SHIFTS)
    rows = content(path)
    serials = list(dict.fromkeys(row["veh_op_day_id"] for row in rows))
    trucks(serials)
    agree(
        provider, cast["customer"], title="Fleet", starts_on=date(2021, 3, 1),
        time_zone="America/Denver", items=[(serial, "miles", "miles") for serial in serials],
        plan=plan("Fleet", per_unit("miles", "km", str(KILOMETRE))),
    )  # fmt: skip
    run = take_file(path, "shifts", BY_SHIFT)
    assert (run.state, run.accepted, run.refused, len(serials)) == ("done", 302, 0, 100)
    (invoice,) = bill(["2021-03"])
    proved([invoice], provider, tmp_path)
    driven = {
        serial: sum(miles(row["vmt"]) for row in rows if row["veh_op_day_id"] == serial)
        for serial in serials
    }
    assert round(sum(driven.values()), 2) == WAREHOUSE
    kilometres = {serial: round(far * Decimal("1.609344"), 12) for serial, far in driven.items()}
    lines = {line.asset_label: line for line in invoice.lines.all()}
    assert {serial: line.quantity for serial, line in lines.items()} == kilometres
    assert invoice.net_minor == sum(cents(far * KILOMETRE) for far in kilometres.values())


def test_a_wrong_profile_says_what_is_wrong(trucks: Any, recording: Callable[[str], Path]) -> None:
    path = recording(SHIFTS)
    trucks(["1"])
    undated = {**BY_SHIFT, "time": {**BY_SHIFT["time"], "date": "", "zone": ""}}
    (sentence,) = {text.partition(" is not")[2] for text in said(path, undated)}
    assert sentence == " written as 2026-03-01T12:00:00Z."
    unrounded = {**BY_SHIFT, "columns": [{"column": "vmt", "channel": "miles"}]}
    assert "More than 12 digits after the point: the profile can round this column." in said(
        path, unrounded
    )
    unknown = said(path, BY_SHIFT)
    assert "Asset 2 is not known here." in unknown
    assert len(unknown) == 99
    reversed_times = {
        **BY_SHIFT,
        "time": {**BY_SHIFT["time"], "columns": ["end_time"], "end_columns": ["start_time"]},
    }
    assert "The interval does not begin before it ends." in said(path, reversed_times)
    no_asset = {**BY_SHIFT, "asset_column": ""}
    assert "choose the asset of this file" in refused_with(path, no_asset)
