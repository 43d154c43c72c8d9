"""The mail of the day leaves at seven by the company's clock."""

from datetime import UTC, date, datetime

import pytest

from apps.notifications.domain.schedule import next_digest


@pytest.mark.parametrize(
    ("now", "zone", "day", "due"),
    [
        # Before seven in Berlin it is today's, at seven and after tomorrow's.
        (datetime(2026, 11, 2, 5, 59, tzinfo=UTC), "Europe/Berlin", date(2026, 11, 2), (2, 6)),
        (datetime(2026, 11, 2, 6, 0, tzinfo=UTC), "Europe/Berlin", date(2026, 11, 3), (3, 6)),
        (datetime(2026, 11, 2, 6, 30, tzinfo=UTC), "Europe/London", date(2026, 11, 2), (2, 7)),
        # It is the 3rd already in Auckland.
        (datetime(2026, 11, 2, 12, 0, tzinfo=UTC), "Pacific/Auckland", date(2026, 11, 3), (2, 18)),
    ],
)
def test_the_next_day_and_instant(
    now: datetime, zone: str, day: date, due: tuple[int, int]
) -> None:
    assert next_digest(now, zone) == (day, datetime(2026, 11, *due, tzinfo=UTC))


def test_on_the_day_the_clock_changes_it_is_seven_all_the_same() -> None:
    saturday = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert next_digest(saturday, "Europe/Berlin") == (
        date(2026, 10, 25), datetime(2026, 10, 25, 6, tzinfo=UTC)
    )  # fmt: skip
