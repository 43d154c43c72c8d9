"""Small trees of XML: what is empty is left out, since EN 16931 knows no empty elements.

lxml (5 MiB) is loaded by the first document.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from apps.common.money import Money
from apps.common.quantity import canonical

# lxml has no types of its own.
Node = Any
Content = Node | str | None

# What XML 1.0 cannot carry, however it is escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Names:
    """Makes elements of a vocabulary: `names("ram:Name", "text")`; None when nothing is in it."""

    def __init__(self, namespaces: Mapping[str | None, str]) -> None:
        self._namespaces = dict(namespaces)

    def __call__(self, name: str, *content: Content, **attributes: str) -> Node | None:
        filled = [item for item in content if item is not None and item != ""]
        return self.root(name, *filled, **attributes) if filled else None

    def root(self, name: str, *content: Content, **attributes: str) -> Node:
        """An element with its content, made even when there is none."""
        from lxml import etree

        made = etree.Element(self._tag(name), nsmap=self._namespaces)
        for key, value in attributes.items():
            if value:
                made.set(key, value)
        for item in content:
            if isinstance(item, str):
                made.text = xml_text(item)
            elif item is not None:
                made.append(item)
        return made

    def _tag(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        return f"{{{self._namespaces[prefix or None]}}}{local}"


def xml_text(text: str) -> str:
    """The text without characters that no XML document may hold."""
    return _NOT_XML.sub("", text).strip()


def amount(minor: int, currency: str) -> str:
    """Minor units as the currency writes them: 1230 cents are '12.30', 1230 yen '1230'."""
    return f"{Money(minor, currency).to_decimal():f}"


def number(value: Decimal) -> str:
    """A quantity, price or percentage: exact, without exponent and trailing zeros."""
    return canonical(value)


def compact_day(day: date | None) -> str:
    """CII's format 102: 20261128; empty for no day."""
    return day.strftime("%Y%m%d") if day else ""


def iso_day(day: date | None) -> str:
    """2026-11-28; empty for no day."""
    return day.isoformat() if day else ""


def as_bytes(root: Node) -> bytes:
    """UTF-8 with an XML declaration; each namespace is declared once, at the root."""
    from lxml import etree

    etree.cleanup_namespaces(root, keep_ns_prefixes=[key for key in root.nsmap if key])
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
