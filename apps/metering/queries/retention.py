"""From when on the readings of the current company are still needed to bill and to prove."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from apps.common.period import Period
from apps.metering.models import MeteringOrder
from apps.telemetry.domain.counting import SEVEN_DAYS
from apps.telemetry.domain.measures import readings_span
from apps.telemetry.domain.series import MICROSECOND
from apps.telemetry.models import Channel
from apps.telemetry.queries.retention import earliest_opening
from apps.telemetry.queries.usage import channels_named
from apps.tenancy.context import current_company


def readings_needed_from(now: datetime) -> datetime:
    """The oldest instant whose readings an invoice without stored evidence may still rest on.

    Of each order that the company collects: the reading its next unproven period opens with, of a
    component that of every host it was on.
    """
    orders = list(
        MeteringOrder.objects.filter(collector=current_company()).filter(
            Q(ends_at=None) | Q(evidenced_until=None) | Q(evidenced_until__lt=F("ends_at"))
        )
    )
    since = [order.evidenced_until or order.starts_at for order in orders]
    read = [
        (asset, code, _read_from(order, instant))
        for order, instant in zip(orders, since, strict=True)
        for asset, code in _sources(order)
    ]
    channels = channels_named((asset, code) for asset, code, _ in read)
    wanted = [
        (channels[asset, code].pk, instant) for asset, code, instant in read
        if (asset, code) in channels
    ]  # fmt: skip
    opening = earliest_opening(wanted) if wanted else None
    found = min([now, *since, *([opening] if opening else [])])
    return _before_fallbacks(orders, channels, found)


def _sources(order: MeteringOrder) -> list[tuple[UUID, str]]:
    if order.follows_host:
        return [(asset, code) for asset in order.host_ids for code in order.channel_codes]
    return [(order.asset_id, code) for code in order.channel_codes]


def _before_fallbacks(
    orders: Iterable[MeteringOrder], channels: Mapping[tuple[UUID, str], Channel], needed: datetime
) -> datetime:
    """Sources that stand in are read from the own counter's last reading on, and the one before."""
    others = [
        (channels[order.asset_id, code].pk, needed)
        for order in orders if order.has_fallbacks
        for code in order.source_codes[1:] if (order.asset_id, code) in channels
    ]  # fmt: skip
    opening = earliest_opening(others) if others else None
    return needed if opening is None else min(needed, opening)


def _read_from(order: MeteringOrder, instant: datetime) -> datetime:
    """A gauge or state needs the reading before one at exactly the start; estimates a week more."""
    measure, rules = order.level_measure, order.count_rules
    if rules is not None and rules.estimate:
        return instant - SEVEN_DAYS
    if measure is None:
        return instant
    return readings_span(Period(instant, instant + MICROSECOND), measure).start
