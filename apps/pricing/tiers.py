"""Tiers by quantity, shared by graduated, volume and stairstep prices. They touch: an edge
belongs to the tier below it, and nothing lies between two tiers."""

from dataclasses import dataclass
from decimal import Decimal

from apps.common.quantity import canonical
from apps.pricing.source import PlanError, Source

MOST_TIERS = 100


@dataclass(frozen=True, slots=True)
class Tier:
    """Up to and including `up_to`; None: without end."""

    up_to: Decimal | None
    unit_price: Decimal
    flat: Decimal = Decimal(0)

    def write(self) -> dict[str, object]:
        edge = None if self.up_to is None else canonical(self.up_to)
        written: dict[str, object] = {"up_to": edge, "unit_price": canonical(self.unit_price)}
        if self.flat:
            written["flat"] = canonical(self.flat)
        return written

    @property
    def edge(self) -> str:
        return "" if self.up_to is None else canonical(self.up_to)


def read_tiers(source: Source) -> tuple[Tier, ...]:
    tiers: list[Tier] = []
    sources = source.items("tiers", MOST_TIERS)
    for item in sources:
        last = item is sources[-1]
        edge = read_edge(item, tiers[-1].up_to if tiers else Decimal(0), last)
        tiers.append(Tier(edge, item.price("unit_price"), item.price("flat", Decimal(0))))
        item.finish()
    return tuple(tiers)


def read_edge(source: Source, lower: Decimal | None, last: bool) -> Decimal | None:
    """`up_to` above the edge before it; the last one, and only that, has no end."""
    edge = None if source.get("up_to") is None else source.price("up_to")
    if (edge is None) != last:
        raise PlanError(source.at("up_to"), "last_tier_has_no_end")
    if edge is not None and lower is not None and edge <= lower:
        raise PlanError(source.at("up_to"), "edges_must_rise", above=canonical(lower))
    return edge


def place_of(edges: list[Decimal | None], quantity: Decimal) -> tuple[int, Decimal]:
    """The index of the tier a whole quantity lies in, and that tier's lower edge."""
    lower = Decimal(0)
    for place, edge in enumerate(edges):
        if edge is None or quantity <= edge:
            return place, lower
        lower = edge
    raise AssertionError("the last tier has no end")
