"""The positions of a host: where a component may be mounted, and what of its use counts there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.common.quantity import BadValue, canonical, parse_decimal

MOST_POSITIONS = 200
# A coupled host (a trailer) needs no position of its own on the host that draws it.
COUPLING = "coupling"
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,19}")
_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ONE = Decimal(1)
_LARGEST_FACTOR = Decimal(1000)
_FACTOR_DIGITS = 4


class BadPosition(ValueError):
    """A line of a layout that cannot be read: its number, a reason code and parameters."""

    def __init__(self, line: int, reason: str, **params: object) -> None:
        self.line, self.reason = line, reason
        self.params = {key: str(value) for key, value in params.items()}
        super().__init__(f"{line}: {reason} {self.params}")


@dataclass(frozen=True, slots=True)
class PositionRule:
    """A named place on a host.

    `factor` multiplies the host's usage (a spare: 0). With `channel` and `value` only the time
    counts in which that state channel of the host has this value (a lift axle that is down).
    """

    code: str
    title: str
    factor: Decimal = _ONE
    channel: str = ""
    value: Decimal | None = None

    def to_dict(self) -> dict[str, str]:
        """JSON-ready; decimals as text."""
        form = {"code": self.code, "title": self.title, "factor": canonical(self.factor)}
        if self.value is not None:
            form |= {"channel": self.channel, "value": canonical(self.value)}
        return form

    @classmethod
    def from_dict(cls, data: Mapping[str, str]) -> "PositionRule":
        value = data.get("value")
        return cls(
            data["code"], data["title"], parse_decimal(data["factor"]), data.get("channel", ""),
            None if value is None else parse_decimal(value),
        )  # fmt: skip

    def line(self) -> str:
        """The line `parse_positions` reads."""
        parts = [self.code, self.title]
        if self.factor != _ONE:
            parts.append(canonical(self.factor))
        if self.value is not None:
            parts.append(f"while {self.channel} = {canonical(self.value)}")
        return "; ".join(parts)


def parse_positions(text: str, states: Iterable[str] = ()) -> list[PositionRule]:
    """One position a line: `code; title`, then `factor` and `while channel = value` as needed.

    `states`: codes of the host's state channels. Raises BadPosition.
    """
    rules: list[PositionRule] = []
    known = set(states)
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if len(rules) == MOST_POSITIONS:
            raise BadPosition(number, "too_many", most=MOST_POSITIONS)
        rule = _rule(number, [part.strip() for part in line.split(";")], known)
        if any(other.code == rule.code for other in rules):
            raise BadPosition(number, "twice", code=rule.code)
        rules.append(rule)
    return rules


def _rule(number: int, parts: Sequence[str], states: set[str]) -> PositionRule:
    code = parts[0]
    if not _CODE.fullmatch(code):
        raise BadPosition(number, "bad_code", code=code[:40])
    title = parts[1] if len(parts) > 1 and parts[1] else code
    if len(title) > 80 or not title.isprintable():
        raise BadPosition(number, "bad_title", longest=80)
    factor, channel, value = _ONE, "", None
    for part in parts[2:]:
        if part.startswith("while "):
            channel, value = _condition(number, part.removeprefix("while "), states)
        elif part:
            factor = _factor(number, part)
    return PositionRule(code, title, factor, channel, value)


def _condition(number: int, text: str, states: set[str]) -> tuple[str, Decimal]:
    channel, _equals, value = (part.strip() for part in text.partition("="))
    if not _CHANNEL.fullmatch(channel) or channel not in states:
        raise BadPosition(number, "no_state", channel=channel[:40])
    try:
        return channel, parse_decimal(value)
    except BadValue:
        raise BadPosition(number, "bad_number", value=value[:40]) from None


def _factor(number: int, text: str) -> Decimal:
    try:
        factor = parse_decimal(text)
    except BadValue:
        raise BadPosition(number, "bad_number", value=text[:40]) from None
    exponent = factor.as_tuple().exponent
    if not 0 <= factor <= _LARGEST_FACTOR or int(exponent) < -_FACTOR_DIGITS:
        raise BadPosition(number, "bad_factor", most=_LARGEST_FACTOR, digits=_FACTOR_DIGITS)
    return factor
