"""Which recorded periods rest on some days of some assets: asked before readings are withdrawn."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.assets.models import Asset
from apps.common.ids import BadId, decode
from apps.common.period import parse_instant
from apps.common.quantity import BadValue
from apps.metering.models import BilledPeriod, UsageRecord
from apps.metering.queries.late import records_resting_on

MOST = 100
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Touched:
    """A usage record, its period where the company sees it, and the zone its days are told in."""

    record: UsageRecord
    period: BilledPeriod | None
    zone: str

    @property
    def last_moment(self) -> datetime:
        return self.record.ends_at - _INSTANT


@require_GET
@requires("view_contracts")
def usage_touched(request: HttpRequest) -> HttpResponse:
    """Part of a page. `asset` and `channel` (codes; any number of both), `first` and `last` as RFC 3339;
    anything else is a 404."""
    try:
        assets = [decode(Asset.prefix, name) for name in request.GET.getlist("asset")]
        first, last = (_day(request.GET.get(name, "")) for name in ("first", "last"))
    except (BadId, BadValue, ValueError):
        raise Http404 from None
    own, codes = _own(assets), request.GET.getlist("channel")
    found = records_resting_on(own, codes, first, last) if own or not assets else []
    context = {"records": _shown(found[:MOST]), "count": len(found)}
    return render(request, "metering/touched.html", context)


def _day(text: str) -> date:
    return parse_instant(text).astimezone(UTC).date()


def _own(keys: list[UUID]) -> list[UUID]:
    return list(Asset.objects.filter(pk__in=keys).values_list("pk", flat=True)) if keys else []


def _shown(records: list[UsageRecord]) -> list[Touched]:
    here, rows = (
        str(timezone.get_current_timezone()),
        BilledPeriod.objects.select_related("contract"),
    )
    periods: dict[Any, BilledPeriod] = rows.in_bulk({row.billed_period_id for row in records})
    return [
        Touched(row, period, here if period is None else period.contract.time_zone)
        for row in records for period in [periods.get(row.billed_period_id)]
    ]  # fmt: skip
