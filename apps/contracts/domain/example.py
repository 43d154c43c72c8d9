"""A worked example of a split: who gets what of a round sum, line by line, for pictures and tables."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from apps.common.money import allocate, minor_digits
from apps.common.quantity import EXACT, divide
from apps.contracts.domain.split import Split
from apps.contracts.domain.waterfall import Outcome, RevenueLine, waterfall


def example(split: Split, charges: Sequence[Mapping[str, Any]], total_minor: int) -> Outcome:
    """The sum in equal parts over the plan's charges (borne ones excepted), as the waterfall
    divides it. A charge with a unit price stands for as many units as its part buys; measured
    keys count the same for everybody.
    """
    free = [charge for charge in charges if not split.bearer_of(str(charge["code"]))]
    nets = allocate(total_minor, [1] * len(free)) if free else []
    lines = [
        RevenueLine(
            charge["code"], str(charge["code"]), _units(charge, net, split.currency), net,
            split.currency,
        )
        for charge, net in zip(free, nets, strict=True)
    ]  # fmt: skip
    parties = {party: Decimal(1) for party in split.parties}
    return waterfall(split, lines, dict.fromkeys(split.keys, parties))


def _units(charge: Mapping[str, Any], net_minor: int, currency: str) -> Decimal:
    price = Decimal(str(charge.get("unit_price") or 0))
    if not price:
        return Decimal(1)
    return divide(Decimal(net_minor).scaleb(-minor_digits(currency), EXACT), price)


Flows = dict[tuple[Any, int], int]


def flows_of(outcome: Outcome, residual: int) -> Flows:
    """By line and company what flows in the end, in minor units: what moved once a period is taken
    from the lines of who gave it, in their order. Sums above zero only.
    """
    flows: Flows = {}
    for share in outcome.lines:
        if share.minor > 0:
            place = share.line, share.party
            flows[place] = flows.get(place, 0) + share.minor
    for moved in outcome.contract:
        if moved.party != residual:
            giver, taker = (residual, moved.party) if moved.minor > 0 else (moved.party, residual)
            pass_on(flows, giver, taker, abs(moved.minor))
    return {place: minor for place, minor in flows.items() if minor > 0}


def pass_on(flows: Flows, giver: int, taker: int, minor: int) -> None:
    """Move a sum from one company's flows to another's, line by line, as far as there is any."""
    for line, party in list(flows):
        if party == giver and minor:
            given = min(flows[line, party], minor)
            flows[line, party] -= given
            flows[line, taker] = flows.get((line, taker), 0) + given
            minor -= given
