"""Which contract year a period counts in, and which period closes it."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.period import add_months
from apps.contracts.domain.years import YearSpan, year_of_period


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("starts", "ends", "month", "expected"),
    [
        ("2026-01-01", None, "2026-11-01", ("2026-01-01", "2027-01-01", 365, False)),
        ("2026-01-01", None, "2026-12-01", ("2026-01-01", "2027-01-01", 365, True)),
        ("2026-01-01", None, "2027-01-01", ("2027-01-01", "2028-01-01", 365, False)),
        # A first month that begins before the contract counts from its first day.
        ("2026-01-15", None, "2026-01-01", ("2026-01-15", "2027-01-15", 365, False)),
        # The month of the anniversary belongs to the year that ends in it.
        ("2026-01-15", None, "2027-01-01", ("2026-01-15", "2027-01-15", 365, True)),
        ("2026-01-15", None, "2027-02-01", ("2027-01-15", "2028-01-15", 365, False)),
        # An end within the year closes it with its share of the days.
        ("2026-01-01", "2026-07-02", "2026-06-01", ("2026-01-01", "2027-01-01", 182, False)),
        ("2026-01-01", "2026-07-02", "2026-07-01", ("2026-01-01", "2027-01-01", 182, True)),
        # 29 February has its day on the 28th.
        ("2024-02-29", None, "2025-02-01", ("2024-02-29", "2025-02-28", 365, True)),
    ],
)
def test_the_year_of_a_month(
    starts: str, ends: str | None, month: str, expected: tuple[str, str, int, bool]
) -> None:
    first = day(month)
    ends_on = None if ends is None else day(ends)
    span = year_of_period(day(starts), ends_on, first, add_months(first, 1))
    assert (str(span.first), str(span.after), span.covered, span.closes) == expected


def test_a_year_that_began_elsewhere_is_counted_from_there() -> None:
    months = [(day("2026-03-01"), day("2026-04-01")), (day("2026-06-01"), day("2026-07-01")),
              (day("2026-07-01"), day("2026-08-01"))]  # fmt: skip
    spans = [year_of_period(day("2026-03-15"), None, *month, day("2025-07-01")) for month in months]
    assert [(str(span.first), span.covered, span.closes) for span in spans] == [
        ("2025-07-01", 365, False), ("2025-07-01", 365, True), ("2026-07-01", 365, False),
    ]  # fmt: skip


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.integers(0, 60))
def test_every_year_is_closed_by_exactly_one_of_its_months(starts: date, months: int) -> None:
    first = starts.replace(day=1)
    spans: list[YearSpan] = [
        year_of_period(starts, None, add_months(first, n), add_months(first, n + 1))
        for n in range(months + 14)
    ]
    closed = [span.first for span in spans if span.closes]
    assert len(closed) == len(set(closed)) >= 1
    for before, after in pairwise(spans):
        assert (after.first == before.after) == before.closes
