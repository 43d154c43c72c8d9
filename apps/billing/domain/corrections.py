"""From stored lines and rated periods to what `apps.pricing.difference` compares, and back."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from apps.billing.domain.rating import RatedPeriod, tier_number
from apps.common.canonical import instant_text
from apps.common.quantity import bounded, canonical
from apps.pricing.difference import Change, LineKey, RecordedLine, Settled, TargetLine
from apps.pricing.values import PricedLine

CREDIT = "credit"


def target_lines(rated: RatedPeriod) -> list[TargetLine]:
    """The lines of a period as billing once with full knowledge writes them."""
    return [
        TargetLine(
            line_key(line, tax.category, canonical(tax.percent)),
            Settled(bounded(line.quantity), line.unit, line.unit_price),
            line.net_minor,
        )
        for line, tax in zip(rated.lines, rated.line_taxes, strict=True)
    ]


def line_key(line: PricedLine, tax_category: str = "", tax_rate: str = "") -> LineKey:
    """The key of a priced line."""
    asset = line.asset_id or ""
    return LineKey(line.charge, tier_number(line), asset, line.service, tax_category, tax_rate)


def recorded_line(line: Any, name: str, corrects: str) -> RecordedLine:
    """A stored invoice line (with its invoice) under the name it shall have."""
    settled = Settled(line.quantity, line.unit, line.unit_price)
    if line.generation:
        settled = settled_from(line.explanation["after"])
    return RecordedLine(
        name, key_of(line), line.quantity, line.unit, line.net_minor, settled,
        is_credit=line.invoice.kind == CREDIT, corrects=corrects,
    )  # fmt: skip


def in_order_of_issue(lines: Iterable[Any]) -> list[Any]:
    """By correction, a credit note before the additional invoice, by position."""
    return sorted(
        lines, key=lambda line: (line.generation, line.invoice.kind != CREDIT, line.position)
    )


def key_of(line: Any) -> LineKey:
    """The key of a stored invoice line."""
    asset = str(line.asset_id) if line.asset_id else ""
    rate = canonical(Decimal(line.tax_percent))
    service = instant_text(line.service_start) if line.service_start else ""
    return LineKey(line.charge, line.tier, asset, service, line.tax_category, rate)


def settled_from(data: Mapping[str, Any]) -> Settled:
    return Settled(Decimal(data["quantity"]), str(data["unit"]), Decimal(data["unit_price"]))


def state_dict(settled: Settled, net_minor: int) -> dict[str, object]:
    """A key's state as JSON: decimals as text, net in minor units."""
    return {
        "quantity": canonical(settled.quantity), "unit": settled.unit,
        "unit_price": canonical(settled.unit_price), "net_minor": net_minor,
    }  # fmt: skip


def net_of(changes: Sequence[Change]) -> int:
    """What the changes add to the customer's account, in minor units."""
    return sum(-item.net_minor if item.is_credit else item.net_minor for item in changes)
