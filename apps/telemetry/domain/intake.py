"""What one item shows on its own: form, unit, bounds and time. Belief comes later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from apps.common.period import parse_instant
from apps.common.quantity import BadValue, bounded, multiply, parse_decimal
from apps.common.units import convert

FUTURE_TOLERANCE = timedelta(hours=1)
LONGEST_NAME = 200

REASONS: dict[str, dict[str, str]] = {
    "unknown_channel": {
        "en": "Channel {channel} is not known here.",
        "de": "Der Kanal {channel} ist hier nicht bekannt.",
    },
    "unknown_asset": {
        "en": "Asset {asset} is not known here.",
        "de": "Die Anlage {asset} ist hier nicht bekannt.",
    },
    "derived_channel": {
        "en": "Channel {channel} is derived from others: nothing is sent to it.",
        "de": "Der Kanal {channel} wird aus anderen abgeleitet: An ihn wird nichts gesendet.",
    },
    "missing_value": {"en": "{field} is missing.", "de": "{field} fehlt."},
    "bad_text": {"en": "{field} is no usable text.", "de": "{field} ist kein brauchbarer Text."},
    "not_a_number": {"en": "The value is not a number.", "de": "Der Wert ist keine Zahl."},
    "too_long": {
        "en": "The number has more than {characters} characters.",
        "de": "Die Zahl hat mehr als {characters} Zeichen.",
    },
    "exponent_too_large": {
        "en": "The exponent is out of bounds.",
        "de": "Der Exponent ist außerhalb der Grenzen.",
    },
    "too_large": {
        "en": "More than {digits} digits before the point.",
        "de": "Mehr als {digits} Stellen vor dem Komma.",
    },
    "too_precise": {
        "en": "More than {digits} digits after the point.",
        "de": "Mehr als {digits} Stellen nach dem Komma.",
    },
    "bad_time": {
        "en": "{value} is not a time such as 2026-03-01T12:00:00Z.",
        "de": "{value} ist keine Zeit wie 2026-03-01T12:00:00Z.",
    },
    "too_precise_time": {
        "en": "{value} is finer than a microsecond.",
        "de": "{value} ist feiner als eine Mikrosekunde.",
    },
    "naive_time": {
        "en": "{value} has no time zone.",
        "de": "{value} hat keine Zeitzone.",
    },
    "in_future": {
        "en": "{value} lies in the future.",
        "de": "{value} liegt in der Zukunft.",
    },
    "before_retention": {
        "en": "{value} is before {edge}, from which readings are kept.",
        "de": "{value} liegt vor {edge}, ab dem Messwerte aufbewahrt werden.",
    },
    "unknown_unit": {
        "en": "The unit {unit} is not known.",
        "de": "Die Einheit {unit} ist nicht bekannt.",
    },
    "unit_mismatch": {
        "en": "The unit {unit} cannot become {expected}.",
        "de": "Die Einheit {unit} lässt sich nicht in {expected} umrechnen.",
    },
    "bad_interval": {
        "en": "The interval does not begin before it ends.",
        "de": "Das Intervall beginnt nicht vor seinem Ende.",
    },
    "falling": {
        "en": "Below the reading before it ({previous}).",
        "de": "Kleiner als der Messwert davor ({previous}).",
    },
    "too_fast": {
        "en": "A step of {used}; at most {most} is plausible in that time.",
        "de": "Ein Schritt von {used}; in dieser Zeit sind höchstens {most} plausibel.",
    },
    "above_register": {
        "en": "The register ends below {register_size}.",
        "de": "Das Zählwerk endet unter {register_size}.",
    },
    "exchange_does_not_fit": {
        "en": "The declared closing value is below the reading before it ({previous}).",
        "de": "Der erklärte Endstand ist kleiner als der Messwert davor ({previous}).",
    },
    "below_minimum": {
        "en": "Below the channel's minimum of {minimum}.",
        "de": "Unter dem Minimum des Kanals von {minimum}.",
    },
    "above_maximum": {
        "en": "Above the channel's maximum of {maximum}.",
        "de": "Über dem Maximum des Kanals von {maximum}.",
    },
    "negative_amount": {"en": "A negative amount.", "de": "Eine negative Menge."},
    "declared_wrong": {"en": "Declared wrong by a person.", "de": "Von einer Person verworfen."},
}


@dataclass(frozen=True, slots=True)
class Item:
    """An item that passed: `value` in the channel's unit, times in UTC."""

    position: int
    source: str
    id: str
    channel: str
    measured_at: datetime
    value: Decimal
    interval: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item that did not: its place in the message, a reason code and parameters."""

    position: int
    reason: str
    params: Mapping[str, str] = field(default_factory=dict)

    def text(self, language: str) -> str:
        return reason_text(self.reason, self.params, language)


def reason_text(reason: str, params: Mapping[str, str], language: str) -> str:
    """A refusal or disbelief as a sentence; an unknown reason stands for itself."""
    sentences = REASONS.get(reason)
    if sentences is None:
        return reason
    return sentences["de" if language.startswith("de") else "en"].format_map(_Shown(params))


class _Shown(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def judge_value(value: object, kind: str = "counter") -> Decimal:
    """A bounded decimal from text, int or Decimal; a state also takes true and false.

    Raises BadValue with one of the codes of `quantity.parse_decimal`, or missing_value.
    """
    if value is None or value == "":
        raise BadValue("missing_value", {"field": "value"})
    if kind == "state" and isinstance(value, bool):
        return Decimal(int(value))
    return parse_decimal(value)


def judge_time(text: object, now: datetime, edge: datetime) -> datetime:
    """An aware UTC time between the retention edge and one hour from now.

    Raises BadValue: missing_value, bad_time, naive_time, too_precise_time, in_future,
    before_retention.
    """
    if text is None or text == "":
        raise BadValue("missing_value", {"field": "time"})
    instant = text if isinstance(text, datetime) else parse_instant(text)
    if instant.tzinfo is None:
        raise BadValue("naive_time", {"value": instant.isoformat()})
    if instant > now + FUTURE_TOLERANCE:
        raise BadValue("in_future", {"value": instant.isoformat()})
    if instant < edge:
        raise BadValue("before_retention", {"value": instant.isoformat(), "edge": edge.isoformat()})
    return instant


def judge_unit(value: Decimal, unit: str | None, expected: str) -> Decimal:
    """The value in the channel's unit. Raises BadValue: unknown_unit, unit_mismatch, too_large."""
    return value if unit is None or unit == expected else convert(value, unit, expected)


def judge_factor(value: Decimal, factor: Decimal) -> Decimal:
    """A raw count times its calibration factor. Raises BadValue too_large."""
    return bounded(multiply(value, factor))


def judge_name(text: object, field_name: str) -> str:
    """A source, id or channel name: printable text of at most 200 characters."""
    if text is None or text == "":
        raise BadValue("missing_value", {"field": field_name})
    if not isinstance(text, str) or len(text) > LONGEST_NAME or not text.isprintable():
        raise BadValue("bad_text", {"field": field_name})
    return text
