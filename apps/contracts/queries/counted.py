"""What counters and amounts under rules would be billed for: a draft over real readings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from apps.common.period import Period
from apps.contracts.domain.facts import ItemFacts
from apps.pricing.changes import by_window, steps_by_window
from apps.pricing.plan import PricePlan
from apps.pricing.values import AssetUsage
from apps.telemetry.domain.counting import SEVEN_DAYS, CountedUsage, CountRules
from apps.telemetry.models import Channel
from apps.telemetry.queries.counted import CountedSpan, counted_of

Channels = Mapping[tuple[UUID, str], Channel]


def used_under_rules(
    plan: PricePlan, items: Sequence[ItemFacts], channels: Channels, labels: Mapping[UUID, str],
    period: Period, zone: str,
) -> list[tuple[ItemFacts, AssetUsage, datetime | None]]:  # fmt: skip
    """Of the items that count under rules: usage, and its last reading. An opening value is left out:
    the contract does not begin with the month."""
    asked = [
        (item, _span(item, item.counting, channels, period, zone))
        for item in items if item.counting is not None
    ]  # fmt: skip
    found = counted_of([span for _, span in asked])
    return [
        (item, _used(plan, item, span, one.counted, labels), one.counted.last_at)
        for (item, span), one in zip(asked, found, strict=True)
    ]


def _span(
    item: ItemFacts, rules: CountRules, channels: Channels, period: Period, zone: str
) -> CountedSpan:
    states = tuple(channels[item.asset_id, code] for code in rules.channels)
    own = channels[item.asset_id, item.channel_code]
    return CountedSpan(own, rules, period, zone, states, period.start - 2 * SEVEN_DAYS, None)


def _used(
    plan: PricePlan, item: ItemFacts, span: CountedSpan, found: CountedUsage,
    labels: Mapping[UUID, str],
) -> AssetUsage:  # fmt: skip
    windows = {
        code: by_window(calendar, found.steps, span.zone) if span.channel.kind == "delta"
        else steps_by_window(calendar, found.steps, span.period, span.zone)
        for code, calendar in plan.calendars.get(item.meter, {}).items()
    }  # fmt: skip
    label = labels.get(item.asset_id, "")
    return AssetUsage(
        str(item.asset_id), label, found.quantity, span.channel.billed_unit, windows or None
    )
