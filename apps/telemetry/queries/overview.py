"""What pages show of many channels at once, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import TruncDate

from apps.assets.models import Asset
from apps.telemetry.domain.belief import Reading
from apps.telemetry.models import Channel, HourRollup
from apps.telemetry.queries.readings import latest
from apps.tenancy.context import current_company

SPARK_DAYS = 14


@dataclass(slots=True)
class ChannelOverview:
    """A channel with its last believed reading and its usage of the last days, oldest first."""

    channel: Channel
    last: Reading | None = None
    daily: list[Decimal] = field(default_factory=list)


def channels_of(asset_ids: Iterable[UUID], now: datetime) -> dict[UUID, list[ChannelOverview]]:
    """Overviews of all channels of these assets: three queries, however many there are."""
    channels = list(
        Channel.objects.filter(asset_id__in=list(asset_ids)).order_by("asset_id", "code")
    )
    last = latest(channel.pk for channel in channels)
    daily = daily_usage([channel.pk for channel in channels], now)
    found: dict[UUID, list[ChannelOverview]] = defaultdict(list)
    for channel in channels:
        found[channel.asset_id].append(
            ChannelOverview(channel, last.get(channel.pk), daily.get(channel.pk, []))
        )
    return found


def daily_usage(
    channel_ids: Iterable[int], now: datetime, days: int = SPARK_DAYS
) -> Mapping[int, list[Decimal]]:
    """By channel the usage of each of the last UTC days, today's included, oldest first."""
    today = now.astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    since = datetime.combine(first, time(), UTC)
    rows = (
        HourRollup.objects.filter(channel__in=list(channel_ids), hour__gte=since)
        .annotate(day=TruncDate("hour", tzinfo=UTC))
        .values_list("channel", "day").annotate(total=Sum("usage")).order_by()
    )  # fmt: skip
    found: dict[int, list[Decimal]] = {}
    for channel, day, total in rows:
        line = found.setdefault(channel, [Decimal(0)] * days)
        if 0 <= _days_between(first, day) < days:
            line[_days_between(first, day)] = total
    return found


def _days_between(first: date, day: date) -> int:
    return (day - first).days


def asset_sparklines(asset_ids: Iterable[UUID], now: datetime) -> dict[UUID, list[Decimal]]:
    """The daily usage of each asset's first used counter or delta channel."""
    channels = Channel.objects.filter(
        asset_id__in=list(asset_ids), kind__in=["counter", "delta"]
    ).order_by("asset_id", "code")
    by_asset = [(channel.asset_id, channel.pk) for channel in channels]
    daily = daily_usage([key for _, key in by_asset], now)
    lines: dict[UUID, list[Decimal]] = {}
    for asset, key in by_asset:
        if asset not in lines and any(daily.get(key, ())):
            lines[asset] = daily[key]
    return lines


def latest_values(*, serial: str) -> dict[str, tuple[datetime, Decimal]]:
    """By channel code the last believed reading of the own asset with this serial."""
    assets = Asset.objects.filter(author=current_company(), serial=serial).values_list(
        "pk", flat=True
    )
    channels = {row.pk: row.code for row in Channel.objects.filter(asset_id__in=list(assets))}
    return {
        channels[key]: (reading.measured_at, reading.value)
        for key, reading in latest(channels).items()
    }
