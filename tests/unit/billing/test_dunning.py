"""Late interest day by day: leap years, rates that change, amounts that are paid in parts."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing.domain.dunning import (
    GERMANY,
    Balance,
    Rate,
    Terms,
    accruals,
    balances_of,
    days_of,
    interest_minor,
    next_level,
    terms_of,
)

# The German base rate (§ 247 BGB), as the table has it.
RATES = [
    Rate(date(2016, 7, 1), Decimal("-0.88")), Rate(date(2023, 1, 1), Decimal("1.62")),
    Rate(date(2023, 7, 1), Decimal("3.12")), Rate(date(2024, 1, 1), Decimal("3.62")),
    Rate(date(2024, 7, 1), Decimal("3.37")),
]  # fmt: skip
DAYS = st.dates(date(2019, 1, 1), date(2025, 12, 31))


def owed(start: date, end: date, *balances: Balance) -> int:
    return interest_minor(accruals(balances, RATES, Decimal(9), start, end))


def test_a_year_at_one_rate_is_exactly_the_rate() -> None:
    amount = Balance(date(2019, 1, 1), 100_000)
    # 8.12 % of 1,000.00, in a year of 365 and in one of 366 days.
    assert owed(date(2021, 1, 1), date(2022, 1, 1), amount) == 8_120
    assert owed(date(2020, 1, 1), date(2021, 1, 1), amount) == 8_120


def test_rates_that_change_within_the_time() -> None:
    # 2023: 181 days at 10.62 % and 184 at 12.12 %; 2024: 91 of 366 days at 12.62 %.
    exact = 100_000 * (
        Fraction("10.62") * 181 / 36_500 + Fraction("12.12") * 184 / 36_500
        + Fraction("12.62") * 91 / 36_600
    )  # fmt: skip
    assert round(exact) == 14_514
    amount = Balance(date(2023, 1, 1), 100_000)
    assert owed(date(2023, 1, 1), date(2024, 4, 1), amount) == 14_514


def test_what_is_paid_in_part_bears_no_interest_from_its_day_on() -> None:
    balances = balances_of(date(2024, 7, 1), 100_000, [(date(2024, 8, 1), 60_000)])
    # 31 days on 1,000.00 and 31 on 400.00, at 12.37 % of 366 days.
    exact = Fraction("12.37") * 31 * 140_000 / 36_600
    assert owed(date(2024, 7, 1), date(2024, 9, 1), *balances) == round(exact) == 1_467


def test_what_is_disputed_bears_none() -> None:
    balances = balances_of(date(2024, 7, 1), 100_000, [], held_minor=100_000)
    assert accruals(balances, RATES, Decimal(9), date(2024, 7, 1), date(2025, 7, 1)) == []


def test_rates_that_begin_later_are_an_error_and_not_zero() -> None:
    with pytest.raises(LookupError):
        owed(date(2016, 1, 1), date(2016, 2, 1), Balance(date(2016, 1, 1), 100))


@given(DAYS, DAYS, DAYS, st.integers(1, 10**12))
def test_interest_adds_up_over_adjoining_times(
    one: date, two: date, three: date, amount: int
) -> None:
    start, middle, end = sorted([one, two, three])
    balance = [Balance(date(2018, 1, 1), amount)]

    def exact(first: date, last: date) -> Fraction:
        parts = accruals(balance, RATES, Decimal(9), first, last)
        return sum((part.interest for part in parts), Fraction(0))

    assert exact(start, middle) + exact(middle, end) == exact(start, end)


@given(DAYS, st.integers(0, 1_500), st.lists(st.tuples(DAYS, st.integers(-500, 900)), max_size=8))
def test_days_tile_and_what_is_owed_never_falls_below_zero(
    start: date, length: int, steps: list[tuple[date, int]]
) -> None:
    end = start + timedelta(days=length)
    balances = balances_of(date(2019, 1, 1), 1_000, steps)
    parts = accruals(balances, RATES, Decimal(9), start, end)
    assert all(part.amount_minor > 0 and start <= part.start < part.end <= end for part in parts)
    assert all(one.end <= two.start for one, two in pairwise(parts))
    # Each day alone gives the same as all together.
    by_day = Fraction(0)
    for number in range(length):
        day = start + timedelta(days=number)
        left = next((b.amount_minor for b in reversed(balances) if b.valid_from <= day), 0)
        rate = next(r.percent for r in reversed(RATES) if r.valid_from <= day) + 9
        by_day += Fraction(left) * Fraction(rate) / (100 * days_of(day.year))
    assert sum((part.interest for part in parts), Fraction(0)) == by_day


def test_the_contract_counts_where_it_gives_the_creditor_more() -> None:
    assert terms_of("DE", {}).points == 9
    assert terms_of("DE", {"points": "5"}).points == 9
    assert terms_of("DE", {"points": "11.5"}).points == Decimal("11.5")
    assert terms_of("FR", {}).statute.series == "ECB"
    assert terms_of("US", {}).points == 0


def test_a_fee_or_the_lump_sum_once() -> None:
    usual = Terms(GERMANY, Decimal(9))
    assert [usual.fee(level, "EUR") for level in (1, 2, 3)] == [0, 4_000, 0]
    assert usual.fee(2, "USD") == 0
    agreed = terms_of("DE", {"levels": [{"after_days": 5, "fee_minor": 500}]})
    assert agreed.fee(1, "EUR") == 500


def test_levels_come_one_by_one_and_a_week_apart() -> None:
    usual, due = Terms(GERMANY, Decimal(9)), date(2026, 11, 1)

    def level(now: int, last: date | None, today: date) -> int | None:
        return next_level(usual, now, due, last, today)

    assert level(0, None, date(2026, 11, 3)) is None
    assert level(0, None, date(2026, 11, 4)) == 1
    # Forgotten for long: still the first comes first, and the second a week later.
    assert level(0, None, date(2027, 3, 1)) == 1
    assert level(1, date(2027, 3, 1), date(2027, 3, 7)) is None
    assert level(1, date(2027, 3, 1), date(2027, 3, 8)) == 2
    assert level(3, date(2027, 3, 8), date(2027, 9, 1)) is None
