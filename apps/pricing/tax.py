"""Tax on the sum per category and rate, as EN 16931 computes it, and a document's totals."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from apps.common.money import rounded_minor
from apps.common.quantity import canonical, multiply

_PERCENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class TaxedNet:
    """A line as tax sees it: category code (UNCL 5305: S, Z, E, AE …), rate in percent, net."""

    category: str
    rate: Decimal
    net_minor: int


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """The tax of one category and rate, rounded once, in minor units."""

    category: str
    rate: Decimal
    base_minor: int
    tax_minor: int

    def to_dict(self) -> dict[str, object]:
        return {
            "category": self.category,
            "rate": canonical(self.rate),
            "base_minor": self.base_minor,
            "tax_minor": self.tax_minor,
        }


@dataclass(frozen=True, slots=True)
class Totals:
    """Net + tax = gross, in minor units."""

    net_minor: int
    tax_minor: int
    gross_minor: int

    def to_dict(self) -> dict[str, object]:
        return {
            "net_minor": self.net_minor,
            "tax_minor": self.tax_minor,
            "gross_minor": self.gross_minor,
        }


def tax_totals(lines: Iterable[TaxedNet]) -> list[TaxTotal]:
    """One total per category and rate, ordered by category, then rate."""
    bases: dict[tuple[str, Decimal], int] = {}
    for line in lines:
        key = (line.category, line.rate)
        bases[key] = bases.get(key, 0) + line.net_minor
    return [
        TaxTotal(category, rate, base, tax_on(base, rate))
        for (category, rate), base in sorted(bases.items())
    ]


def tax_on(base_minor: int, rate: Decimal) -> int:
    """Percent of an amount in minor units, half up, in minor units."""
    return rounded_minor(multiply(Decimal(base_minor), rate, _PERCENT))


def document_totals(taxes: Iterable[TaxTotal]) -> Totals:
    net = tax = 0
    for total in taxes:
        net, tax = net + total.base_minor, tax + total.tax_minor
    return Totals(net, tax, net + tax)
