"""How much of recognised shares is payable: with the invoice, pro rata as the customer pays, or by rank."""

from collections.abc import Sequence
from fractions import Fraction

from apps.common.money import allocate, rounded_fraction
from apps.settlement.domain.ledger import Claim


def payable_of(claims: Sequence[Claim], net_minor: int, paid: Fraction) -> dict[int, int]:
    """By party what of one document is payable, in minor units.

    `paid` is the part of the document the customer paid, from 0 to 1; `net_minor` its net. Held sums
    (disputed lines) are not payable. Rank 0 is paid pro rata; higher ranks wait for the lower ones
    and are served from what is left of the money.
    """
    free = {claim.party: claim.minor - claim.held_minor for claim in claims}
    found = {claim.party: free[claim.party] for claim in claims if claim.payable == "invoiced"}
    waiting = [claim for claim in claims if claim.payable != "invoiced"]
    for claim in waiting:
        if claim.rank == 0:
            found[claim.party] = rounded_fraction(free[claim.party] * paid)
    left = rounded_fraction(net_minor * paid) - sum(found.values())
    for rank in sorted({claim.rank for claim in waiting} - {0}):
        served = _served([claim.party for claim in waiting if claim.rank == rank], free, left)
        found |= served
        left -= sum(served.values())
    return found


def gross_payable(payable_minor: int, net_minor: int, tax_minor: int) -> int:
    """What is payable with the tax of the documents written of it so far: pro rata, whole at the end.

    `net_minor` and `tax_minor`: a partner's recognised shares of one customer's document, and their
    tax. 15.47 of 30.94 payable, 5.88 tax: 15.47 + 2.94.
    """
    if payable_minor == net_minor or not net_minor:
        return payable_minor + tax_minor
    return payable_minor + rounded_fraction(Fraction(tax_minor * payable_minor, net_minor))


def _served(parties: Sequence[int], free: dict[int, int], left: int) -> dict[int, int]:
    """One rank: negative sums whole, the others from what is left, pro rata where it is short."""
    found = {party: free[party] for party in parties if free[party] <= 0}
    wanting = [party for party in parties if free[party] > 0]
    money = min(max(left - sum(found.values()), 0), sum(free[party] for party in wanting))
    parts = allocate(money, [free[party] for party in wanting]) if wanting else []
    return found | dict(zip(wanting, parts, strict=True))
