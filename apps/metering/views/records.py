"""Pages of usage: a contract's overview, a record, its readings."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.common.period import local_date
from apps.contracts.queries import plan_in_force, visible_contracts
from apps.metering.domain.figures import UsageFigures
from apps.metering.models import ProvisionalUsage, UsageRecord
from apps.metering.queries import records_of_contract
from apps.metering.queries.readings import NoGrant, readings_of
from apps.metering.queries.shown import shown_meters, shown_parts, shown_sources, shown_windows
from apps.metering.queries.shown_counting import shown_counting
from apps.metering.queries.shown_measure import shown_measure
from apps.metering.views.charts import usage_by_day
from apps.metering.wording import jump_words

PER_PAGE = 200
_SHOWN_RECORDS = 60


def _record(record_id: UUID) -> UsageRecord:
    rows = UsageRecord.objects.select_related("billed_period__contract", "author", "replaces")
    found: UsageRecord = get_object_or_404(rows, pk=record_id)
    return found


@require_GET
@requires("view_contracts")
def contract_usage(request: HttpRequest, contract_id: UUID) -> HttpResponse:
    """Part of a contract's sheet: running usage, and the records of its periods."""
    contract = get_object_or_404(visible_contracts(), pk=contract_id)
    now = timezone.now()
    running = ProvisionalUsage.objects.filter(
        contract_id=contract.pk, period_start__lte=now, period_end__gt=now
    )
    context = {
        "contract": contract, "running": running,
        "records": records_of_contract(contract.pk)[:_SHOWN_RECORDS],
    }  # fmt: skip
    return render(request, "metering/contract_usage.html", context)


@require_GET
@requires("view_contracts")
def usage_record(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """The evidence of one item and period."""
    record = _record(record_id)
    figures = UsageFigures.from_dict(record.figures)
    context: dict[str, Any] = {
        "record": record, "period": record.billed_period, "figures": figures,
        "contract": record.billed_period.contract, "zone": record.billed_period.contract.time_zone,
        "last_moment": record.billed_period.end - timedelta(microseconds=1),
        "corrections": [(jump_words(item.kind), item) for item in figures.corrections],
        "windows": _windows(record, figures),
        "meters": shown_meters(figures), "of_record": shown_sources(figures),
        "parts": shown_parts(figures), "measured": shown_measure(figures),
        "counting": shown_counting(figures),
        "newer": UsageRecord.objects.filter(replaces=record).first(),
        "versions": sum(
            len(item.versions) for item in (figures, *(row.figures for row in figures.sources))
        ),
    }  # fmt: skip
    return render(request, "metering/usage_record.html", context)


def _windows(record: UsageRecord, figures: UsageFigures) -> list[dict[str, Any]]:
    """Quantities by the windows of the plan that held in the period."""
    contract = record.billed_period.contract
    day = local_date(record.starts_at, contract.time_zone)
    version = plan_in_force(contract, day) if figures.windows else None
    return [] if version is None else shown_windows(figures, version.plan)


@require_GET
@requires("view_contracts")
def usage_record_chart(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Daily usage as a plotly figure."""
    figures = UsageFigures.from_dict(_record(record_id).figures)
    return JsonResponse(usage_by_day(figures, get_language() or "en"))


@require_GET
@requires("view_readings")
def usage_record_readings(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """The believed readings behind a record; another company's through its grant, logged."""
    record = _record(record_id)
    try:
        readings = readings_of(record, reader=str(request.user), now=timezone.now())
    except NoGrant:
        raise PermissionDenied(_("There is no data grant for these readings any more.")) from None
    context = {
        "record": record, "page": Paginator(readings, PER_PAGE).get_page(request.GET.get("page")),
        "count": len(readings), "rests_on": UsageFigures.from_dict(record.figures).reading_count,
    }  # fmt: skip
    return render(request, "metering/usage_readings.html", context)
