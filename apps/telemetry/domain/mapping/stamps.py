"""From the stamp as written to the interval or instant it means."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from apps.common.period import zone_of
from apps.common.quantity import BadValue, parse_decimal
from apps.telemetry.domain.mapping.source import BadFile
from apps.telemetry.domain.mapping.times import DAY_FORMAT, TimeRule, iso_time

_LONGEST_STAMP = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)

Stamped = tuple[datetime, datetime | None]
"""(measured_at, interval_start or None), both in UTC."""


def stamp_reader(rule: TimeRule) -> Callable[[str, str, int], Stamped]:
    """A function from a row's stamp, the stamp of its end (where the file has one) and its number
    (the first is 0) to what they mean; it raises BadValue with the reason.
    """
    zone = zone_of(rule.zone) if rule.zone else None
    length = timedelta(seconds=rule.interval_seconds or 0)
    parse = _parser(rule)

    def instant_of(text: str) -> datetime:
        written = parse(text)
        if rule.midnight_ends_day and _is_midnight(written, zone):
            written = written + _DAY
        instant = written if written.tzinfo else _located(written, zone, rule.clock_change)
        return instant.astimezone(UTC)

    def read(text: str, end: str, number: int) -> Stamped:
        try:
            if rule.begin:
                return _meant(instant_of(rule.begin) + number * length, rule.meaning, length)
            if rule.end_columns:
                return _spanned(instant_of(text), instant_of(end))
            return _meant(instant_of(text), rule.meaning, length)
        except OverflowError:
            raise BadValue("bad_stamp", {"value": text[:_LONGEST_STAMP]}) from None

    return read


def _parser(rule: TimeRule) -> Callable[[str], datetime]:
    """From the text as written to a date and time; times of day get the day of the file."""
    if not rule.dated:
        return lambda text: _parse(text, "iso" if rule.begin else rule.format)
    if not rule.date:
        raise BadFile("no_day_in_name", name="", pattern=rule.date_in_name)
    form = "iso" if rule.format == "iso" else f"{DAY_FORMAT} {rule.format}"
    return lambda text: _parse(text and f"{rule.date} {text}", form)


def _spanned(start: datetime, end: datetime) -> Stamped:
    if end <= start:
        raise BadValue("bad_interval")
    return end, start


def _meant(instant: datetime, meaning: str, length: timedelta) -> Stamped:
    if meaning == "instant":
        return instant, None
    return (instant, instant - length) if meaning == "end" else (instant + length, instant)


def _is_midnight(written: datetime, zone: ZoneInfo | None) -> bool:
    local = written.astimezone(zone) if written.tzinfo and zone else written
    return (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)


def _parse(text: str, form: str) -> datetime:
    if not text:
        raise BadValue("missing_time")
    if len(text) > _LONGEST_STAMP:
        raise BadValue("bad_stamp", {"value": text[:_LONGEST_STAMP]})
    if form in ("unix", "unix_ms"):
        return _since_epoch(text, 1_000_000 if form == "unix" else 1_000)
    try:
        return iso_time(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007
    except (ValueError, OverflowError) as error:
        if isinstance(error, BadValue):
            raise
        shown = "2026-03-01T12:00:00Z" if form == "iso" else form
        raise BadValue("not_this_format", {"value": text, "format": shown}) from None


def _since_epoch(text: str, microseconds: int) -> datetime:
    try:
        count = parse_decimal(text) * Decimal(microseconds)
        if count != count.to_integral_value():
            raise BadValue("too_precise_time", {"value": text})
        return _EPOCH + timedelta(microseconds=int(count))
    except OverflowError:
        raise BadValue("bad_stamp", {"value": text}) from None


def _located(written: datetime, zone: ZoneInfo | None, choice: str) -> datetime:
    """The instant of a local time; doubled and skipped ones as the profile says."""
    if zone is None:
        raise BadValue("naive_time", {"value": written.isoformat(sep=" ")})
    first, second = written.replace(tzinfo=zone, fold=0), written.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after:
        return first
    if choice == "refuse":
        doubled = before is not None and after is not None and before > after
        reason = "doubled_time" if doubled else "skipped_time"
        raise BadValue(reason, {"value": written.isoformat(sep=" "), "zone": zone.key})
    return first if choice == "first" else second
