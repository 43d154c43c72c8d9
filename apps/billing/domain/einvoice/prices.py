"""Quantity and unit price of a line as EN 16931 wants them: their product is the line's net."""

from dataclasses import dataclass
from decimal import Decimal

from apps.common.money import Money, round_half_up
from apps.common.quantity import multiply, plain

# UCUM for a number without unit; Recommendation 20 says C62.
ONE = "1"


@dataclass(frozen=True, slots=True)
class Priced:
    """`whole` says that the line is priced as one piece, since its net is no plain product."""

    quantity: Decimal
    unit: str
    unit_price: Decimal
    whole: bool = False


def priced(
    quantity: Decimal, unit: str, unit_price: Decimal, net_minor: int, currency: str
) -> Priced:
    """Never a negative price (BR-27): what reduces has a negative quantity.

    Where quantity × price is not the net (a fee within a tier, a difference between two prices),
    the line is one piece at its net, and the quantity belongs into its text
    (PEPPOL-EN16931-R120 wants the product).
    """
    if unit_price < 0:
        quantity, unit_price = -quantity, -unit_price
    if round_half_up(multiply(quantity, unit_price), currency).minor == net_minor:
        return Priced(plain(quantity), unit, plain(unit_price))
    whole = Money(abs(net_minor), currency).to_decimal()
    return Priced(Decimal(-1 if net_minor < 0 else 1), ONE, whole, whole=True)
