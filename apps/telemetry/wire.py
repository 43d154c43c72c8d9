"""From bodies to items: CloudEvents 1.0 and ThingsBoard telemetry. Numbers stay text throughout."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import msgspec

from apps.common.quantity import BadValue
from apps.telemetry.operations.columns import Batch, named
from apps.telemetry.operations.judgement import Outcome, RawItem, storable

MOST_ITEMS = 20_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError)


class Unreadable(ValueError):
    """The body cannot be decoded at all; the text says where it breaks."""


class TooMany(ValueError):
    """The body has more items than one request may carry."""


class Data(msgspec.Struct, gc=False):
    """What an event carries. The value is kept as it stands in the body."""

    value: msgspec.Raw = msgspec.Raw(b"")
    asset: str = ""
    channel: str = ""
    unit: str | None = None
    start: str | None = None
    interval_start: str | None = None


class Event(msgspec.Struct, gc=False):
    """A CloudEvents 1.0 envelope with a reading."""

    specversion: str
    id: str
    source: str
    type: str
    data: Data
    subject: str = ""
    time: str = ""


class Telemetry(msgspec.Struct, gc=False):
    """ThingsBoard's form: milliseconds since 1970 and values by channel code."""

    ts: msgspec.Raw
    values: dict[str, msgspec.Raw]


@dataclass(slots=True)
class Message:
    """Items of a body, and those whose form is not that of an item, by position.

    `ids` echoes the sender's ids by position; `raw_of` finds an item's original text.
    """

    items: Sequence[RawItem] = ()
    malformed: dict[int, Outcome] = field(default_factory=dict)
    ids: dict[int, str] = field(default_factory=dict)
    raw_of: Callable[[int], str] = lambda position: ""


_WORDS: dict[str, str | bool] = {"null": "", "true": True, "false": False}
_batch = msgspec.json.Decoder(list[Event])
_one = msgspec.json.Decoder(Event)
_data = msgspec.json.Decoder(Data)
_raws = msgspec.json.Decoder(list[msgspec.Raw])
_telemetry = msgspec.json.Decoder(Telemetry)
_plain_values = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_batch(body: bytes, asset: str = "") -> Message:
    """A JSON list of events; `asset` is meant where an event names none."""
    message = Message(raw_of=_Raws(body))
    try:
        events = _batch.decode(body)
    except _UNREADABLE:
        return _read_each(split(body), message, asset)
    _must_be_few(len(events))
    message.ids = {position: event.id for position, event in enumerate(events)}
    usual = _columns(events, asset)
    if usual is not None:
        message.items = usual
        return message
    message.items = items = []
    for position, event in enumerate(events):
        if event.specversion != "1.0" or not event.id or not event.source:
            message.malformed[position] = _malformed(position, _envelope_problem(event))
        else:
            items.append(_item(position, event, asset))
    return message


def _columns(events: list[Event], asset: str) -> Batch | None:
    """The events as columns; None where one has a bad envelope or more than the usual data."""
    if not all(event.id and event.source and event.specversion == "1.0" for event in events):
        return None
    data = [event.data for event in events]
    if any(each.asset or each.channel or each.start or each.interval_start for each in data):
        return None
    return Batch(
        asset=asset,
        subjects=[event.subject for event in events],
        times=[event.time for event in events],
        values=[each.value for each in data],
        units=[each.unit for each in data],
        make=lambda position: _item(position, events[position], asset),
    )


def read_single(body: bytes, asset: str = "") -> Message:
    """One event as a JSON object."""
    return read_batch(b"[" + body + b"]", asset) if _is_one_object(body) else _refuse(body)


def read_binary(headers: Mapping[str, str], body: bytes, asset: str = "") -> Message:
    """One event whose attributes are ce-… headers and whose body is its data."""
    message = Message(raw_of=lambda position: body.decode("utf-8", "replace"))
    attributes = {name: unquote(headers.get(f"ce-{name}", "")) for name in (
        "specversion", "id", "source", "type", "subject", "time",
    )}  # fmt: skip
    try:
        data = _data.decode(body)
    except _UNREADABLE as problem:
        if not _is_one_object(body):
            raise Unreadable(_said(problem)) from None
        message.malformed[0] = _malformed(0, _said(problem))
        return message
    event = Event(data=data, **attributes)
    message.ids[0] = event.id
    if event.specversion != "1.0" or not (event.id and event.source and event.type):
        message.malformed[0] = _malformed(0, _envelope_problem(event))
    else:
        message.items = [_item(0, event, asset)]
    return message


def read_telemetry(body: bytes, asset: str, now: datetime) -> Message:
    """ThingsBoard's `{"ts": …, "values": {…}}`, a list of them, or only `{"channel": value}` (now)."""
    parts = split(body) if body.lstrip()[:1] == b"[" else split(b"[" + body + b"]")
    message, items = Message(), []
    texts: list[str] = []
    for part in parts:
        try:
            stamp, values = _stamped(part, now)
        except _UNREADABLE as problem:
            message.malformed[len(texts)] = _malformed(len(texts), _said(problem))
            texts.append(_text(part))
            continue
        for channel, value in values.items():
            position = len(texts)
            texts.append(_text(part))
            items.append(RawItem(position, asset, channel, stamp, _value(value)))
        _must_be_few(len(texts))
    message.items = items
    message.raw_of = texts.__getitem__
    return message


def split(body: bytes) -> list[msgspec.Raw]:
    """The items of a JSON list, undecoded. Raises Unreadable and TooMany."""
    try:
        parts = _raws.decode(body)
    except _UNREADABLE as problem:
        raise Unreadable(_said(problem)) from None
    _must_be_few(len(parts))
    return parts


def _read_each(parts: Sequence[msgspec.Raw], message: Message, asset: str) -> Message:
    """The long way: a body with at least one item that is no event."""
    items = []
    for position, part in enumerate(parts):
        try:
            event = _one.decode(part)
            if event.specversion != "1.0" or not event.id or not event.source:
                raise msgspec.ValidationError(_envelope_problem(event))
        except _UNREADABLE as problem:
            message.malformed[position] = _malformed(position, _said(problem))
            continue
        message.ids[position] = event.id
        items.append(_item(position, event, asset))
    message.items = items
    return message


def _item(position: int, event: Event, asset: str) -> RawItem:
    data = event.data
    first, channel = named(event.subject, asset)
    if data.channel and "/" not in event.subject:  # the subject names the asset alone
        first = event.subject or asset
    return RawItem(
        position, data.asset or first, data.channel or channel, event.time,
        _value(data.value), event.id, data.start or data.interval_start, data.unit, "",
        event.source,
    )  # fmt: skip


def _value(raw: msgspec.Raw) -> str | bool:
    """The number as written, without the quotes of a text; whatever else is judged as text."""
    text = str(raw, "utf-8", "replace")
    if text[:1] == '"':
        return text[1:-1]
    if text in _WORDS:
        return _WORDS[text]
    return text[:200]


def _stamped(part: msgspec.Raw, now: datetime) -> tuple[datetime | str, dict[str, msgspec.Raw]]:
    values = _plain_values.decode(part)
    if "values" not in values or "ts" not in values:
        return now, values
    telemetry = _telemetry.decode(part)
    digits = bytes(telemetry.ts).decode("utf-8", "replace")
    if not re.fullmatch(r"-?[0-9]{1,15}", digits):
        return digits[:64], telemetry.values
    try:
        return _EPOCH + timedelta(milliseconds=int(digits)), telemetry.values
    except OverflowError:
        return digits, telemetry.values


def _is_one_object(body: bytes) -> bool:
    try:
        return len(_raws.decode(b"[" + body + b"]")) == 1 and body.lstrip()[:1] == b"{"
    except _UNREADABLE:
        return False


def _refuse(body: bytes) -> Message:
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except _UNREADABLE as problem:
        raise Unreadable(_said(problem)) from None
    raise Unreadable("expected one JSON object")


def _envelope_problem(event: Event) -> str:
    if event.specversion != "1.0":
        return "specversion is not 1.0"
    missing = [name for name in ("id", "source", "type") if not getattr(event, name)]
    return f"{', '.join(missing)} must not be empty"


def _malformed(position: int, detail: str) -> Outcome:
    return Outcome(position, "refused", "bad_form", {"detail": storable(detail)[:200]})


def _said(problem: Exception) -> str:
    if isinstance(problem, RecursionError):
        return "nested too deeply"
    if isinstance(problem, UnicodeError):
        return "not UTF-8"
    return str(problem) if not isinstance(problem, BadValue) else problem.reason


def _text(raw: Any) -> str:
    return bytes(raw).decode("utf-8", "replace")


def _must_be_few(count: int) -> None:
    if count > MOST_ITEMS:
        raise TooMany(f"{count} items; at most {MOST_ITEMS} in one request")


class _Raws:
    """The original texts of a body's items, cut only when one is needed."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._parts: list[msgspec.Raw] | None = None

    def __call__(self, position: int) -> str:
        if self._parts is None:
            self._parts = _raws.decode(self._body)
        return _text(self._parts[position])
