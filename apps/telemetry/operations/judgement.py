"""Judging a batch item by item: the common form quickly, everything else by the domain's rules."""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from hashlib import blake2b

import msgspec

from apps.common.quantity import BadValue, canonical
from apps.telemetry.domain.intake import (
    FUTURE_TOLERANCE,
    judge_name,
    judge_time,
    judge_unit,
    judge_value,
)
from apps.telemetry.models import Device
from apps.telemetry.operations.channels import KnownChannel, Names

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECONDS = {f"{second:02d}": second * 1_000_000 for second in range(60)}
# Read by PostgreSQL exactly as written; whatever looks otherwise goes the long way.
PLAIN_NUMBER = r"-?[0-9]{1,18}(?:\.[0-9]{1,12})?"
_plain_number = re.compile(PLAIN_NUMBER)


class RawItem(msgspec.Struct, gc=False):
    """One item as sent. `asset`: public id or serial; `raw`: its original text, for quarantine.

    `source` is the sender's own name where it gives one (CloudEvents); with `id` it names a delta.
    """

    position: int
    asset: str
    channel: str
    time: str | datetime
    value: str | Decimal | bool | int
    id: str | None = None
    interval_start: str | datetime | None = None
    unit: str | None = None
    raw: str = ""
    source: str | None = None


class Outcome(msgspec.Struct, gc=False):
    """What became of one item: accepted, duplicate, conflict or refused."""

    position: int
    status: str
    reason: str = ""
    params: dict[str, str] = {}


@dataclass(slots=True)
class Rows:
    """Judged items of one table as columns; `micros` are microseconds since 1970 in UTC."""

    indexes: list[int] = field(default_factory=list)
    channels: list[int] = field(default_factory=list)
    micros: list[int] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which instants a reading may lie, and who is sending."""

    now: datetime
    edge: datetime
    source: str
    device: Device | None


@dataclass(slots=True)
class Judged:
    """The outcome of judging: rows for each table, and refusals by index."""

    levels: Rows = field(default_factory=Rows)
    deltas: Rows = field(default_factory=Rows)
    refused: dict[int, Outcome] = field(default_factory=dict)


def judge_items(items: Sequence[RawItem], names: Names, bounds: Bounds) -> Judged:
    """Every item by itself: form, unit, bounds, time, identity."""
    judged = Judged()
    latest, earliest = _micros(bounds.now + FUTURE_TOLERANCE), _micros(bounds.edge)
    minutes: dict[str, int] = {}
    only = bounds.device.asset_id if bounds.device else None
    assets = _Assets(names, only)
    plain, levels, deltas = _plain_number.fullmatch, judged.levels, judged.deltas
    for index, item in enumerate(items):
        try:
            known = names.get((item.asset, item.channel))
            if known is None or (only is not None and known.asset_id != only):
                raise _unknown(item, assets)
            if known.is_derived:
                raise BadValue("derived_channel", {"channel": item.channel})
            value, unit = item.value, item.unit
            if (
                type(value) is not str
                or not plain(value)
                or not (unit is None or unit == known.unit)
            ):
                value = _exact(value, unit, known)
            when = _quick_time(item.time, minutes)
            if when is None or not earliest <= when <= latest:
                when = _instant(item.time, bounds)
            if known.kind == "delta":
                _append_delta(deltas, index, item, known, when, value, bounds)
                continue
        except BadValue as bad:
            judged.refused[index] = Outcome(
                item.position, "refused", bad.reason, _shown(bad.params)
            )
            continue
        levels.indexes.append(index)
        levels.channels.append(known.id)
        levels.micros.append(when)
        levels.values.append(value)
    return judged


class _Assets:
    """Names of the assets the sender may write to; gathered when the first stranger comes."""

    def __init__(self, names: Names, only: uuid.UUID | None) -> None:
        self._names, self._only = names, only

    @cached_property
    def known(self) -> set[str]:
        return {
            asset for (asset, _code), channel in self._names.items()
            if self._only in (None, channel.asset_id)
        }  # fmt: skip


def _unknown(item: RawItem, assets: _Assets) -> BadValue:
    asset = judge_name(item.asset, "asset")
    code = judge_name(item.channel, "channel")
    if asset in assets.known:
        return BadValue("unknown_channel", {"channel": code})
    return BadValue("unknown_asset", {"asset": asset})


def _exact(value: object, unit: str | None, known: KnownChannel) -> str:
    return canonical(judge_unit(judge_value(value, known.kind), unit, known.unit))


def _quick_time(text: object, minutes: dict[str, int]) -> int | None:
    """The usual `2026-03-01T12:00:00Z`; None for any other form. `minutes` remembers a batch's."""
    if type(text) is not str or len(text) != 20 or text[19] != "Z":
        return None
    minute = minutes.get(text[:17])
    if minute is None:
        minute = _minute(text[:17])
        if minute is None:
            return None
        minutes[text[:17]] = minute
    second = _SECONDS.get(text[17:19])
    return None if second is None else minute + second


def micros_of(texts: Iterable[str], bounds: Bounds) -> dict[str, int]:
    """Microseconds since 1970 of each time as written. Raises BadValue at the first bad one."""
    latest, earliest = _micros(bounds.now + FUTURE_TOLERANCE), _micros(bounds.edge)
    minutes: dict[str, int] = {}
    found = {}
    for text in texts:
        when = _quick_time(text, minutes)
        if when is None or not earliest <= when <= latest:
            when = _instant(text, bounds)
        found[text] = when
    return found


def _minute(text: str) -> int | None:
    """Microseconds of `2026-03-01T12:00:`."""
    if text[7] != "-" or text[10] != "T" or text[16] != ":":
        return None
    try:
        return _micros(datetime.fromisoformat(f"{text[:16]}:00+00:00"))
    except ValueError:
        return None


def _micros(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _instant(text: object, bounds: Bounds) -> int:
    return _micros(judge_time(text, bounds.now, bounds.edge))


def _append_delta(
    rows: Rows,
    index: int,
    item: RawItem,
    known: KnownChannel,
    when: int,
    value: str,
    bounds: Bounds,
) -> None:
    counted_at = when
    if item.interval_start not in (None, ""):
        counted_at = _instant(item.interval_start, bounds)
        if counted_at >= when:
            raise BadValue("bad_interval")
    rows.keys.append(_event_key(item, known, bounds.source))
    rows.indexes.append(index)
    rows.channels.append(known.id)
    rows.micros.append(counted_at)
    rows.values.append(value)


def _event_key(item: RawItem, known: KnownChannel, source: str) -> bytes:
    """16 bytes of source and id; without an id, of source, channel and the stamp as sent."""
    source = item.source or source
    if item.id:
        judge_name(item.id, "id")
        name = f"{source}\0id\0{item.id}"
    else:
        stamp = item.time if isinstance(item.time, str) else item.time.isoformat()
        name = f"{source}\0stamp\0{known.id}\0{stamp}"
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _shown(params: dict[str, str]) -> dict[str, str]:
    return {key: storable(str(value))[:120] for key, value in params.items()}


def storable(text: str) -> str:
    """Text that PostgreSQL takes: no NUL, no lone surrogates."""
    return text.encode("utf-8", "replace").decode().replace("\0", "�")
