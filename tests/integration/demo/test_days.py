"""The demo loads on any day: it tells of the months before its day, and those begin and end differently."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import call_command

from apps.billing.models import Invoice
from apps.demo.operations import load_demo
from apps.tenancy.context import as_platform, no_company

BERLIN = ZoneInfo("Europe/Berlin")
# Where months, years and clocks change: in Berlin, in UTC, and between the two. None is yet to come:
# months of readings are made as far ahead as the database's own clock allows.
EDGES = [
    # An advice of this day has what a correction took back before it was written.
    "2026-12-01 00:30",
    "2025-12-01 00:30", "2025-12-01 01:30", "2025-12-01 12:00", "2025-12-02 09:00",
    "2025-12-15 12:00", "2025-12-31 23:30", "2026-01-01 00:30", "2026-02-28 23:59",
    "2024-02-29 12:00", "2026-03-29 01:30", "2026-03-29 03:30", "2025-10-26 02:30",
    "2026-11-01 00:30",
]  # fmt: skip
# Every so many days and hours: all weekdays, days of a month and hours of a day come up.
STEP, STEPS = timedelta(days=23, hours=7), 32


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT, settings.STATE_DIR = tmp_path / "files", tmp_path


def load_at(moment: datetime) -> None:
    with time_machine.travel(moment):
        load_demo(now=moment, say=print)
        # It exits with 1 and says what broke.
        call_command("check_invariants")
    with no_company(), as_platform():
        assert Invoice.all_parties.filter(state=Invoice.State.ISSUED).count() >= 7


@pytest.mark.long
@pytest.mark.parametrize("day", EDGES)
def test_the_demo_loads_on_any_day_and_again_an_hour_later(day: str, own_database: str) -> None:
    now = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
    load_at(now)
    load_at(now + timedelta(hours=1))


@pytest.mark.long
@pytest.mark.parametrize("step", range(STEPS))
def test_the_demo_loads_in_two_years(step: int, own_database: str) -> None:
    load_at(datetime(2024, 11, 1, tzinfo=BERLIN) + step * STEP)
