"""A bus fleet's files read twice: what was worked out of them, and what would be billed, stays."""

import gzip
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOW
from tests.real.invoicing import agree, bill, evidence, plan, verify, with_one_digit_changed
from tests.real.test_fleet_capmetro import FILE, MAPPING, buses, content

__all__ = ["buses"]
pytestmark = pytest.mark.real

TRIPS = "fleet-capmetro/2015-03-08.dist_traveled.csv.gz"
COUNTED: dict[str, Any] = {
    "asset_column": "vehicle_id",
    "time": {"columns": ["timestamp"]},
    "columns": [{"column": "dist_traveled", "channel": "travelled", "decimals": 6}],
}
PLAN = plan("Trips", {"model": "per_unit", "code": "travelled", "unit": "1", "unit_price": "0.5"})
WORKED_OUT = """
select 'day', count(*), sum(reading_count), sum(opening_value), sum(closing_value)
from telemetry_channelday
union all
select 'hour', count(*), sum(reading_count), sum(usage), sum(last_value) from telemetry_hourrollup
union all
select 'jump', count(*), 0, sum(amount), 0 from telemetry_discontinuity
union all
select 'doubt', count(*), 0, sum(value), 0 from telemetry_disbelief
"""
DIRTY = "select count(*) from telemetry_channelday where version <> done_version"


def work_out() -> None:
    from apps.telemetry.operations import recompute_dirty

    while recompute_dirty(now=NOW):
        pass


def copy_of(path: Path, folder: Path) -> Path:
    """The same content as a file of another name and form."""
    copy = folder / "copy.csv"
    copy.write_bytes(gzip.decompress(path.read_bytes()))
    return copy


def usage_of(contract: Any) -> dict[str, Decimal]:
    """The live preview's usage of March 2015 by bus."""
    from apps.common.period import month_period
    from apps.metering.queries import usage_preview

    month = month_period("2015-03", contract.time_zone)
    found = usage_preview(wanted=[(contract, month)], now=NOW)[contract.pk]
    assert isinstance(found, list), found
    return {item.asset_label: item.quantity for item in found}


@pytest.mark.long
def test_the_same_file_again_leaves_everything_worked_out_as_it_was(
    buses: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    rows_of: Callable[..., Any], tmp_path: Path,
) -> None:  # fmt: skip
    take_file(recording(FILE), "buses", MAPPING)
    work_out()
    before = rows_of(WORKED_OUT)
    versions = rows_of("select id, version, done_version from telemetry_channelday order by id")
    twice = take_file(copy_of(recording(FILE), tmp_path), "buses", MAPPING)
    assert (twice.accepted, twice.conflicts) == (0, 12_244)
    assert rows_of("select count(*) from telemetry_mark") == [(0,)]
    work_out()
    assert rows_of(DIRTY) == [(0,)]
    assert rows_of(WORKED_OUT) == before
    again = rows_of("select id, version, done_version from telemetry_channelday order by id")
    assert again == versions


def test_every_conflict_is_kept_for_a_person_to_see_and_the_first_stays(
    buses: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    client_of: Callable[..., Any], provider: Any,
) -> None:  # fmt: skip
    from apps.telemetry.models import Channel
    from apps.telemetry.queries import readings_between

    take_file(recording(FILE), "buses", {**MAPPING, "columns": MAPPING["columns"][1:]})
    work_out()
    first: dict[tuple[str, str], str] = {}
    for row in content(recording(FILE)):
        first.setdefault((row["vehicle_id"], row["timestamp"]), row["trip_id"])
    bus = next(iter(first))[0]
    channel = Channel.objects.get(asset_label=bus, code="trip")
    stored = [
        reading.value for reading in readings_between(channel, NOW.replace(year=2016, month=1), NOW)
    ]
    there = sorted((stamp, trip) for (vehicle, stamp), trip in first.items() if vehicle == bus)
    assert stored == [Decimal(trip) for _stamp, trip in there]
    page = client_of(provider).get("/imports/").content.decode()
    assert "12,244" in page or "12244" in page


def by_hand(path: Path) -> dict[str, Decimal]:
    """What each bus's counter rose by, naively: after a fall it has counted on from zero."""
    readings: dict[str, dict[datetime, Decimal]] = {}
    for row in content(path):
        stamp = datetime.fromisoformat(row["timestamp"])
        value = Decimal(row["dist_traveled"]).quantize(Decimal("0.000001"), ROUND_HALF_UP)
        readings.setdefault(row["vehicle_id"], {}).setdefault(stamp, value)
    return {bus: rises([value for _at, value in sorted(values.items())])
            for bus, values in readings.items()}  # fmt: skip


def rises(values: list[Decimal]) -> Decimal:
    pairs = pairwise(values)
    return sum((new - old if new >= old else new for old, new in pairs), Decimal(0))


@pytest.fixture
def contract(
    register: Callable[..., Any], recording: Callable[[str], Path], provider: Any,
    cast: dict[str, Any],
) -> Any:  # fmt: skip
    """A price on a counter that starts again with each trip, for every bus of that day."""
    from apps.assets.domain.facts import ChannelFacts

    buses = sorted(by_hand(recording(TRIPS)))
    travelled = ChannelFacts("travelled", "Travelled", "counter", "1", restarts_from_zero=True)
    register("Bus with a trip counter", [travelled], buses)
    return agree(
        provider, cast["customer"], title="Trips", starts_on=date(2015, 3, 1), plan=PLAN,
        time_zone="America/Chicago", items=[(bus, "travelled", "travelled") for bus in buses],
    )  # fmt: skip


def test_the_preview_of_a_whole_fleet_is_the_same_after_the_file_came_twice(
    contract: Any, recording: Callable[[str], Path], take_file: Callable[..., Any], tmp_path: Path
) -> None:
    """A counter that starts again with each trip, on the day the clocks change."""
    path = recording(TRIPS)
    run = take_file(path, "trips", COUNTED)
    assert (run.state, run.rows_total, run.refused) == ("done", 12_354, 0)
    work_out()
    before = usage_of(contract)
    assert before == by_hand(path)
    assert len(before) == 140
    twice = take_file(copy_of(path, tmp_path), "trips", COUNTED)
    assert (twice.accepted, twice.duplicates + twice.conflicts) == (0, 12_354)
    work_out()
    assert usage_of(contract) == before


def test_the_fleet_is_invoiced_bus_by_bus_and_verified(
    contract: Any, recording: Callable[[str], Path], take_file: Callable[..., Any],
    provider: Any, tmp_path: Path,
) -> None:  # fmt: skip
    path = recording(TRIPS)
    expected = by_hand(path)
    take_file(path, "trips", COUNTED)
    (invoice,) = bill(["2015-03"])
    lines = {line.asset_label: line for line in invoice.lines.all()}
    assert {bus: line.quantity for bus, line in lines.items()} == expected
    cents = {bus: (rise * 50).quantize(Decimal(1), ROUND_HALF_UP) for bus, rise in expected.items()}
    assert {bus: line.net_minor for bus, line in lines.items()} == cents
    assert invoice.net_minor == sum(cents.values())
    content = evidence(invoice)
    assert verify(content, provider, tmp_path).status == 0
    bus, rise = max(expected.items(), key=lambda item: item[1])
    changed = with_one_digit_changed(content, f"{rise.normalize():f}".encode())
    assert verify(changed, provider, tmp_path).status == 1, bus
