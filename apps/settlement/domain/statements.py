"""How a partner's shares of a period become documents: by sign under an agreement, else as one advice.

UNTDID 1001: 389 self-billed invoice, 261 self-billed credit note; amounts of both are positive.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from apps.common.money import allocate, rounded_fraction


class Kind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit"
    ADVICE = "advice"


class Nature(StrEnum):
    """What the customer's lines carry: the contract's usual tax, or what a charge names instead."""

    USUAL = ""
    REDUCED = "AA"
    EXEMPT = "E"
    OUTSIDE = "O"


# UNCL 5305 by the payee's tax status.
CATEGORIES = {"standard": "S", "small": "E", "reverse": "AE", "outside": "O"}
Row = TypeVar("Row")


def parts_of(
    rows: Iterable[Row], minor: Callable[[Row], int], agreed: bool
) -> list[tuple[Kind, list[Row]]]:
    """The documents that rows of one partner and period make, with the rows of each.

    Under an agreement what is above zero is invoiced and what is below is credited, so that no
    document has a line against its kind. Without one a single advice says both.
    """
    chosen = list(rows)
    if not agreed:
        return [(Kind.ADVICE, chosen)] if chosen else []
    above = [row for row in chosen if minor(row) > 0]
    below = [row for row in chosen if minor(row) < 0]
    found = [(Kind.INVOICE, above), (Kind.CREDIT_NOTE, below)]
    return [(kind, part) for kind, part in found if part]


def by_nature(minor: int, nets: Mapping[Nature, int]) -> list[tuple[Nature, int]]:
    """A sum of a whole period on the natures of its lines, by their net; it is exact and symmetric.

    Lines that sum to nothing or less carry none of it; where all do, it is of the usual tax.
    """
    weights = {nature: net for nature, net in sorted(nets.items()) if net > 0}
    if not weights:
        return [(Nature.USUAL, minor)]
    parts = zip(weights, allocate(minor, list(weights.values())), strict=True)
    return [(nature, part) for nature, part in parts if part]


def line_taxes(nets: Sequence[int], tax_minor: int) -> list[int]:
    """A document's tax on its lines, so that each share has its own and they sum to the document's.

    Lines of both signs stand on an advice alone, which names no tax.
    """
    return allocate(tax_minor, nets) if tax_minor else [0] * len(nets)


def invoice_taxes(nets: Sequence[int], tax_minor: int) -> list[int]:
    """The tax of a partner's own invoice on the lines of its advice, whose signs may differ.

    Each by its part of the net, the rest of the cents on the largest line; they sum to the tax.
    """
    net = sum(nets)
    if not net:
        return [0] * len(nets)
    parts = [rounded_fraction(Fraction(tax_minor * one, net)) for one in nets]
    largest = max(range(len(nets)), key=lambda position: abs(nets[position]))
    parts[largest] += tax_minor - sum(parts)
    return parts


def line_minor(kind: Kind, minor: int) -> int:
    """What stands on the document's line of a share."""
    return -minor if kind == Kind.CREDIT_NOTE else minor
