"""The range a page's address names."""

from datetime import UTC, date, datetime

import pytest

from apps.common.timerange import chosen_range

NOW = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)  # 1 April in Berlin


@pytest.mark.parametrize(
    ("parameters", "first", "last"),
    [
        ({"range": "this_month"}, date(2026, 4, 1), date(2026, 4, 1)),
        ({"range": "last_month"}, date(2026, 3, 1), date(2026, 3, 31)),
        ({"range": "12_months"}, date(2025, 5, 1), date(2026, 4, 1)),
        ({"from": "2026-01-05", "to": "2026-01-06"}, date(2026, 1, 5), date(2026, 1, 6)),
        ({}, date(2026, 3, 3), date(2026, 4, 1)),
        ({"from": "2026-02-30"}, date(2026, 3, 3), date(2026, 4, 1)),
        ({"from": "2026-01-06", "to": "2026-01-05"}, date(2026, 3, 3), date(2026, 4, 1)),
        ({"from": "0001-01-01", "to": "9999-12-31"}, date(2026, 3, 3), date(2026, 4, 1)),
        ({"range": "<script>"}, date(2026, 3, 3), date(2026, 4, 1)),
    ],
)
def test_which_days_are_shown(parameters: dict[str, str], first: date, last: date) -> None:
    chosen = chosen_range(parameters, now=NOW, zone="Europe/Berlin")
    assert (chosen.first, chosen.last) == (first, last)


def test_the_period_is_half_open_in_the_zone() -> None:
    chosen = chosen_range({"range": "last_month"}, now=NOW, zone="Europe/Berlin")
    assert chosen.period.start == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert chosen.period.end == datetime(2026, 3, 31, 22, tzinfo=UTC)
