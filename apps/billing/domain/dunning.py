"""Late payment by the creditor's statute: interest day by day, a lump sum, levels of reminders."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Statute:
    """What the law gives a creditor between companies: points above a reference rate, a lump sum.

    `series` names the reference rate's table; the lump sum is minor units of `currency`.
    """

    code: str
    series: str
    points: Decimal
    lump_minor: int
    currency: str


# § 288 (2), (5) and § 247 BGB. Elsewhere in the Union the least that directive 2011/7/EU, articles
# 2, 3 and 6, gives: where a country's law gives more, the contract says so.
GERMANY = Statute("DE", "DE", Decimal(9), 4_000, "EUR")
UNION = Statute("EU", "ECB", Decimal(8), 4_000, "EUR")
NOTHING = Statute("", "", Decimal(0), 0, "EUR")
MEMBERS = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip


def statute_of(country: str) -> Statute:
    """By the creditor's country; outside the Union only what the contract says."""
    if country == "DE":
        return GERMANY
    return UNION if country in MEMBERS else NOTHING


@dataclass(frozen=True, slots=True)
class Level:
    """A reminder: so many days after the day it was due, with a fee or the statute's lump sum."""

    after_days: int
    fee_minor: int = 0
    with_lump: bool = False


USUAL_LEVELS = (Level(3), Level(14, with_lump=True), Level(28))
# Two reminders of one document are never closer than this.
APART = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds between two companies. `points` above the reference rate, percent a year."""

    statute: Statute
    points: Decimal
    levels: Sequence[Level] = USUAL_LEVELS

    def fee(self, level: int, currency: str) -> int:
        """Of the reminder of this level (from 1), minor units; a lump sum in its own currency."""
        found = self.levels[level - 1]
        lump = self.statute.lump_minor if currency == self.statute.currency else 0
        return found.fee_minor + (lump if found.with_lump else 0)


def terms_of(country: str, agreed: Mapping[str, Any]) -> Terms:
    """The creditor's statute, and what the contract gives the creditor beyond it.

    `agreed`: {"points": "10", "levels": [{"after_days": 7, "fee_minor": 500, "with_lump": true}]}.
    """
    statute = statute_of(country)
    levels = tuple(Level(**level) for level in agreed.get("levels", ())) or USUAL_LEVELS
    return Terms(statute, max(statute.points, Decimal(agreed.get("points", "0"))), levels)


@dataclass(frozen=True, slots=True)
class Rate:
    """A reference rate in percent a year from a day on."""

    valid_from: date
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Balance:
    """What was owed from a day on, minor units."""

    valid_from: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Accrual:
    """Interest of whole days `[start, end)` of one year on one amount at one rate, unrounded."""

    start: date
    end: date
    amount_minor: int
    percent: Decimal

    @property
    def interest(self) -> Fraction:
        days = (self.end - self.start).days
        year = Fraction(self.percent) * days / (100 * days_of(self.start.year))
        return self.amount_minor * year

    def to_dict(self) -> dict[str, object]:
        return {
            "start": self.start.isoformat(), "end": self.end.isoformat(),
            "amount_minor": self.amount_minor, "percent": f"{self.percent:f}",
        }  # fmt: skip


def days_of(year: int) -> int:
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def accruals(
    balances: Sequence[Balance], rates: Sequence[Rate], points: Decimal, start: date, end: date
) -> list[Accrual]:
    """Interest of the days `[start, end)`, told apart where amount, rate or year changes.

    Balances and rates are in the order of their days; before the first balance nothing is owed.
    Raises LookupError when the rates begin later than `start`. A rate below zero counts as 0.
    """
    edges = {start, end, *(date(year, 1, 1) for year in range(start.year + 1, end.year + 1))}
    edges |= {balance.valid_from for balance in balances} | {rate.valid_from for rate in rates}
    days = sorted(day for day in edges if start <= day <= end)
    found = []
    for first, after in pairwise(days):
        amount = _at(balances, first)
        if amount is not None and amount.amount_minor > 0:
            percent = max(Decimal(0), _rate_at(rates, first) + points)
            found.append(Accrual(first, after, amount.amount_minor, percent))
    return found


def _at(balances: Sequence[Balance], day: date) -> Balance | None:
    place = bisect_right([item.valid_from for item in balances], day)
    return balances[place - 1] if place else None


def _rate_at(rates: Sequence[Rate], day: date) -> Decimal:
    place = bisect_right([item.valid_from for item in rates], day)
    if not place:
        raise LookupError(f"no reference rate for {day}")
    return rates[place - 1].percent


def interest_minor(parts: Iterable[Accrual]) -> int:
    """Rounded once, halves up, to minor units; no part is below zero."""
    total = sum((part.interest for part in parts), Fraction(0))
    return (2 * total.numerator + total.denominator) // (2 * total.denominator)


def balances_of(
    opened_on: date, gross_minor: int, steps: Iterable[tuple[date, int]], held_minor: int = 0
) -> list[Balance]:
    """What was owed day by day: the gross, less every step from its day on, less what is held.

    Several steps of a day are one; what is disputed now bears no interest.
    """
    by_day: dict[date, int] = {opened_on: 0}
    for day, amount in steps:
        day = max(day, opened_on)
        by_day[day] = by_day.get(day, 0) + amount
    found, left = [], gross_minor - held_minor
    for day in sorted(by_day):
        left -= by_day[day]
        found.append(Balance(day, max(0, left)))
    return found


def next_level(
    terms: Terms, level: int, due_on: date, last_on: date | None, today: date
) -> int | None:
    """The level of the reminder that is due today, one above the last; None while none is."""
    if level >= len(terms.levels) or (last_on is not None and today < last_on + APART):
        return None
    reached = due_on + timedelta(days=terms.levels[level].after_days)
    return level + 1 if today > due_on and today >= reached else None
