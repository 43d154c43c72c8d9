"""What was billed in units: as it stands after corrections, and each thing measured once."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet, Sum

from apps.billing.models import InvoiceLine


class _Priced(NamedTuple):
    """What one charge prices for a customer. Several charges may price one meter of a contract."""

    provider: int
    customer: int
    unit: str
    contract: UUID
    meter: str
    charge: str


_FIELDS = (
    "invoice__author_id",
    "invoice__customer_id",
    "unit",
    "invoice__contract_id",
    "meter",
    "charge",
)


def units_billed(lines: QuerySet[InvoiceLine]) -> dict[tuple[int, int], dict[str, Decimal]]:
    """By provider and customer: quantities by unit, the largest first. Two queries."""
    measured: dict[tuple[int, int, str, UUID, str], Decimal] = {}
    for priced, quantity in _by_charge(lines.exclude(meter="")).items():
        known = measured.get(priced[:5], quantity)
        measured[priced[:5]] = max(known, quantity)
    found: dict[tuple[int, int], dict[str, Decimal]] = {}
    for (provider, customer, unit, _contract, _meter), quantity in measured.items():
        units = found.setdefault((provider, customer), {})
        units[unit] = units.get(unit, Decimal(0)) + quantity
    return {pair: _largest_first(units) for pair, units in found.items()}


def _largest_first(units: dict[str, Decimal]) -> dict[str, Decimal]:
    return dict(sorted(units.items(), key=lambda row: (-row[1], row[0])))


def _by_charge(lines: QuerySet[InvoiceLine]) -> dict[_Priced, Decimal]:
    first = lines.filter(generation=0).order_by().values_list(*_FIELDS)
    found = {_Priced(*row[:6]): row[6] for row in first.annotate(sum=Sum("quantity"))}
    for priced, moved in _corrections(lines.filter(generation__gt=0)):
        found[priced] = found.get(priced, Decimal(0)) + moved
    return found


def _corrections(lines: QuerySet[InvoiceLine]) -> Iterator[tuple[_Priced, Decimal]]:
    """By how much corrections moved quantities. A correcting line states a quantity only where it is
    one times the price; the states before and after it are exact, and the same on all its parts."""
    names = ("billed_period", "generation", "tier", "asset_id", "service_start")
    seen = set()
    for row in lines.order_by().values_list(*_FIELDS, "explanation", *names):
        priced, explanation, key = _Priced(*row[:6]), row[6], row[7:]
        if (priced.charge, key) not in seen:
            seen.add((priced.charge, key))
            after, before = explanation["after"]["quantity"], explanation["before"]["quantity"]
            yield priced, Decimal(after) - Decimal(before)
