"""What judging a channel needs: its rules, and what people declared."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Subquery
from django.db.models.functions import Coalesce

from apps.telemetry.domain import belief
from apps.telemetry.domain.days import in_force
from apps.telemetry.models import Channel, ChannelDay, CorrectionRule, Declaration


def rules_of(channel: Channel) -> belief.LevelRules:
    """The rules a level's readings are judged by."""
    return belief.LevelRules(
        kind=channel.kind, register_size=channel.register_size,
        restarts_from_zero=channel.restarts_from_zero, max_rate_per_hour=channel.max_rate_per_hour,
    )  # fmt: skip


def delta_rules_of(channel: Channel) -> belief.DeltaRules:
    """The rules a delta's amounts are judged by."""
    seconds = channel.expected_interval_seconds
    interval = None if seconds is None else timedelta(seconds=seconds)
    return belief.DeltaRules(channel.max_rate_per_hour, interval)


def declarations_in_force(channel_ids: Iterable[int]) -> dict[int, list[belief.Declaration]]:
    """By channel: of several words on the same instant the last one said. Levels only."""
    said: dict[int, list[belief.Declaration]] = {}
    rows = Declaration.objects.counting().filter(channel__in=list(channel_ids), event_key=None)
    for row in rows.order_by("channel_id", "declared_at", "id"):
        item = belief.Declaration(row.kind, row.measured_at, row.closing, row.opening, row.amount)
        said.setdefault(row.channel_id, []).append(item)
    return {channel: in_force(items) for channel, items in said.items()}


def declared_deltas(channel_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """By channel: event key in hexadecimal → 'believe' or 'disbelieve', the last word."""
    said: dict[int, dict[str, str]] = {}
    found = Declaration.objects.counting().filter(channel__in=list(channel_ids))
    rows = found.exclude(event_key=None)
    for row in rows.order_by("channel_id", "declared_at", "id"):
        key = bytes(row.event_key or b"").hex()
        said.setdefault(row.channel_id, {})[key] = row.kind
    return said


def correction_limit_of(channel: Channel) -> Decimal | None:
    """Above which amount a correction needs a second person; None: it never does."""
    if channel.correction_limit is not None:
        return channel.correction_limit
    return company_correction_limit()


def disbeliefs_and_limit(channel: Channel) -> tuple[int, Decimal | None]:
    """How many readings are not believed, and `correction_limit_of`, in one query."""
    rule = CorrectionRule.objects.filter(pk=1).values("limit")[:1]
    row = Channel.objects.filter(pk=channel.pk).annotate(
        count=Count("disbeliefs"), above=Coalesce("correction_limit", Subquery(rule))
    )
    count, above = row.values_list("count", "above").get()
    return count, above


def company_correction_limit() -> Decimal | None:
    return CorrectionRule.objects.values_list("limit", flat=True).filter(pk=1).first()


def read_between(channel: Channel) -> tuple[datetime, datetime] | None:
    """The instants of the channel's first and last believed reading; None without any."""
    days = ChannelDay.objects.filter(channel=channel, reading_count__gt=0)
    first = days.order_by("day").values_list("first_at", flat=True).first()
    last = days.order_by("-day").values_list("closing_at", flat=True).first()
    return None if first is None or last is None else (first, last)
