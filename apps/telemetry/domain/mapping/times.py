"""What a row's time is made of: its columns, its format, and the day of stamps that name none."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from apps.common.period import zone_of
from apps.common.quantity import BadValue

NAMED_FORMATS = ("iso", "unix", "unix_ms")
DAY_FORMAT = "%Y-%m-%d"
_PROBE = datetime(2018, 3, 14, 15, 9, 26, tzinfo=UTC)
_DAY_PARTS = {"%Y": "[0-9]{4}", "%y": "[0-9]{2}", "%m": "[0-9]{2}", "%d": "[0-9]{2}",
              "%j": "[0-9]{3}"}  # fmt: skip
_TOO_FINE = re.compile(r"\.[0-9]{6}[0-9]*[1-9]")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+ ?([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?")
_DIRECTIVE = re.compile("(%.)")


@dataclass(frozen=True, slots=True)
class TimeRule:
    """Where the stamp stands and what it means.

    `columns` are joined by one blank. `zone` is for stamps without an offset; `clock_change` says
    which of two instants a doubled (or skipped) local time is. With `meaning` start or end the row
    is an interval of `interval_seconds`, and its reading is measured at the interval's end.
    `midnight_ends_day`: 00:00 closes the day it names instead of opening it. `end_columns` hold the
    end of a row's interval, in the same format.

    Stamps that are a time of day belong to the day `date`; with `date_in_name`, a pattern, the name
    of each file says which day that is. Rows without stamps follow each other from `begin` on, one
    in each interval.
    """

    columns: tuple[str, ...]
    format: str = "iso"
    zone: str = ""
    meaning: str = "instant"
    interval_seconds: int | None = None
    midnight_ends_day: bool = False
    clock_change: str = "refuse"
    end_columns: tuple[str, ...] = ()
    date: str = ""
    date_in_name: str = ""
    begin: str = ""

    @property
    def dated(self) -> bool:
        """Whether the stamps are times of a day that is said elsewhere."""
        return bool(self.date or self.date_in_name)


def iso_time(text: str) -> datetime:
    """A time written as 2018-03-14 15:09:26, with or without an offset.

    Raises ValueError, and BadValue (which is one) too_precise_time.
    """
    if _TOO_FINE.search(text):
        raise BadValue("too_precise_time", {"value": text})
    if not _ISO.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.replace(" +", "+").replace(" Z", "Z"))


def judge_time(rule: TimeRule, wrong: Callable[..., None]) -> None:
    """Tell `wrong(field, reason, **params)` every mistake that several fields make together."""
    _judge_format(rule, wrong)
    if rule.zone:
        try:
            zone_of(rule.zone)
        except BadValue as error:
            wrong("zone", error.reason, **error.params)
    elif _needs_zone(rule):
        wrong("zone", "zone_needed")
    _judge_interval(rule, wrong)
    _judge_day(rule, wrong)
    if rule.begin:
        _judge_begin(rule, wrong)


def _judge_format(rule: TimeRule, wrong: Callable[..., None]) -> None:
    if rule.begin:
        return
    if not rule.dated:
        if rule.format not in NAMED_FORMATS and not _gives_a_day(rule.format):
            reason = "day_needed" if _gives_a_clock(rule.format) else "bad_format"
            wrong("format", reason, value=rule.format)
    elif rule.format != "iso" and not _gives_a_clock(rule.format):
        wrong("format", "clock_needed", value=rule.format)


def _needs_zone(rule: TimeRule) -> bool:
    if rule.begin or "%z" in rule.format:
        return False
    return rule.dated or rule.format not in NAMED_FORMATS


def _judge_interval(rule: TimeRule, wrong: Callable[..., None]) -> None:
    if rule.end_columns and (rule.meaning != "start" or rule.interval_seconds is not None):
        wrong("end_columns", "end_without_start")
    elif rule.meaning != "instant" and rule.interval_seconds is None and not rule.end_columns:
        wrong("interval_seconds", "interval_needed")
    if rule.midnight_ends_day and rule.meaning != "end":
        wrong("midnight_ends_day", "midnight_without_end")


def _judge_day(rule: TimeRule, wrong: Callable[..., None]) -> None:
    if rule.date and not _is_day(rule.date):
        wrong("date", "bad_day", value=rule.date)
    if rule.date_in_name and not _names_a_day(rule.date_in_name):
        wrong("date_in_name", "bad_day_pattern", value=rule.date_in_name)


def _judge_begin(rule: TimeRule, wrong: Callable[..., None]) -> None:
    if rule.columns or rule.end_columns or rule.dated:
        wrong("begin", "begin_and_columns")
    if rule.interval_seconds is None:
        wrong("interval_seconds", "step_needed")
    try:
        begin = iso_time(rule.begin)
    except ValueError:
        wrong("begin", "bad_begin", value=rule.begin)
    else:
        if begin.tzinfo is None and not rule.zone:
            wrong("zone", "zone_needed")


def _gives_a_day(text: str) -> bool:
    """Whether the format gives a whole date (a time of day alone names no instant)."""
    found = _read_back(text)
    return found is not None and found.date() == _PROBE.date()


def _gives_a_clock(text: str) -> bool:
    """Whether the format gives hour and minute and leaves the day to what stands before it."""
    found = _read_back(f"{DAY_FORMAT} {text}")
    return found is not None and (found.hour, found.minute) == (_PROBE.hour, _PROBE.minute)


def _read_back(text: str) -> datetime | None:
    try:
        return datetime.strptime(_PROBE.strftime(text), text)  # noqa: DTZ007 (a trial only)
    except (ValueError, TypeError, re.error):  # re.error: a directive that stands twice
        return None


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _names_a_day(pattern: str) -> bool:
    parts = set(_DIRECTIVE.findall(pattern))
    return parts <= set(_DAY_PARTS) and _gives_a_day(pattern)


def day_named(name: str, pattern: str) -> str | None:
    """The first day that a file's name holds, written as 2018-03-14; None where it holds none."""
    parts = _DIRECTIVE.split(pattern)
    expression = "".join(_DAY_PARTS.get(part) or re.escape(part) for part in parts)
    for found in re.findall(expression, name):
        try:
            return datetime.strptime(found, pattern).date().isoformat()  # noqa: DTZ007 (a day)
        except ValueError:
            continue
    return None
