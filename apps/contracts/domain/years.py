"""Contract years: from the contract's first day to the same day of the next year."""

from dataclasses import dataclass
from datetime import date

from apps.common.period import add_months

MONTHS = 12


@dataclass(frozen=True, slots=True)
class YearSpan:
    """The year [first, after) a period is counted in; the contract covers it until `until`."""

    first: date
    after: date
    until: date
    closes: bool

    @property
    def days(self) -> int:
        return (self.after - self.first).days

    @property
    def covered(self) -> int:
        return max((self.until - self.first).days, 0)


def year_of_period(
    starts_on: date, ends_on: date | None, first: date, after: date, year_from: date | None = None
) -> YearSpan:
    """The contract year a period of days [first, after) counts in: the one it begins in.

    The period in which the year's last covered day lies closes it, so a calendar month that
    holds the anniversary belongs whole to the year that ends in it. `year_from`: when the first year
    began, where the contract ran elsewhere before.
    """
    begins, since = max(first, starts_on), year_from or starts_on
    count = begins.year - since.year
    if _anniversary(since, count) > begins:
        count -= 1
    start, end = _anniversary(since, count), _anniversary(since, count + 1)
    until = end if ends_on is None else min(end, ends_on)
    return YearSpan(start, end, until, closes=after >= until)


def _anniversary(starts_on: date, years: int) -> date:
    """A contract of 29 February has its day on 28 February of other years."""
    return add_months(starts_on, MONTHS * years)
