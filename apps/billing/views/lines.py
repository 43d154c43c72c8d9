"""Explain: from a line through its arithmetic and usage down to the readings."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.billing.models import Invoice, InvoiceLine
from apps.billing.queries.explaining import explain_line, record_of
from apps.billing.queries.readings import covered_period, readings_behind
from apps.metering.domain.figures import UsageFigures
from apps.metering.models import UsageRecord
from apps.telemetry.door import DoorClosed

PER_PAGE = 200


@require_GET
@requires("view_invoices")
def invoice_line(request: HttpRequest, invoice_id: UUID, position: int) -> HttpResponse:
    """Plan and charge in words, arithmetic, usage records."""
    lines = InvoiceLine.objects.select_related("invoice", "invoice__contract")
    line = get_object_or_404(lines, invoice_id=invoice_id, position=position)
    explained = explain_line(line, get_language() or "en")
    context = {"line": line, "invoice": line.invoice, "explained": explained}
    return render(request, "billing/invoice_line.html", context)


@require_GET
@requires("view_invoices")
def usage_chart(request: HttpRequest, invoice_id: UUID, record_id: UUID) -> HttpResponse:
    """Daily usage of one record as a plotly figure."""
    record = _record(invoice_id, record_id)
    days = UsageFigures.from_dict(record.figures).own_days
    bars = {
        "type": "bar", "x": [day.day.isoformat() for day in days],
        "y": [float(day.quantity) for day in days], "name": record.asset_label,
    }  # fmt: skip
    layout = {"yaxis": {"title": {"text": record.unit}}, "xaxis": {"type": "date"}}
    return JsonResponse({"data": [bars], "layout": layout})


@require_GET
@requires("view_readings")
def usage_readings(request: HttpRequest, invoice_id: UUID, record_id: UUID) -> HttpResponse:
    """The believed readings of one record, paged; of another company through its grant, logged."""
    record = _record(invoice_id, record_id)
    span = covered_period(record)
    try:
        readings = readings_behind(record, span, reader=str(request.user), now=timezone.now())
    except DoorClosed:
        raise PermissionDenied(_("There is no data grant for these readings any more.")) from None
    context: dict[str, Any] = {
        "invoice": get_object_or_404(Invoice, id=invoice_id), "record": record,
        "page": Paginator(readings, PER_PAGE).get_page(request.GET.get("page")),
        "count": len(readings), "digest": record.readings_sha256,
        "rests_on": UsageFigures.from_dict(record.figures).reading_count,
    }  # fmt: skip
    return render(request, "billing/usage_readings.html", context)


def _record(invoice_id: UUID, record_id: UUID) -> UsageRecord:
    record = record_of(invoice_id, record_id)
    if record is None:
        raise Http404
    return record
