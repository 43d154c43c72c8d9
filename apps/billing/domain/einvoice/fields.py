"""Values out of an e-invoice's elements: exact, or refused with the place they stand at."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from apps.billing.domain.einvoice.findings import NO_VALUE
from apps.billing.domain.einvoice.safe_xml import Unreadable
from apps.common.money import UnknownCurrency, minor_digits, round_half_up
from apps.common.quantity import BadValue, parse_decimal
from apps.common.units import UNITS

# Far beyond any invoice, and well within a bigint.
_LARGEST_MINOR = 10**17
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_UCUM = {unit.rec20: code for code, unit in reversed(UNITS.items())}


class Element:
    """An element that may be missing; paths are local names, whatever their namespace."""

    def __init__(self, node: Any, currency: str = "") -> None:
        self._node = node
        self._currency = currency

    def __bool__(self) -> bool:
        return self._node is not None

    def at(self, path: str) -> "Element":
        found = None if self._node is None else self._node.find(_any_namespace(path))
        return Element(found, self._currency)

    def each(self, path: str) -> Iterator["Element"]:
        found = [] if self._node is None else self._node.findall(_any_namespace(path))
        return (Element(node, self._currency) for node in found)

    def in_currency(self, code: str) -> "Element":
        """The same element, its amounts in this currency. Raises Unreadable for one unknown."""
        try:
            minor_digits(code)
        except UnknownCurrency:
            raise Unreadable(NO_VALUE, f"currency {code[:20]!r}") from None
        return Element(self._node, code)

    def text(self, path: str = "") -> str:
        node = self.at(path)._node if path else self._node
        return "" if node is None else (node.text or "").strip()

    def texts(self, path: str) -> tuple[str, ...]:
        return tuple(text for item in self.each(path) if (text := item.text()))

    def attribute(self, name: str) -> str:
        return "" if self._node is None else str(self._node.get(name) or "").strip()

    def number(self, path: str = "", default: str = "0") -> Decimal:
        """A quantity, price or percentage. Raises Unreadable for what is no exact decimal."""
        text = self.text(path)
        try:
            return parse_decimal(text.removeprefix("+") or default)
        except BadValue:
            raise self._wrong(path, text) from None

    def minor(self, path: str) -> int:
        """An amount in minor units; 0 where there is none. More decimals are rounded half up: a
        rule of its own (BR-DEC) calls them wrong."""
        minor = round_half_up(self.number(path), self._currency).minor
        if abs(minor) > _LARGEST_MINOR:
            raise self._wrong(path, self.text(path))
        return minor

    def day(self, path: str) -> date | None:
        """ISO or format 102, with or without a time zone behind it."""
        text = self.text(path)
        if not text:
            return None
        match = _DAY.match(text)
        if match is None:
            raise self._wrong(path, text)
        try:
            return date(*map(int, match.groups()))
        except ValueError:
            raise self._wrong(path, text) from None

    def required_day(self, path: str) -> date:
        """Raises Unreadable where there is none."""
        found = self.day(path)
        if found is None:
            raise self._wrong(path, "")
        return found

    def flag(self, path: str) -> bool:
        return self.text(path) in {"true", "1"}

    def _wrong(self, path: str, text: str) -> Unreadable:
        name = path.rsplit("/", 1)[-1] if path else str(self._node.tag).rpartition("}")[2]
        return Unreadable(NO_VALUE, f"{name}: {text[:60]!r}")


def ucum_of(rec20: str) -> str:
    """The UCUM code of a Recommendation 20 code; empty where we know none."""
    return _UCUM.get(rec20, "")


def _any_namespace(path: str) -> str:
    return "/".join(part if part.startswith((".", "*")) else f"{{*}}{part}" for part in path.split("/"))  # fmt: skip
