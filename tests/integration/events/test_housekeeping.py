"""What companies do each day is done each day, whenever the schedule comes round."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.events.domain import registry
from apps.events.models import Housekeeping, Job
from apps.events.operations import enqueue_housekeeping
from apps.tenancy.context import as_app, as_platform, company_context, no_company

DAY = timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_housekeeping", {"daily": 1440, "hourly": 60, "always": 1})


@pytest.fixture
def companies(cast: dict[str, Any]) -> list[Any]:
    return [cast["provider"], cast["customer"], cast["stranger"]]


def round_at(now: datetime, companies: Sequence[Any]) -> Counter[tuple[int, str]]:
    """One round of the schedule; what it wrote is done at once."""
    with no_company(), as_platform():
        enqueue_housekeeping(now=now, companies=companies)
        rows = Job.all_parties.filter(state="waiting", dedupe="housekeeping")
        written = Counter(rows.values_list("company_id", "kind"))
        rows.update(state="done", finished_at=now)
    return written


def own_minute(company: Any, day: datetime = MIDNIGHT) -> datetime:
    return day + timedelta(minutes=company.pk % 1440)


@pytest.fixture
def begun(companies: list[Any]) -> None:
    """All of it was written the day before, at each company's own minute."""
    for company in companies:
        round_at(own_minute(company) - DAY, [company])


@pytest.mark.usefixtures("begun")
def test_a_missed_minute_is_made_up_for_once(companies: list[Any]) -> None:
    company = companies[0]
    minute = own_minute(company)
    assert round_at(minute - timedelta(seconds=1), [company])[company.pk, "daily"] == 0
    late = minute + timedelta(minutes=10)
    assert round_at(late, [company])[company.pk, "daily"] == 1
    for seconds in (0, 30, 3600, 23 * 3600):
        again = round_at(late + timedelta(seconds=seconds), [company])
        assert again[company.pk, "daily"] == 0, seconds
    assert round_at(minute + DAY, [company])[company.pk, "daily"] == 1, "at its own minute again"


@pytest.mark.usefixtures("begun")
def test_a_schedule_that_drifts_writes_each_day_once(companies: list[Any]) -> None:
    """It comes round each 61 to 187 seconds, and is away for hours in between."""
    found: Counter[tuple[int, str]] = Counter()
    hours: set[tuple[int, int]] = set()
    start = max(own_minute(company) for company in companies)
    now, number, rounds = start, 0, 0
    while now < start + 3 * DAY - timedelta(hours=1):
        found += round_at(now, companies)
        minute = int(now.timestamp()) // 60
        hours |= {(company.pk, (minute - company.pk) // 60) for company in companies}
        number, rounds = (number * 7 + 61) % 127, rounds + 1
        away = timedelta(hours=5) if rounds % 150 == 0 else timedelta()
        now += timedelta(seconds=61 + number) + away
    for company in companies:
        assert found[company.pk, "daily"] == 3
        assert found[company.pk, "always"] == rounds
        begun = [key for key, _hour in hours if key == company.pk]
        assert found[company.pk, "hourly"] == len(begun) > 36


def test_a_day_has_one_job_whoever_writes_it(companies: list[Any]) -> None:
    """A company never seen is due at once; a job that waits still is the one."""
    with no_company(), as_platform():
        assert enqueue_housekeeping(now=MIDNIGHT, companies=companies) == 9
        assert enqueue_housekeeping(now=MIDNIGHT, companies=companies) == 0
        assert enqueue_housekeeping(now=MIDNIGHT + 2 * DAY, companies=companies) == 0
        assert Job.all_parties.filter(dedupe="housekeeping").count() == 9
        assert Housekeeping.all_parties.count() == 6


def test_what_is_not_written_is_not_noted(
    companies: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_given: Any, **_more: Any) -> None:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr("apps.events.operations.housekeeping._job", die)
        with no_company(), as_platform(), pytest.raises(OSError, match="away"):
            enqueue_housekeeping(now=MIDNIGHT, companies=companies)
    assert round_at(MIDNIGHT, companies).total() == 9


def test_as_many_statements_for_all_as_for_one(cast: dict[str, Any]) -> None:
    def asked(companies: list[Any]) -> int:
        with no_company(), as_platform():
            Job.all_parties.exists()  # the connection knows its role
            with CaptureQueriesContext(connection) as found:
                enqueue_housekeeping(now=MIDNIGHT, companies=companies)
        return len(found)

    everybody = list(cast.values())
    assert len(everybody) > 5
    assert asked(everybody[:1]) == asked(everybody[1:]) < 10


def test_a_company_may_do_it_for_itself_alone(companies: list[Any]) -> None:
    with as_app(), company_context(companies[0]):
        assert enqueue_housekeeping(now=MIDNIGHT, companies=companies[:1]) == 3


def test_a_schedule_that_waited_for_another_writes_nothing_again(
    own_database: str, cast: dict[str, Any]
) -> None:
    """The first has written, and its jobs are done, before the second may look."""
    own, written = [cast["provider"]], []

    def second() -> None:
        with no_company(), as_platform():
            written.append(enqueue_housekeeping(now=MIDNIGHT, companies=own))
        connection.close()

    thread = threading.Thread(target=second)
    with no_company(), as_platform(), transaction.atomic():
        assert enqueue_housekeeping(now=MIDNIGHT, companies=own) == 3
        Job.all_parties.update(state="done", finished_at=MIDNIGHT)
        thread.start()
        for _try in range(200):
            with connection.cursor() as cursor:
                cursor.execute("select count(*) from pg_locks where not granted")
                if cursor.fetchone()[0]:
                    break
            time.sleep(0.02)
    thread.join(10)
    assert written == [1], "what is due each minute"
