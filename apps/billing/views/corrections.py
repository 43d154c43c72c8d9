"""Pages of corrections: what a late reading changed, before and after, and why."""

from typing import Any
from uuid import UUID

import django_filters
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.billing.models import Correction, Invoice
from apps.billing.operations import correct_periods
from apps.billing.queries.corrections import correction_sheet
from apps.billing.tables import CorrectionTable
from apps.billing.wording import reason_words
from apps.common.pages import Empty, ListPage
from apps.metering.models import BilledPeriod
from apps.tenancy.context import current_company


class CorrectionFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        choices=Correction.State.choices, empty_label=gettext_lazy("Every state")
    )


class CorrectionList(ListPage):
    model = Correction
    table_class = CorrectionTable
    title = gettext_lazy("Corrections")
    search_fields = ("contract__title", "contract__customer_name", "documents__number")
    filterset_class = CorrectionFilters
    export_name = "corrections"
    empty = Empty(
        "file-diff", gettext_lazy("Nothing had to be corrected"),
        gettext_lazy("A reading that comes or changes after its invoice is issued shows here, with "
                     "what it does to the bill."),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Correction]:
        rows: QuerySet[Correction] = Correction.objects.select_related("contract", "billed_period")
        return rows.prefetch_related("documents").distinct()


@require_GET
@requires("view_invoices")
def correction_detail(request: HttpRequest, correction_id: UUID) -> HttpResponse:
    """Original, difference and reason side by side."""
    rows = Correction.objects.select_related("contract", "billed_period")
    correction = get_object_or_404(rows, id=correction_id)
    sheet = correction_sheet(correction)
    context: dict[str, Any] = {
        "correction": correction, "sheet": sheet, "contract": correction.contract,
        "zone": correction.contract.time_zone,
        "words": reason_words(correction.reason, correction.params),
        "own": correction.author_id == current_company().pk,
    }  # fmt: skip
    return render(request, "billing/correction_detail.html", context)


@require_POST
@requires("run_billing")
def rate_again(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """Rate the period of an own invoice over everything known now."""
    own = Invoice.objects.written_by(current_company())
    invoice = get_object_or_404(own, id=invoice_id)
    periods = BilledPeriod.objects.filter(
        contract=invoice.contract_id, start=invoice.period_start
    ).values_list("id", flat=True)
    done = correct_periods(periods=periods, now=timezone.now())
    if done.get("corrected"):
        messages.success(request, _("Something changed since: see the correction below."))
    elif done.get("parked"):
        messages.warning(request, _("The period cannot be rated: see why under Corrections."))
    elif done.get("redrafted"):
        messages.success(request, _("The draft is written anew."))
        return redirect("invoice_list")
    else:
        messages.info(request, _("Rated again: nothing changed since."))
    return redirect("invoice_detail", invoice.public_id)
