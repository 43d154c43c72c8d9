"""Billing once with full knowledge, computed naively: raw readings in, cents out.

Plain Python from the rules in domain terms, without any code of the product: no roll-ups, no
versions, no corrections. One counter, one asset, months of one time zone, a fee and one usage charge.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

Key = tuple[str, int]


@dataclass
class Counter:
    """Everything that was ever said about a counter; the first value of an instant stays."""

    values: dict[datetime, Decimal] = field(default_factory=dict)
    words: dict[datetime, str] = field(default_factory=dict)
    resets: list[datetime] = field(default_factory=list)
    # From when on one count stands for how much.
    factors: dict[datetime, Decimal] = field(default_factory=dict)

    def hear(self, at: datetime, value: Decimal) -> str:
        """accepted, duplicate or conflict."""
        if at in self.values:
            return "duplicate" if self.values[at] == value else "conflict"
        self.values[at] = value
        return "accepted"

    def believed(self) -> list[tuple[datetime, Decimal, Decimal]]:
        """(instant, value, what the step to it stands for), in order of time."""
        steps: list[tuple[datetime, Decimal, Decimal]] = []
        for at in sorted(self.values):
            value, word = self.values[at], self.words.get(at, "")
            if word == "disbelieve":
                continue
            if not steps:
                steps.append((at, value, Decimal(0)))
                continue
            before_at, before, _ = steps[-1]
            if any(before_at < reset <= at for reset in self.resets):
                used = value  # the counter began again at zero
            else:
                used = value - before
            if used >= 0:
                steps.append((at, value, used * self.factor_before(at)))
            elif word == "believe":
                steps.append((at, value, Decimal(0)))
        return steps

    def factor_before(self, at: datetime) -> Decimal:
        """A meter counts up to the reading that it ends with."""
        known = [since for since in self.factors if since < at]
        return self.factors[max(known)] if known else Decimal(1)

    def usage(self, start: datetime, end: datetime) -> Decimal | None:
        """Σ of the steps in (start, end]; the very first reading bills nothing. None: never read."""
        steps = self.believed()
        if not any(at <= end for at, _, _ in steps):
            return None
        return sum((used for at, _, used in steps if start < at <= end), Decimal(0))

    def until(self, instant: datetime) -> "Counter":
        """The same, as if nothing had been heard after an instant."""
        known = {at: value for at, value in self.values.items() if at <= instant}
        return Counter(known, self.words, self.resets, self.factors)

    def usage_in_line(self, start: datetime, end: datetime, silence: timedelta) -> Decimal | None:
        """The same where a silence over an edge is bridged by a straight line between its readings."""
        if self.usage(start, end) is None:
            return None
        return self._run_until(end, silence) - self._run_until(start, silence)

    def _run_until(self, instant: datetime, silence: timedelta) -> Decimal:
        total, last = Decimal(0), None
        for at, _, used in self.believed():
            if at > instant:
                if last is not None and last < instant and at - last > silence:
                    passed, whole = (instant - last).total_seconds(), (at - last).total_seconds()
                    part = used * Decimal(passed) / Decimal(whole)
                    total += part.quantize(Decimal("1e-12"), rounding=ROUND_HALF_UP)
                break
            total, last = total + used, at
        return total


def days_of_periods(kind: str, first: date, count: int) -> list[date]:
    """Where calendar months or weeks begin: the one that holds a day, and as many after it."""
    found = [first.replace(day=1) if kind == "month" else first - timedelta(days=first.weekday())]
    for _ in range(count):
        found.append(_following(kind, found[-1]))
    return found


def _following(kind: str, day: date) -> date:
    if kind == "week":
        return day + timedelta(days=7)
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def day_before(kind: str, day: date) -> date:
    """Where the calendar period before the one that begins on a day began."""
    return (day - timedelta(days=1)).replace(day=1) if kind == "month" else day - timedelta(days=7)


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a day: a day whose midnight a clock change skips begins later."""
    place = ZoneInfo(zone)
    for minute in range(180):
        local = datetime(day.year, day.month, day.day, minute // 60, minute % 60)  # noqa: DTZ001
        instant = local.replace(tzinfo=place).astimezone(UTC)
        if instant.astimezone(place).replace(tzinfo=None) == local:
            return instant
    raise ValueError(f"{day} has no beginning in {zone}")


def cents(amount: Decimal) -> int:
    return int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass(frozen=True)
class Terms:
    """What is agreed from a day on: a fee a period, a price per unit, another one `above` 100 of them.

    `ahead`: the fee is paid with the period before. `least`: what the units of a contract year come to.
    """

    since: date
    fee: int = 100
    unit: str = "0.067"
    above: str = ""
    ahead: bool = False
    least: int = 0

    def of_units(self, usage: Decimal) -> dict[Key, int]:
        if not self.above:
            return {("cycles", 0): cents(usage * Decimal(self.unit))}
        first = min(usage, Decimal(100))
        return {
            ("cycles", 1): cents(first * Decimal(self.unit)),
            ("cycles", 2): cents((usage - first) * Decimal(self.above)),
        }


@dataclass
class Agreement:
    """A contract from its first day to the day it ends before, and its terms as they came."""

    kind: str
    first: date
    end: date | None
    terms: list[Terms]

    def in_force(self, day: date) -> Terms:
        return [item for item in self.terms if item.since <= max(day, self.first)][-1]

    def fee(self, begins: date) -> int:
        """For the period that begins on a day, by the days the contract covers in it."""
        after = _following(self.kind, begins)
        until = after if self.end is None else min(after, self.end)
        covered = max((until - max(begins, self.first)).days, 0)
        return cents(Decimal(self.in_force(begins).fee) * covered / (after - begins).days)

    def lines(self, begins: date, usage: Decimal) -> dict[Key, int]:
        """(charge, tier) -> cents of the period that begins on a day, but for the year's minimum."""
        after, found = _following(self.kind, begins), self.in_force(begins).of_units(usage)
        fees = 0 if self.in_force(begins).ahead else self.fee(begins)
        if self.in_force(after).ahead:
            fees += self.fee(after)
        return {key: net for key, net in {**found, ("base", 0): fees}.items() if net}

    def true_up(self, last: date, usages: list[tuple[date, Decimal]]) -> int:
        """What the units of a contract's only year lack to its minimum by its share of the days."""
        assert self.end is not None
        whole = (a_year_after(self.first) - self.first).days
        owed = Decimal(self.in_force(last).least) * (self.end - self.first).days / whole
        taken = sum(sum(self.in_force(day).of_units(used).values()) for day, used in usages)
        return cents(max(owed - Decimal(taken) / 100, Decimal(0)))


def a_year_after(day: date) -> date:
    """The same day of the next year; a 29 February has the 28th."""
    return day.replace(year=day.year + 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
