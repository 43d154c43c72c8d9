"""From the stamp as written to the interval or instant it means."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from apps.common.period import zone_of
from apps.common.quantity import BadValue, parse_decimal
from apps.telemetry.domain.mapping.profile import TimeRule

_LONGEST_STAMP = 64
_TOO_FINE = re.compile(r"\.[0-9]{6}[0-9]*[1-9]")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+ ?([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)

Stamped = tuple[datetime, datetime | None]
"""(measured_at, interval_start or None), both in UTC."""


def stamp_reader(rule: TimeRule) -> Callable[[str], Stamped]:
    """A function from the stamp's text to its meaning; it raises BadValue with the reason."""
    zone = zone_of(rule.zone) if rule.zone else None
    length = timedelta(seconds=rule.interval_seconds or 0)

    def read(text: str) -> Stamped:
        written = _parse(text, rule.format)
        if rule.midnight_ends_day and _is_midnight(written, zone):
            written = written + _DAY
        try:
            instant = written if written.tzinfo else _located(written, zone, rule.clock_change)
            return _meant(instant.astimezone(UTC), rule.meaning, length)
        except OverflowError:
            raise BadValue("bad_stamp", {"value": text[:_LONGEST_STAMP]}) from None

    return read


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
        return _iso(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007
    except (ValueError, OverflowError) as error:
        if isinstance(error, BadValue):
            raise
        shown = "2026-03-01T12:00:00Z" if form == "iso" else form
        raise BadValue("not_this_format", {"value": text, "format": shown}) from None


def _iso(text: str) -> datetime:
    if _TOO_FINE.search(text):
        raise BadValue("too_precise_time", {"value": text})
    if not _ISO.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.replace(" +", "+").replace(" Z", "Z"))


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
