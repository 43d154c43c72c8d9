"""Running usage of open periods, in the company that collects: the same figures as the final ones."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from apps.common.period import Period
from apps.metering.domain.figures import Day
from apps.metering.domain.told_apart import quantities_by_charge, windows_to_text
from apps.metering.models import MeteringOrder, ProvisionalUsage
from apps.metering.queries import Asked, Measurement, covered_part, current_period, measure
from apps.tenancy.context import current_company

_REFRESHED = [
    "parties", "asset_label", "meter", "unit", "period_end", "quantity", "daily", "by_window", "group_of",
    "last_reading_at", "as_of",
]  # fmt: skip


@transaction.atomic
def refresh_provisional(*, asset_ids: Iterable[UUID] | None = None, now: datetime) -> int:
    """Rewrite the running usage of the open periods of own assets (all by default).

    A period that ended since its last refresh is refreshed once more. Returns how many rows.
    """
    orders = MeteringOrder.objects.filter(collector=current_company())
    if asset_ids is not None:
        # A component's usage follows the readings of its hosts.
        assets = list(asset_ids)
        orders = orders.filter(Q(asset_id__in=assets) | Q(host_ids__overlap=assets))
    living = orders.filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now)
    asked = _current(living, now) + _just_ended(orders, now)
    rows = [
        _row(answer, period, now)
        for (ask, period), answer in zip(
            asked, measure([ask for ask, _ in asked], evidence=False, may_be_empty=True),
            strict=True,
        )
        if isinstance(answer, Measurement) and ask is answer.asked
    ]  # fmt: skip
    rows.sort(key=lambda row: (row.item_id, row.period_start))
    ProvisionalUsage.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["author", "item_id", "period_start"],
        update_fields=_REFRESHED, batch_size=500,
    )  # fmt: skip
    return len(rows)


def open_periods(*, now: datetime) -> int:
    """Rows of periods that began without a reading, and a last look at those that ended."""
    living = MeteringOrder.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now), collector=current_company(), starts_at__lte=now
    )
    known = set(
        ProvisionalUsage.objects.written_by(current_company())
        .filter(period_start__lte=now, period_end__gt=now)
        .values_list("item_id", flat=True)
    )
    missing = {order.asset_id for order in living if order.item_id not in known}
    stale = set(_stale(now).values_list("asset_id", flat=True))
    if not missing | stale:
        return 0
    return refresh_provisional(asset_ids=missing | stale, now=now)


def _current(orders: Iterable[MeteringOrder], now: datetime) -> list[tuple[Asked, Period]]:
    found = []
    for order in orders:
        period = current_period(order, now)
        part = covered_part(order, period)
        if part is not None:
            found.append((Asked(order, _so_far(part, now)), period))
    return found


def _so_far(part: Period, now: datetime) -> Period:
    """What has not passed is not billed: a level said to hold on, a derived amount that follows from
    it, a gap that is not over, a source that falls silent with time."""
    return Period(part.start, now) if part.start < now < part.end else part


def _stale(now: datetime) -> QuerySet[ProvisionalUsage]:
    """Rows of periods that ended since they were last refreshed."""
    rows: QuerySet[ProvisionalUsage] = ProvisionalUsage.objects.written_by(current_company())
    return rows.filter(period_end__gt=F("as_of"), period_end__lte=now)


def _just_ended(orders: QuerySet[MeteringOrder], now: datetime) -> list[tuple[Asked, Period]]:
    rows = {row.item_id: row for row in _stale(now)}
    found = []
    for order in orders.filter(item_id__in=list(rows)):
        period = Period(rows[order.item_id].period_start, rows[order.item_id].period_end)
        part = covered_part(order, period)
        if part is not None:
            found.append((Asked(order, part), period))
    return found


def _row(answer: Measurement, period: Period, now: datetime) -> ProvisionalUsage:
    order, figures, company = answer.asked.order, answer.figures, current_company().pk
    return ProvisionalUsage(
        author_id=company, parties=sorted({company, order.author_id, order.customer_id}),
        contract_id=order.contract_id, item_id=order.item_id, asset_id=order.asset_id,
        asset_label=order.asset_label, meter=order.meter, unit=order.unit,
        period_start=period.start, period_end=period.end, quantity=figures.quantity,
        daily=[_day(day, answer) for day in figures.daily],
        by_window=windows_to_text(quantities_by_charge(figures.windows)), group_of=order.group_of,
        last_reading_at=answer.last_at, as_of=now,
    )  # fmt: skip


def _day(day: Day, answer: Measurement) -> dict[str, object]:
    windows = windows_to_text(answer.by_day.get(day.day))
    return day.to_dict() if windows is None else {**day.to_dict(), "by_window": windows}
