"""Which source counts for a contract item: its own channel, others of the asset, the customer's word."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from apps.common.quantity import BadValue, canonical, parse_decimal

DEVICE = "device"
DECLARED = "declared"
CHANNEL = "channel:"
MARK = "mark"
PARK = "park"
MOST_SOURCES = 5
MOST_HOURS = 24 * 366
# No type may name a channel so: codes have no hyphen.
DECLARED_SUFFIX = "-declared"


def declared_code(channel_code: str) -> str:
    """The channel that holds what the customer declares of a counter."""
    return f"{channel_code}{DECLARED_SUFFIX}"


def stored_at(read_at: datetime, generation: int) -> datetime:
    """Where the word on an instant is stored: a later one a microsecond before the earlier.

    An instant of a channel has one reading that stays; the one that counts is believed alone.
    """
    return read_at - generation * timedelta(microseconds=1)


def said_of(measured_at: datetime, instant: datetime) -> bool:
    """Whether a stored reading is a word on this instant."""
    return instant - timedelta(seconds=1) < measured_at <= instant


@dataclass(frozen=True, slots=True)
class MeterTerms:
    """What a contract item says of its meter: sources in order, and what an expired one does.

    `sources`: `device` (the item's channel), `channel:<code>` of the same asset, `declared` by the
    customer. A source is silent after so many hours without a reading, then the next one counts.
    `deviation`: percent by which another source may differ before that is a warning. `expired`:
    an expired verification marks the record, or parks the contract. Raises BadValue.
    """

    sources: tuple[str, ...] = (DEVICE,)
    silent_after: int = 24
    deviation: Decimal | None = None
    expired: str = MARK

    def __post_init__(self) -> None:
        if not 0 < len(self.sources) <= MOST_SOURCES or len(set(self.sources)) < len(self.sources):
            raise BadValue("bad_sources")
        if self.sources != (DECLARED,) and self.sources[0] != DEVICE:
            raise BadValue("device_first")
        if not all(map(_is_source, self.sources)):
            raise BadValue("bad_sources")
        if not 0 < self.silent_after <= MOST_HOURS:
            raise BadValue("bad_silence")
        if self.deviation is not None and not 0 <= self.deviation <= 1000:
            raise BadValue("bad_deviation")
        if self.expired not in (MARK, PARK):
            raise BadValue("bad_expired")

    @property
    def is_declared(self) -> bool:
        """Whether the customer's word is all there is."""
        return self.sources == (DECLARED,)

    @property
    def has_fallbacks(self) -> bool:
        return len(self.sources) > 1

    def codes(self, channel_code: str) -> tuple[str, ...]:
        """The channels of the sources in order; `channel_code` is the item's."""
        return tuple(source_code(source, channel_code) for source in self.sources)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: decimals as text, hours as a number."""
        return {
            "sources": list(self.sources), "silent_after": self.silent_after,
            "deviation": None if self.deviation is None else canonical(self.deviation),
            "expired": self.expired,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "MeterTerms":
        """Raises KeyError, TypeError or ValueError (BadValue) for another form."""
        sources, silence, deviation = data["sources"], data["silent_after"], data["deviation"]
        if not isinstance(sources, (list, tuple)) or type(silence) is not int:
            raise TypeError("sources are a list, the silence whole hours")
        return cls(
            tuple(map(str, sources)), silence,
            None if deviation is None else parse_decimal(deviation), str(data["expired"]),
        )  # fmt: skip


def source_code(source: str, channel_code: str) -> str:
    """The channel of one source of an item's channel."""
    if source == DEVICE:
        return channel_code
    return declared_code(channel_code) if source == DECLARED else source.removeprefix(CHANNEL)


def _is_source(source: str) -> bool:
    named = source.startswith(CHANNEL) and len(source) > len(CHANNEL)
    return named or source in (DEVICE, DECLARED)
