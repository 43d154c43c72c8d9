"""A car's trips: the time of day in the rows, the day in the name of each file."""

import csv
import gzip
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOW
from tests.real.importing import look, refused_with
from tests.real.invoicing import agree, bill, cents, per_unit, plan, proved

pytestmark = pytest.mark.real

SPEED = "Vehicle Speed Sensor [km/h]"
# A row is a second, so its speed is a distance: km/h for one second are 1 / 3.6 metres.
SECOND = Decimal("0.277777777778")
MAPPING: dict[str, Any] = {
    "asset": "LEON-1",
    "time": {
        "columns": ["Time"], "date_in_name": "%Y-%m-%d", "zone": "Europe/Berlin",
        "meaning": "start", "interval_seconds": 1,
    },
    "columns": [
        {"column": SPEED, "channel": "travelled", "unit": "m", "factor": str(SECOND)},
        {"channel": "driven", "fixed": "1", "unit": "s"},
    ],
}  # fmt: skip
# The commute within Karlsruhe, but for two trips with long gaps; kilometres after the README.
TRIPS = {
    "2017-07-06_Seat_Leon_KA_KA_Normal": "10.7", "2017-07-10_Seat_Leon_KA_KA_Stau": "5.0",
    "2017-07-13_Seat_Leon_KA_KA_Normal": "10.1", "2017-07-27_Seat_Leon_KA_KA_2_Normal": "10.0",
    "2017-07-27_Seat_Leon_KA_KA_Normal": "10.8", "2017-07-28_Seat_Leon_KA_KA_Normal": "10.8",
    "2017-07-31_Seat_Leon_KA_KA_Frei": "10.1", "2017-08-01_Seat_Leon_KA_KA_Frei": "10.8",
}  # fmt: skip
MONTHS = ["2017-07", "2017-08"]
KILOMETRE, HOUR = Decimal("0.31"), Decimal("4.80")


def file_of(trip: str) -> str:
    return f"vehicle-obd-kit/1hz/{trip}.csv.gz"


def by_hand(path: Path) -> tuple[Decimal, int]:
    """Metres and seconds of one trip, naively."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        speeds = [row[SPEED] for row in csv.DictReader(file)]
    return sum((Decimal(speed) for speed in speeds if speed), Decimal(0)) * SECOND, len(speeds)


def until(path: Path, clock: str, folder: Path) -> Path:
    """The rows of a trip before a time of day, byte for byte, under the same day."""
    target = folder / f"{path.parent.name} {path.name}".removesuffix(".gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as whole, target.open("w") as part:
        part.write(next(whole))
        part.writelines(line for line in whole if line < clock)
    return target


@pytest.fixture
def car(register: Callable[..., Any], provider: Any, cast: dict[str, Any]) -> Any:
    from apps.assets.domain.facts import ChannelFacts

    channels = [
        ChannelFacts("travelled", "Distance", "delta", "m"),
        ChannelFacts("driven", "Driving time", "delta", "s"),
        ChannelFacts("speed", "Speed", "gauge", "km/h"),
        ChannelFacts("way", "Way", "delta", "km", formula="integral(speed)",
                     formula_step=Decimal("0.1"), formula_hold_seconds=5),
    ]  # fmt: skip
    register("Car", channels, ["LEON-1", "LEON-2"])
    priced = plan(
        "Trips", per_unit("travelled", "km", str(KILOMETRE)), per_unit("driven", "h", str(HOUR))
    )
    return agree(
        provider, cast["customer"], title="Trips", starts_on=date(2017, 7, 1), plan=priced,
        items=[("LEON-1", "travelled", "travelled"), ("LEON-1", "driven", "driven")],
    )  # fmt: skip


def test_each_trip_falls_on_the_day_of_its_file_and_is_billed(
    car: Any, recording: Callable[[str], Path], take_file: Callable[..., Any], provider: Any,
    tmp_path: Path,
) -> None:  # fmt: skip
    expected = {month: [Decimal(0), 0] for month in MONTHS}
    for trip, kilometres in TRIPS.items():
        path = recording(file_of(trip))
        metres, seconds = by_hand(path)
        assert round(metres / 1000, 1) == Decimal(kilometres), trip
        run = take_file(path, "trips", MAPPING)
        # The speed appears a row or two after the clock; every row is a second of driving.
        assert (run.state, run.rows_total, run.refused, run.conflicts) == ("done", seconds, 0, 0)
        assert run.accepted + run.skipped == 2 * seconds
        expected[trip[:7]][0] += metres
        expected[trip[:7]][1] += seconds
    invoices = bill(MONTHS[-1:])
    told = proved(invoices, provider, tmp_path)
    for invoice, (metres, seconds) in zip(invoices, expected.values(), strict=True):
        assert invoice.net_minor == cents(metres / 1000 * KILOMETRE) + cents(seconds * HOUR / 3600)
    quantities = [Decimal(line["quantity"]) for line in told[::2]]
    assert quantities == [round(metres / 1000, 12) for metres, _seconds in expected.values()]


def test_a_file_without_a_day_in_its_name_is_not_guessed(
    car: Any, recording: Callable[[str], Path], tmp_path: Path
) -> None:
    renamed = tmp_path / "my last trip.csv.gz"
    shutil.copyfile(recording(file_of(next(iter(TRIPS)))), renamed)
    assert refused_with(renamed, MAPPING) == (
        "The file's name “my last trip.csv.gz” holds no day written as %Y-%m-%d."
    )
    time = {"columns": ["Time"], "format": "%H:%M:%S.%f", "zone": "Europe/Berlin"}
    assert refused_with(renamed, {**MAPPING, "time": time}) == (
        "the profile cannot be used: time.format: “%H:%M:%S.%f” is a time of day alone: "
        "name the file's day, or where its name holds it."
    )
    unzoned = {"columns": ["Time"], "date": "2017-07-06"}
    assert "name the time zone they are in" in refused_with(renamed, {**MAPPING, "time": unzoned})


def test_the_preview_shows_when_a_trip_began_in_the_zone_of_the_profile(
    car: Any, recording: Callable[[str], Path]
) -> None:
    path = recording(file_of("2017-07-06_Seat_Leon_KA_KA_Normal"))
    assert look(path, MAPPING).first_at.isoformat() == "2017-07-06T06:37:58.298000+00:00"
    elsewhere = {**MAPPING, "time": {**MAPPING["time"], "zone": "Europe/London"}}
    assert look(path, elsewhere).first_at.isoformat() == "2017-07-06T07:37:58.298000+00:00"


def test_a_file_read_again_in_another_zone_says_that_it_counts_twice(
    car: Any, recording: Callable[[str], Path], take_file: Callable[..., Any], provider: Any,
    client_of: Callable[..., Any], as_company: Callable[..., Any],
) -> None:  # fmt: skip
    from apps.telemetry.models import ImportProfile
    from apps.telemetry.operations.imports import save_profile, upload_file

    path = recording(file_of("2017-07-10_Seat_Leon_KA_KA_Stau"))
    wrong = {**MAPPING, "time": {**MAPPING["time"], "zone": "Europe/London"}}
    first = take_file(path, "trips", wrong)
    stored = first.accepted
    assert take_file(path, "trips", wrong).pk == first.pk
    profile = ImportProfile.objects.get()
    save_profile(name="trips", mapping=MAPPING, now=NOW, profile=profile)
    with path.open("rb") as file:
        run = upload_file(profile=profile, file=file, file_name=path.name, now=NOW)
    page = client_of(provider).get(f"/imports/{run.public_id}/preview/").content.decode()
    assert f"and {stored} values of it are stored" in page
    assert "counts a second time" in page
    with as_company(provider):
        again = take_file(path, "trips", MAPPING)
    assert (again.accepted, again.duplicates) == (stored, 0)
    assert "imported_before" in [entry["reason"] for entry in again.problems]


def test_eleven_rows_a_second_bill_the_same_way_as_one(
    car: Any, recording: Callable[[str], Path], take_file: Callable[..., Any], provider: Any,
    cast: dict[str, Any], tmp_path: Path,
) -> None:  # fmt: skip
    """The first minutes of a trip, from the whole recording and from a row of each second."""
    trip, rows, metres = "2017-07-06_Seat_Leon_KA_KA_Normal", [], Decimal(0)
    moment = {name: MAPPING["time"][name] for name in ("columns", "date_in_name", "zone")}
    columns = [{"column": SPEED, "channel": "speed", "unit": "km/h"}]
    for serial, folder in (("LEON-1", "1hz"), ("LEON-2", "raw")):
        agree(
            provider, cast["customer"], title=serial, starts_on=date(2017, 7, 1),
            items=[(serial, "way", "way")], plan=plan("Way", per_unit("way", "km", "0.31")),
        )  # fmt: skip
        path = until(recording(f"vehicle-obd-kit/{folder}/{trip}.csv.gz"), "08:44", tmp_path)
        mapping = {**MAPPING, "asset": serial, "time": moment, "columns": columns}
        run = take_file(path, serial, mapping)
        assert (run.state, run.refused) == ("done", 0)
        rows.append(run.rows_total)
        metres = metres or by_hand(path)[0]
    assert rows[1] > 10 * rows[0]
    told = proved(bill(["2017-07"]), provider, tmp_path)
    coarse, fine = (Decimal(line["quantity"]) for line in told)
    # The last row counts for the five seconds a speed holds, in the naive sum for one.
    assert coarse == fine
    assert abs(coarse - metres / 1000) < Decimal("0.1")
