"""A steel works' electricity meter: quarter hours stamped at their end, in Korean time."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.real

FILE = "energy-steel/steel_2018_h1.csv.gz"
MAPPING: dict[str, Any] = {
    "asset": "STEEL-1",
    "time": {
        "columns": ["date"],
        "format": "%d/%m/%Y %H:%M",
        "zone": "Asia/Seoul",
        "meaning": "end",
        "interval_seconds": 900,
        "midnight_ends_day": True,
    },
    "columns": [{"column": "Usage_kWh", "channel": "energy", "unit": "kW.h"}],
}
# Control totals of the recording's README, in kWh.
MONTHS = {
    "2018-01": Decimal("126238.29"),
    "2018-02": Decimal("91497.34"),
    "2018-03": Decimal("80230.41"),
    "2018-04": Decimal("78769.80"),
    "2018-05": Decimal("79059.28"),
    "2018-06": Decimal("65404.64"),
}
MONTHLY = """
select to_char(counted_at at time zone 'Asia/Seoul', 'YYYY-MM') as month, sum(value)
from telemetry_delta group by 1 order by 1
"""


@pytest.fixture
def meter(register: Callable[..., Any]) -> Any:
    from apps.assets.domain.facts import ChannelFacts

    energy = ChannelFacts("energy", "Energy", "delta", "kW.h", expected_interval_seconds=900)
    return register("Electricity meter", [energy], ["STEEL-1"])[0]


def test_every_month_has_its_control_total(
    meter: Any,
    recording: Callable[[str], Path],
    take_file: Callable[..., Any],
    rows_of: Callable[..., Any],
) -> None:
    run = take_file(recording(FILE), "steel", MAPPING)
    assert (run.state, run.rows_total, run.accepted) == ("done", 17376, 17376)
    assert (run.duplicates, run.conflicts, run.refused, run.skipped) == (0, 0, 0, 0)
    assert dict(rows_of(MONTHLY)) == MONTHS


def test_stamps_taken_literally_give_other_sums(
    meter: Any,
    recording: Callable[[str], Path],
    take_file: Callable[..., Any],
    rows_of: Callable[..., Any],
) -> None:
    """The control: without the rule of midnight, 3.42 kWh fall into December."""
    literal = {**MAPPING, "time": {**MAPPING["time"], "midnight_ends_day": False}}
    take_file(recording(FILE), "literal", literal)
    months = dict(rows_of(MONTHLY))
    assert months["2017-12"] == Decimal("3.42")
    assert months["2018-01"] == Decimal("126339.52")


@pytest.mark.long
def test_the_same_file_again_changes_nothing(
    meter: Any,
    recording: Callable[[str], Path],
    take_file: Callable[..., Any],
    rows_of: Callable[..., Any],
    tmp_path: Path,
) -> None:
    first = take_file(recording(FILE), "steel", MAPPING)
    again = take_file(recording(FILE), "steel", MAPPING)
    assert (again.pk, again.accepted) == (first.pk, 17376)
    import gzip

    plain = tmp_path / "other-name.csv"
    plain.write_bytes(gzip.decompress(recording(FILE).read_bytes()))
    other = take_file(plain, "steel", MAPPING)
    assert (other.accepted, other.duplicates, other.conflicts) == (0, 17376, 0)
    assert dict(rows_of(MONTHLY)) == MONTHS
