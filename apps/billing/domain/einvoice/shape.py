"""What of a document the rules of EN 16931 can see, so that one verdict serves many documents.

The rules look at codes, at what is there and what is not, at signs, at the country of a VAT id, and
at sums. Sums are checked here, exactly, in every document. All the rest is its *shape*: two documents
of one shape break the same rules, so schema and schematron are asked once for each.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from apps.billing.domain.einvoice.document import Document, DocumentLine, Party, sums_of, taxes_of
from apps.billing.domain.einvoice.nodes import xml_text

# Fields whose very value the rules look at; of all other texts they see whether they are there.
CODES = frozenset(
    {
        "kind", "currency", "tax_currency", "country", "delivery_country", "tax_category",
        "category", "reason_code", "unit", "rec20", "code", "endpoint_scheme", "legal_scheme",
        "profile", "process", "mime",
    }
)  # fmt: skip
_COUNTRY_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule of EN 16931 that a document breaks, in the rule's own words."""

    rule: str
    text: str


def shape_of(value: Any, name: str = "") -> Any:
    """A hashable value that documents share to which the same rules apply."""
    if isinstance(value, str):
        return _shape_of_text(value, name)
    if isinstance(value, bool) or value is None or isinstance(value, date):
        return bool(value)
    if isinstance(value, (int, Decimal)):
        return (value > 0) - (value < 0)
    if isinstance(value, bytes):
        return bool(value)
    if isinstance(value, tuple):
        return frozenset(shape_of(item) for item in value)
    if isinstance(value, Party):
        return _shape_of_party(value)
    return _shape_of_parts(value)


@lru_cache(maxsize=1024)
def _shape_of_party(party: Party) -> Any:
    """Remembered: all documents of a run have the same seller."""
    return _shape_of_parts(party)


def _shape_of_parts(value: Any) -> Any:
    return tuple([shape_of(getattr(value, name), name) for name in _names(value.__class__)])


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _shape_of_text(value: str, name: str) -> object:
    if name in CODES:
        return value
    if name == "vat_id":
        return value[:_COUNTRY_LETTERS]
    return bool(xml_text(value))


def broken_sums(document: Document) -> tuple[Broken, ...]:
    """The sums of a document, computed again from its lines; empty when all agree."""
    return tuple(_broken_sums(document))


def _broken_sums(document: Document) -> Iterator[Broken]:
    taxes = taxes_of(document.lines, document.adjustments)
    stated = [(tax.category, tax.percent, tax.net_minor, tax.tax_minor) for tax in document.taxes]
    computed = [(tax.category, tax.percent, tax.net_minor, tax.tax_minor) for tax in taxes]
    if sorted(stated) != sorted(computed):
        yield Broken("BR-CO-17", "tax is not that of the lines, per category and rate")
    sums = sums_of(document.lines, taxes, document.adjustments, document.sums.paid_minor)
    for rule, name in (
        ("BR-CO-10", "line_net_minor"), ("BR-CO-13", "net_minor"), ("BR-CO-14", "tax_minor"),
        ("BR-CO-15", "gross_minor"),
    ):  # fmt: skip
        if getattr(sums, name) != getattr(document.sums, name):
            yield Broken(rule, f"{name} is {getattr(document.sums, name)}")
    if sums.due_minor + document.sums.rounding_minor != document.sums.due_minor:
        yield Broken("BR-CO-16", f"due_minor is {document.sums.due_minor}")
    if _backwards(document) or any(_backwards(line) for line in document.lines):
        yield Broken("BR-30", "a period ends before it begins")


def _backwards(item: Document | DocumentLine) -> bool:
    return bool(item.first_day and item.last_day and item.last_day < item.first_day)
