"""Windows of the week by local clock time: each of its 168 hours lies in exactly one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from apps.common.quantity import canonical
from apps.pricing.source import PlanError, Source

MOST_WINDOWS = 20
MOST_SLOTS = 50
MOST_HOLIDAYS = 400
SUNDAY = 7


@dataclass(frozen=True, slots=True)
class Slot:
    """Whole hours of some weekdays (1 Monday … 7 Sunday); past midnight where `end` <= `start`."""

    days: tuple[int, ...]
    start: int
    end: int

    def write(self) -> dict[str, object]:
        return {"days": list(self.days), "from": self.start, "to": self.end}

    def hours(self) -> list[int]:
        """Hours of the week, 0 is Monday's first; Sunday runs over into Monday."""
        length = (self.end - self.start) % 24 or 24
        return [
            ((day - 1) * 24 + self.start + hour) % 168
            for day in self.days
            for hour in range(length)
        ]


@dataclass(frozen=True, slots=True)
class Window:
    """A named part of the week; without slots: all hours that no other window has."""

    code: str
    title: Mapping[str, str]
    unit_price: Decimal
    slots: tuple[Slot, ...] = ()

    def write(self) -> dict[str, object]:
        written: dict[str, object] = {
            "code": self.code, "title": dict(self.title), "unit_price": canonical(self.unit_price),
        }  # fmt: skip
        if self.slots:
            written["hours"] = [slot.write() for slot in self.slots]
        return written


@dataclass(frozen=True, slots=True)
class WindowCalendar:
    """`week`: the window of each hour, 0 is Monday's first. A holiday counts as a Sunday."""

    week: tuple[str, ...]
    holidays: frozenset[date] = frozenset()

    def window_at(self, local: datetime) -> str:
        """The window of a local clock time; an hour that DST repeats is in it twice."""
        weekday = SUNDAY if local.date() in self.holidays else local.isoweekday()
        return self.week[(weekday - 1) * 24 + local.hour]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.week))

    def to_dict(self) -> dict[str, object]:
        """As a metering order and a usage record hold it: runs of [window, hours], holidays."""
        runs: list[list[object]] = []
        for code in self.week:
            if runs and runs[-1][0] == code:
                runs[-1][1] = int(str(runs[-1][1])) + 1
            else:
                runs.append([code, 1])
        return {"week": runs, "holidays": sorted(day.isoformat() for day in self.holidays)}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "WindowCalendar":
        """Raises KeyError, TypeError or ValueError for another form."""
        runs, holidays = data["week"], data["holidays"]
        if not isinstance(runs, (list, tuple)) or not isinstance(holidays, (list, tuple)):
            raise TypeError("not a calendar of windows")
        week = [str(code) for code, hours in runs for _ in range(min(int(hours), 168))]
        if len(week) != 168:
            raise ValueError(f"a week has 168 hours, not {len(week)}")
        return cls(tuple(week), frozenset(date.fromisoformat(day) for day in holidays))


def read_windows(source: Source) -> tuple[Window, ...]:
    """Windows that tile the week. Raises PlanError at the window that does not fit."""
    items = source.items("windows", MOST_WINDOWS)
    windows = tuple(_read_window(item) for item in items)
    for number, window in enumerate(windows):
        if window.code in [other.code for other in windows[:number]]:
            raise PlanError(items[number].at("code"), "repeated_code", code=window.code)
    week_of(windows, source.at("windows"))
    return windows


def _read_window(source: Source) -> Window:
    hours = [] if source.get("hours") is None else source.items("hours", MOST_SLOTS)
    window = Window(
        source.code("code"), source.titles("title"), source.price("unit_price"),
        tuple(_read_slot(item) for item in hours),
    )  # fmt: skip
    source.finish()
    return window


def _read_slot(source: Source) -> Slot:
    days = source.get("days")
    if not isinstance(days, (list, tuple)) or not days:
        raise PlanError(source.at("days"), "missing_days")
    if not all(isinstance(day, int) and 1 <= day <= SUNDAY for day in days):
        raise PlanError(source.at("days"), "not_within", least="1", most=str(SUNDAY))
    slot = Slot(tuple(sorted(set(days))), source.whole("from", 0, 23), source.whole("to", 0, 24))
    if slot.start == slot.end:
        raise PlanError(source.at("to"), "empty_span")
    source.finish()
    return slot


def week_of(windows: tuple[Window, ...], path: str) -> tuple[str, ...]:
    """The window of each of the week's 168 hours. Raises PlanError for overlap and gap."""
    week = [""] * 168
    rest = [window.code for window in windows if not window.slots]
    if len(rest) > 1:
        raise PlanError(path, "two_rests", first=rest[0], second=rest[1])
    for number, window in enumerate(windows):
        for hour in (hour for slot in window.slots for hour in slot.hours()):
            if week[hour]:
                place = f"{path}[{number}].hours"
                raise PlanError(place, "windows_overlap", other=week[hour], **_clock(hour))
            week[hour] = window.code
    if not rest and "" in week:
        raise PlanError(path, "windows_leave_a_gap", **_clock(week.index("")))
    return tuple(code or rest[0] for code in week)


def _clock(hour: int) -> dict[str, str]:
    return {"day": str(hour // 24 + 1), "hour": f"{hour % 24:02d}:00"}
