"""A plan priced over the real usage of a month: the preview of a draft."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from apps.assets.models import Asset
from apps.common.period import add_months, local_days, whole_days
from apps.common.quantity import add, bounded, divide, multiply, subtract
from apps.contracts.domain.facts import ItemFacts
from apps.contracts.domain.measures import counted_in
from apps.contracts.queries.counted import used_under_rules
from apps.contracts.queries.indices import index_book
from apps.contracts.queries.levels import used_of_levels
from apps.pricing.changes import by_window, cuts_of, spread_by_hours
from apps.pricing.circumstances import Circumstances, ContractYear
from apps.pricing.groups import COUNT_ABOVE, Group, priced_usage
from apps.pricing.plan import PricePlan, price
from apps.pricing.values import AssetUsage, PricedPeriod, ServiceDays, Usage
from apps.telemetry.queries.usage import (
    ChannelUsage,
    Quantity,
    Span,
    channels_named,
    quantities_of,
    usage_of,
)
from apps.tenancy.context import current_company

POINTS = 40
# What the curve shows where nothing was used yet: this much of the first metered charge's unit.
_MADE_UP = Decimal(100)
_NUDGE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Curve:
    """Net in minor units over the quantity.

    `unit` is that of `meter`, whose quantity is moved; None: several meters move together and x is
    their share of the month's usage in percent. `here`: the month itself; None: nothing was used.
    """

    unit: str | None
    points: list[tuple[Decimal, int]]
    here: tuple[Decimal, int] | None


@dataclass(frozen=True, slots=True)
class Quote:
    """Priced lines of the month, channels without readings, and the price over the usage."""

    month: date
    priced: PricedPeriod
    usage: Usage
    missing: list[str]
    curve: Curve
    yearly: bool


def quote(plan: PricePlan, items: Sequence[ItemFacts], month: date, zone: str) -> Quote:
    """Price a whole month. Raises PricingError; channels without readings count as unused.

    A yearly minimum is not trued up: that happens in the last period of a contract's year.
    """
    usage, missing = _usage(plan, items, month, zone)
    days = len(local_days(whole_days(month, add_months(month, 1), zone), zone))
    service, around = ServiceDays(days, days), circumstances_of(plan, month)
    priced = price(plan, usage, service, circumstances=around)
    curve = curve_of(plan, usage, service, around)
    return Quote(month, priced, usage, missing, curve, plan.needs_year)


def circumstances_of(plan: PricePlan, month: date) -> Circumstances:
    """The company's own index values before the month; a contract year that goes on."""
    author = current_company().pk
    indices = index_book([author], plan.series).known(author, plan.series, month)
    year = ContractYear(False, ServiceDays(365, 365)) if plan.needs_year else None
    return Circumstances(indices, year)


def _usage(
    plan: PricePlan, items: Sequence[ItemFacts], month: date, zone: str
) -> tuple[dict[str, list[AssetUsage]], list[str]]:
    """By meter what each asset used, and the channels that said nothing."""
    period = whole_days(month, add_months(month, 1), zone)
    labels = dict(
        Asset.objects.filter(pk__in={item.asset_id for item in items}).values_list("pk", "name")
    )
    named = {(item.asset_id, code) for item in items for code in item.channel_codes}
    channels = channels_named(named)
    known = [
        item for item in items
        if all((item.asset_id, code) in channels for code in item.channel_codes)
    ]  # fmt: skip
    summed = [item for item in known if item.measure is None and item.counting is None]
    spans = [
        Span(
            channels[item.asset_id, item.channel_code], period.start, period.end, zone,
            cuts_of(plan.calendars.get(item.meter, {}).values(), period, zone),
        )
        for item in summed
    ]  # fmt: skip
    seen: Sequence[Quantity | ChannelUsage] = (
        usage_of(spans) if plan.calendars else quantities_of(spans)
    )
    found = [
        (item, _used(plan, item, span, one, labels), one.last_at)
        for item, span, one in zip(summed, spans, seen, strict=True)
    ]
    found += used_of_levels(plan, known, channels, labels, period, zone)
    found += used_under_rules(plan, known, channels, labels, period, zone)
    usage = priced_usage(
        (item.meter, _group(item, of_asset, plan), of_asset) for item, of_asset, _last_at in found
    )
    missing = [
        f"{labels.get(item.asset_id, '')} {item.channel_code}"
        for item in items
        if item not in known
    ] + [
        f"{labels[item.asset_id]} {item.channel_code}"
        for item, _of_asset, last_at in found
        if last_at is None
    ]
    return usage, missing


def _used(
    plan: PricePlan, item: ItemFacts, span: Span, found: Quantity | ChannelUsage,
    labels: Mapping[UUID, str],
) -> AssetUsage:  # fmt: skip
    windows = None
    if isinstance(found, ChannelUsage):
        windows = {
            code: by_window(calendar, found.pieces, span.zone)
            for code, calendar in plan.calendars.get(item.meter, {}).items()
        }
    label = labels.get(item.asset_id, "")
    return AssetUsage(
        str(item.asset_id), label, found.quantity, span.channel.billed_unit, windows or None
    )  # fmt: skip


def _group(item: ItemFacts, used: AssetUsage, plan: PricePlan) -> Group | None:
    """The group as the contract will have it. Raises BadValue."""
    facts = item.group
    if facts is None:
        return None
    is_count = facts.aggregate == COUNT_ABOVE
    unit = counted_in(item.meter, plan) if is_count else used.unit or ""
    return Group(facts.label, facts.label, facts.aggregate, unit, facts.level)


def curve_of(plan: PricePlan, usage: Usage, service: ServiceDays, around: Circumstances) -> Curve:
    """The plan's net from nothing to twice the month's usage, with both sides of every edge.

    Where nothing was used a made-up quantity takes its place, up to beyond the last edge.
    """
    moved = [
        meter for meter in _movable(plan) if any(item.quantity for item in usage.get(meter, ()))
    ]
    if not moved:
        return _made_up(plan, usage, service, around)
    single = moved[0] if len(moved) == 1 else None
    whole = add(*(item.quantity for item in usage[single])) if single else Decimal(100)
    ends = multiply(whole, Decimal(2))
    edges = _edges(plan, single) if single and len(usage[single]) == 1 else []
    points = [
        (at, _net(plan, usage, service, around, moved, divide(at, whole)))
        for at in _places(ends, edges)
    ]
    here = (whole, _net(plan, usage, service, around, moved, Decimal(1)))
    unit = usage[single][0].unit if single else None
    return Curve(unit, points, here)


def _made_up(plan: PricePlan, usage: Usage, service: ServiceDays, around: Circumstances) -> Curve:
    meter = next(iter(_movable(plan)), None)
    if meter is None:
        net = price(plan, usage, service, circumstances=around).net.minor
        return Curve(None, [(Decimal(0), net), (Decimal(200), net)], None)
    charge = next(charge for charge in plan.charges if charge.meter == meter)
    unit = str(getattr(charge, "unit", "1"))
    edges = _edges(plan, meter)
    end = multiply(edges[-1], Decimal("1.5")) if edges else _MADE_UP
    label = next((item.label for item in usage.get(meter, ())), "–")
    windows = {
        code: spread_by_hours(calendar, end)
        for code, calendar in plan.calendars.get(meter, {}).items()
    }
    whole = {**usage, meter: [AssetUsage("made-up", label, end, unit, windows or None)]}
    points = [
        (at, _net(plan, whole, service, around, [meter], divide(at, end)))
        for at in _places(end, edges)
    ]
    return Curve(unit, points, None)


def _movable(plan: PricePlan) -> list[str]:
    """Meters whose quantity may be anything: an availability lies between 0 and 100 %."""
    fixed = {charge.meter for charge in plan.charges if hasattr(charge, "bands")}
    return [meter for meter in plan.meters if meter not in fixed]


def _places(end: Decimal, edges: Sequence[Decimal]) -> list[Decimal]:
    """Even steps, and each edge with the place just above it, where a price may jump."""
    step = divide(end, Decimal(POINTS))
    even = [bounded(multiply(step, Decimal(number))) for number in range(POINTS + 1)]
    jumps = [
        place
        for edge in edges
        for place in (edge, bounded(add(edge, multiply(end, _NUDGE))))
        if place <= end
    ]
    return sorted({*even, *jumps})


def _edges(plan: PricePlan, meter: str | None) -> list[Decimal]:
    """Edges of the tiers and steps over a meter, above what is included."""
    found: set[Decimal] = set()
    for charge in plan.charges:
        if charge.meter == meter:
            tiers = [*getattr(charge, "tiers", ()), *getattr(charge, "stairs", ())]
            included = getattr(charge, "included", Decimal(0))
            found |= {add(tier.up_to, included) for tier in tiers if tier.up_to is not None}
            found |= {included} if included else set()
    return sorted(found)


def _net(
    plan: PricePlan, usage: Usage, service: ServiceDays, around: Circumstances,
    moved: Sequence[str], share: Decimal,
) -> int:  # fmt: skip
    """The net with the moved meters at a share of their usage."""
    scaled = {
        meter: [_scaled(item, share) for item in found] if meter in moved else found
        for meter, found in usage.items()
    }
    return price(plan, scaled, service, circumstances=around).net.minor


def _scaled(item: AssetUsage, share: Decimal) -> AssetUsage:
    # A share of 60 digits times a quantity may need more than 80: the picture takes 12 decimals.
    quantity = bounded(multiply(bounded(share), item.quantity))
    windows = item.windows and {
        charge: _scaled_parts(parts, quantity, bounded(share))
        for charge, parts in item.windows.items()
    }
    return AssetUsage(item.asset_id, item.label, quantity, item.unit, windows)


def _scaled_parts(
    parts: Mapping[str, Decimal], whole: Decimal, share: Decimal
) -> dict[str, Decimal]:
    """Each window at the share; what rounding leaves goes to the largest."""
    scaled = {code: bounded(multiply(share, part)) for code, part in parts.items()}
    largest = max(scaled, key=lambda code: scaled[code])
    rest = subtract(whole, add(*scaled.values()))
    return {**scaled, largest: add(scaled[largest], rest)}
