"""A flat's water: millilitres by the second, litres by the run, and eight silent months."""

import gzip
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.real.importing import refused_with, said
from tests.real.invoicing import agree, bill, cents, per_unit, plan, proved

pytestmark = pytest.mark.real

FILE = "water-weusedto/feed_Washingmachine.MYD.csv.gz"
RUNS = "water-weusedto/feed_Dishwasher30.MYD.csv"
MAPPING: dict[str, Any] = {
    "asset": "WASHER-1",
    "separator": " ",
    "header_line": 0,
    "time": {"columns": ["1"], "format": "unix"},
    "columns": [{"column": "2", "channel": "water", "unit": "mL"}],
}
EACH_RUN: dict[str, Any] = {
    "asset": "DISHES-1",
    "separator": " ",
    "time": {
        "columns": ["Time"], "end_columns": ["End time"], "format": "unix", "meaning": "start",
    },
    "columns": [
        {"column": "Flow", "channel": "water", "unit": "L", "decimals": 1},
        {"channel": "washes", "fixed": "1"},
    ],
}  # fmt: skip
MONTHS = [f"2019-{month:02}" for month in range(9, 13)] + [f"2020-{n:02}" for n in range(1, 11)]
WATER, WASH = Decimal("0.0137"), Decimal("0.29")
# Control totals of the recording's README.
LITRES, RECORDS = Decimal("1691.973"), 12_055
WASHES, EACH = 52, Decimal("10.2")
# April to July 2019, counted in the file.
BY_MONTH = (3, 5, 8, 9)
NAPLES = ZoneInfo("Europe/Rome")


@pytest.fixture
def machines(register: Callable[..., Any], provider: Any, cast: dict[str, Any]) -> None:
    """Two machines, each under a contract of its own."""
    from apps.assets.domain.facts import ChannelFacts

    channels = [
        ChannelFacts("water", "Water", "delta", "L", expected_interval_seconds=301),
        ChannelFacts("washes", "Washes", "delta", "{wash}"),
    ]
    register("Washer", channels, ["WASHER-1", "DISHES-1"])
    water, wash = per_unit("water", "L", str(WATER)), per_unit("wash", "{wash}", str(WASH))
    both = {"customer": cast["customer"], "time_zone": "Europe/Rome"}
    washer = [("WASHER-1", "water", "water")]
    agree(provider, title="Washer", starts_on=date(2019, 9, 1), items=washer,
          plan=plan("Water", water), **both)  # fmt: skip
    dishes = [("DISHES-1", "water", "water"), ("DISHES-1", "washes", "wash")]
    agree(provider, title="Dishes", starts_on=date(2019, 4, 1), items=dishes,
          plan=plan("Washes", water, wash), **both)  # fmt: skip


def by_hand(path: Path) -> dict[str, Decimal]:
    """Litres by month of Naples, naively."""
    litres: dict[str, Decimal] = defaultdict(Decimal)
    with gzip.open(path, "rt") as file:
        for line in file:
            second, millilitres = line.split()
            local = datetime.fromtimestamp(int(second), UTC).astimezone(NAPLES)
            litres[local.strftime("%Y-%m")] += Decimal(millilitres) / 1000
    return litres


def test_every_month_of_water_is_invoiced_and_proved(
    machines: Any, recording: Callable[[str], Path], take_file: Callable[..., Any], provider: Any,
    tmp_path: Path,
) -> None:  # fmt: skip
    path = recording(FILE)
    run = take_file(path, "water", MAPPING)
    assert (run.state, run.accepted, run.refused, run.conflicts) == ("done", RECORDS, 0, 0)
    expected = by_hand(path)
    assert sum(expected.values()) == LITRES
    invoices = bill(MONTHS[-1:])
    for month, invoice in zip(MONTHS, invoices, strict=True):
        litres = expected.get(month, Decimal(0))
        assert sum(line.quantity for line in invoice.lines.all()) == litres, month
        assert invoice.net_minor == cents(litres * WATER)
    told = proved(invoices, provider, tmp_path)
    assert sum(Decimal(line["quantity"]) for line in told) == LITRES


def test_each_run_of_a_dishwasher_is_a_wash_of_ten_point_two_litres(
    machines: Any, recording: Callable[[str], Path], take_file: Callable[..., Any], provider: Any,
    tmp_path: Path,
) -> None:  # fmt: skip
    """The file prints a float32: 10.199999809265137. The profile rounds it to what it meant."""
    run = take_file(recording(RUNS), "dishes", EACH_RUN)
    assert (run.state, run.accepted, run.refused) == ("done", 2 * WASHES, 0)
    invoices = bill(["2019-07"])
    told = proved(invoices, provider, tmp_path)
    assert [Decimal(line["quantity"]) for line in told] == [
        amount for washes in BY_MONTH for amount in (washes * EACH, washes)
    ]
    assert [invoice.net_minor for invoice in invoices] == [
        cents(washes * EACH * WATER) + cents(washes * WASH) for washes in BY_MONTH
    ]


def test_all_runs_count_once_however_often_they_come(
    machines: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    rows_of: Callable[..., Any], tmp_path: Path,
) -> None:  # fmt: skip
    path = recording(RUNS)
    take_file(path, "dishes", EACH_RUN)
    longer = tmp_path / "longer.csv"
    longer.write_text(path.read_text() + "1602890011 10.2 1602891811\n")
    again = take_file(longer, "dishes", EACH_RUN)
    assert (again.accepted, again.duplicates, again.conflicts) == (2, 2 * WASHES, 0)
    total = rows_of("select count(*), sum(value) from telemetry_delta")
    assert total == [(2 * 53, 53 * EACH + 53)]


def test_a_wrong_profile_says_what_is_wrong(
    machines: Any, recording: Callable[[str], Path]
) -> None:
    path, time = recording(FILE), MAPPING["time"]
    with_header = {**MAPPING, "header_line": 1}
    assert refused_with(path, with_header) == (
        "The column “1” is missing. The header names: 1568715207, 0.0"
    )
    assert said(path, {**MAPPING, "separator": ";"}) == {"1 cells instead of 2."}
    told = said(path, {**MAPPING, "time": {**time, "format": "unix_ms"}})
    assert all("from which readings are kept" in sentence for sentence in told)
    value = MAPPING["columns"][0]
    power = {**MAPPING, "columns": [{**value, "unit": "kW"}]}
    assert said(path, power) == {"The unit kW cannot become L."}
    unrounded = {**EACH_RUN, "columns": [{"column": "Flow", "channel": "water"}]}
    assert said(recording(RUNS), unrounded) == {
        "More than 12 digits after the point: the profile can round this column."
    }
