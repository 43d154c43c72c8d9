"""Usage records that are late: a marked day they rest on has another version now, or the plan
tells their period apart by other windows of the week."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from apps.common.period import local_date, parse_instant
from apps.metering.domain.record_parts import OF_RECORD
from apps.metering.domain.told_apart import Calendars
from apps.metering.models import MeteringOrder, UsageRecord
from apps.pricing.windows import WindowCalendar
from apps.telemetry.domain.counting import COUNT_ESTIMATES
from apps.telemetry.domain.days import day_start
from apps.telemetry.domain.measures import STRAIGHT_LINE
from apps.telemetry.models import ChannelDay
from apps.telemetry.queries.usage import channels_named
from apps.tenancy.context import current_company

_INSTANT = timedelta(microseconds=1)


class _Standing(NamedTuple):
    """The newest record of an item and period, as far as lateness needs it."""

    id: UUID
    asset_id: UUID
    channel_code: str
    starts_at: datetime
    ends_at: datetime
    method: str
    versions: Mapping[str, int]
    opening: str | None
    estimate: str | None
    counting: str | None
    awaits: str | None
    item_id: UUID
    windows: list[dict[str, Any]] | None

    @property
    def calendars(self) -> Calendars:
        """By charge the windows of the week that it is told apart by."""
        return {
            row["charge"]: WindowCalendar.from_dict(row["calendar"]) for row in self.windows or ()
        }

    def days(self, kind: str) -> tuple[date, date]:
        """First and last UTC day the figures may rest on, as `telemetry.queries.usage` has it.

        The day of the opening reading counts: a later one may come between it and the start.
        """
        first = self.starts_at
        if kind != "delta":
            opening = parse_instant(self.opening) if self.opening else first
            first = min(opening, first) - _INSTANT
        day = first.astimezone(UTC).date()
        if self.estimate and self.versions:
            # Gaps may be filled from the week before.
            day = min(day, date.fromisoformat(min(self.versions)))
        last = (self.ends_at - _INSTANT).astimezone(UTC).date()
        if self.estimate and self.versions:
            # Or by the first reading after the end.
            last = max(last, date.fromisoformat(max(self.versions)))
        return day, last


def late_records(asset_ids: Iterable[UUID], since: date) -> list[UsageRecord]:
    """The company's own newest records of these assets that a change from `since` on has moved.

    Six queries, however many records; figures are read only of those that are late. A component's
    record counts as late with its hosts, one with fall-backs with its sources: which of them count may
    have changed too. What counts under rules is looked at again whenever one of its asset's channels
    moved: its conditions may have.
    """
    assets = set(asset_ids)
    looked_at = assets | _carried_by(assets)
    standing = _newest(looked_at, since)
    channels = channels_named((row.asset_id, row.channel_code) for row in standing)
    spans = {
        row.id: (channel.pk, *row.days(channel.kind))
        for row in standing
        if (channel := channels.get((row.asset_id, row.channel_code))) is not None
    }
    versions, orders = _versions(spans.values()), _orders_with_windows(looked_at)
    late = [
        row.id for row in standing
        if row.method in ("component", OF_RECORD) or row.counting is not None or row.awaits
        or _is_told_apart_anew(row, orders.get(row.item_id))
        or (row.id in spans and _moved(row, spans[row.id], versions))
    ]  # fmt: skip
    rows = UsageRecord.objects.filter(id__in=late)
    return list(rows.order_by("starts_at", "item_id")) if late else []


def records_resting_on(
    asset_ids: Iterable[UUID], codes: Iterable[str], first: date, last: date
) -> list[UsageRecord]:
    """The company's own newest records that may rest on a UTC day of [first, last] of these channels.

    Of these assets or what they carry, of all ordered ones where none is named. What is derived, counts
    under rules or has several sources may rest on any channel. In order of time; three queries.
    """
    named = set(codes)
    assets = set(asset_ids) or set(
        MeteringOrder.objects.filter(collector=current_company()).values_list("asset_id", flat=True)
    )
    standing = _newest(assets | _carried_by(assets), first)
    channels = channels_named((row.asset_id, row.channel_code) for row in standing)
    found = []
    for row in standing:
        channel = channels.get((row.asset_id, row.channel_code))
        is_alone = row.method not in ("component", OF_RECORD) and row.counting is None
        if is_alone and channel is not None and not channel.depth and channel.code not in named:
            continue
        begins, ends = row.days("counter" if channel is None else channel.kind)
        if begins <= last and first <= ends:
            found.append(row.id)
    return list(UsageRecord.objects.filter(id__in=found).order_by("starts_at", "asset_label", "id"))


def _carried_by(hosts: set[UUID]) -> set[UUID]:
    """Components whose orders name one of these hosts."""
    orders = MeteringOrder.objects.filter(
        collector=current_company(), follows_host=True, host_ids__overlap=list(hosts)
    )
    return set(orders.values_list("asset_id", flat=True))


def _orders_with_windows(asset_ids: Iterable[UUID]) -> dict[UUID, MeteringOrder]:
    """By item the orders of these assets some of whose plan versions price windows of the week."""
    own = MeteringOrder.objects.filter(collector=current_company(), asset_id__in=list(asset_ids))
    return {order.item_id: order for order in own.exclude(calendars=[])}


def _is_told_apart_anew(row: _Standing, order: MeteringOrder | None) -> bool:
    """A version of the plan that was agreed in time came after the usage was recorded."""
    if order is None:
        return bool(row.windows)
    day = local_date(row.starts_at, order.time_zone)
    return row.calendars != dict(order.calendars_on(day))


def _newest(asset_ids: Iterable[UUID], since: date) -> list[_Standing]:
    assets = list(asset_ids)
    own = UsageRecord.objects.written_by(current_company()).filter(asset_id__in=assets)
    touched = Q(ends_at__gt=day_start(since))
    waiting = _items_in_line(assets)
    if waiting:
        own = own.annotate(
            looks_until=Coalesce(KT("figures__counting__until"), KT("figures__measure__until"))
        )
        looks = Q(figures__counting__awaits=True) | Q(figures__measure__awaits=True)
        touched |= Q(item_id__in=waiting) & (looks | Q(looks_until__gte=since.isoformat()))
    # An older generation may still wait for a reading that the newest has.
    newer = UsageRecord.objects.filter(replaces=OuterRef("pk"))
    rows = own.filter(touched, ~Exists(newer))
    newest = rows.order_by("billed_period_id", "item_id", "-generation")
    found: Any = (
        newest.distinct("billed_period_id", "item_id")
        .annotate(
            method=KT("figures__method"),
            versions=F("figures__versions"),
            opening=KT("figures__opening__measured_at"),
            estimate=KT("figures__measure__estimate"),
            counting=KT("figures__counting__since"),
            awaits=KT("figures__measure__awaits"),
            by_window=F("figures__windows"),
        )
        .values_list(
            "id",
            "asset_id",
            "channel_code",
            "starts_at",
            "ends_at",
            "method",
            "versions",
            "opening",
            "estimate",
            "counting",
            "awaits",
            "item_id",
            "by_window",
        )
    )
    return [_Standing(*row) for row in found]


def _items_in_line(asset_ids: Iterable[UUID]) -> list[UUID]:
    """Items whose gaps over a period's end look at the first reading after it."""
    ordered = MeteringOrder.objects.filter(
        Q(counting__estimate__in=COUNT_ESTIMATES) | Q(measure__estimate=STRAIGHT_LINE),
        collector=current_company(), asset_id__in=list(asset_ids),
    )  # fmt: skip
    return list(ordered.values_list("item_id", flat=True))


def _versions(spans: Iterable[tuple[int, date, date]]) -> dict[int, dict[date, int]]:
    """By channel and day the version that is worked in, over all the spans at once."""
    wanted = list(spans)
    if not wanted:
        return {}
    rows = ChannelDay.objects.filter(
        channel__in={channel for channel, _, _ in wanted},
        day__gte=min(first for _, first, _ in wanted), day__lte=max(last for _, _, last in wanted),
    )  # fmt: skip
    found: dict[int, dict[date, int]] = {}
    for channel, day, version in rows.values_list("channel_id", "day", "done_version"):
        found.setdefault(channel, {})[day] = version
    return found


def _moved(
    row: _Standing, span: tuple[int, date, date], versions: Mapping[int, Mapping[date, int]]
) -> bool:
    channel, first, last = span
    current = {
        day.isoformat(): version
        for day, version in versions.get(channel, {}).items()
        if first <= day <= last
    }
    return current != dict(row.versions)
