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

    def hear(self, at: datetime, value: Decimal) -> str:
        """accepted, duplicate or conflict."""
        if at in self.values:
            return "duplicate" if self.values[at] == value else "conflict"
        self.values[at] = value
        return "accepted"

    def believed(self) -> list[tuple[datetime, Decimal, Decimal]]:
        """(instant, value, what the step to it amounts to), in order of time."""
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
                steps.append((at, value, used))
            elif word == "believe":
                steps.append((at, value, Decimal(0)))
        return steps

    def usage(self, start: datetime, end: datetime) -> Decimal | None:
        """Σ of the steps in (start, end]; the very first reading bills nothing. None: never read."""
        steps = self.believed()
        if not any(at <= end for at, _, _ in steps):
            return None
        return sum((used for at, _, used in steps if start < at <= end), Decimal(0))

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


def month(year: int, number: int, zone: str) -> tuple[datetime, datetime]:
    """A calendar month of a zone as two instants."""
    following = (year, number + 1) if number < 12 else (year + 1, 1)
    return _midnight(date(year, number, 1), zone), _midnight(date(*following, 1), zone)


def _midnight(day: date, zone: str) -> datetime:
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


def nets(plan: str, usage: Decimal) -> dict[Key, int]:
    """(charge, tier) -> cents; lines of nothing are left out. Plans: those of the stories."""
    lines: dict[Key, int] = {} if plan == "ahead" else {("base", 0): 10000}
    if plan != "tiers":
        lines["cycles", 0] = cents(usage * Decimal("0.067"))
    else:
        first = min(usage, Decimal(100))
        lines["cycles", 1] = cents(first * Decimal("0.067"))
        lines["cycles", 2] = cents(max(usage - 100, Decimal(0)) * Decimal("0.0415"))
    return {key: net for key, net in lines.items() if net}


def fee_ahead(first: date, end: date, coming: date) -> int:
    """A fee of 100.00 for the month that begins on a day, by the days the contract covers in it."""
    days = (date(coming.year + coming.month // 12, coming.month % 12 + 1, 1) - coming).days
    covered = (min(end, coming + timedelta(days=days)) - max(first, coming)).days
    return cents(Decimal(100) * max(covered, 0) / days)


def true_up(first: date, end: date, usages: list[Decimal]) -> int:
    """What the cycles of a contract's only year lack to 4,000.00 by its share of the days."""
    owed = Decimal(4000) * (end - first).days / (date(first.year + 1, first.month, 1) - first).days
    taken = sum(nets("year", usage).get(("cycles", 0), 0) for usage in usages)
    return cents(max(owed - Decimal(taken) / 100, Decimal(0)))
