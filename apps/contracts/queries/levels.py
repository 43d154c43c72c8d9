"""What gauges and states would be billed for: the measure of a draft over real readings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.common.period import Period
from apps.contracts.domain.facts import ItemFacts
from apps.contracts.domain.measures import billed_unit
from apps.pricing.plan import PricePlan
from apps.pricing.values import AssetUsage
from apps.telemetry.models import Channel
from apps.telemetry.queries.measured import measured_of, span_of_measure


def used_of_levels(
    plan: PricePlan, items: Sequence[ItemFacts], channels: Mapping[tuple[UUID, str], Channel],
    labels: Mapping[UUID, str], period: Period, zone: str,
) -> list[tuple[ItemFacts, AssetUsage, datetime | None]]:  # fmt: skip
    """Of the items that bill a gauge or state: usage, and its last reading where a value is known."""
    asked = [
        (item, span_of_measure(
            channels[item.asset_id, item.channel_code], item.measure, period, zone
        ))
        for item in items if item.measure is not None
    ]  # fmt: skip
    answers = []
    for (item, span), found in zip(asked, measured_of([span for _, span in asked]), strict=True):
        quantity, unit = found.measured.quantity, billed_unit(span.measure, item.meter, plan)
        usage = AssetUsage(
            str(item.asset_id), labels.get(item.asset_id, ""), quantity or Decimal(0), unit
        )
        answers.append((item, usage, None if quantity is None else found.usage.last_at))
    return answers
