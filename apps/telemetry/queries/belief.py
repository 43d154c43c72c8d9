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
    found = Declaration.objects.counting().filter(channel__in=list(channel_ids), event_key=None)
    rows = found.filter(meter__isnull=True)
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
    return company_limits().limit


def factor_limit_of(channel: Channel) -> Decimal | None:
    """By how many percent a factor may change without a second person; None: by any."""
    if channel.factor_limit is not None:
        return channel.factor_limit
    return company_limits().factor_limit


def disbeliefs_and_limits(channel: Channel) -> tuple[int, Decimal | None, Decimal | None]:
    """How many readings are not believed, `correction_limit_of` and `factor_limit_of`, in one query."""
    rule = CorrectionRule.objects.filter(pk=1)
    row = Channel.objects.filter(pk=channel.pk).annotate(
        count=Count("disbeliefs"),
        above=Coalesce("correction_limit", Subquery(rule.values("limit")[:1])),
        beyond=Coalesce("factor_limit", Subquery(rule.values("factor_limit")[:1])),
    )
    count, above, beyond = row.values_list("count", "above", "beyond").get()
    return count, above, beyond


def company_limits() -> CorrectionRule:
    """The company's limits; where none was set, an unsaved row without any."""
    return CorrectionRule.objects.filter(pk=1).first() or CorrectionRule()


def read_between(channel: Channel) -> tuple[datetime, datetime] | None:
    """The instants of the channel's first and last believed reading; None without any."""
    days = ChannelDay.objects.filter(channel=channel, reading_count__gt=0)
    first = days.order_by("day").values_list("first_at", flat=True).first()
    last = days.order_by("-day").values_list("closing_at", flat=True).first()
    return None if first is None or last is None else (first, last)
