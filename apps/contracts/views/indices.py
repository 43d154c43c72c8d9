"""Price indices: the list, one series with its values and chart, new values by form or file."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.common.pages import Action, Empty, ListPage
from apps.contracts.domain.index_file import MOST_BYTES, PublishedValue, read_values
from apps.contracts.forms.indices import SeriesForm, ValueFileForm, ValueForm, problem_text
from apps.contracts.models import PriceIndexSeries, PriceIndexValue
from apps.contracts.operations import add_series, add_values, remove_value
from apps.contracts.queries import own_series, visible_series
from apps.contracts.tables import IndexTable
from apps.tenancy.context import current_company

_SHOWN_PROBLEMS = 50


class IndexList(ListPage):
    """Series that prices follow: own ones, and those of contracts the company is party to."""

    model = PriceIndexSeries
    table_class = IndexTable
    title = gettext_lazy("Price indices")
    search_fields = ("name", "code", "source")
    export_name = "price-indices"
    actions = (Action("index_new", gettext_lazy("New price index"), capability="draft_contracts"),)
    empty = Empty(
        "trending-up", gettext_lazy("No price indices yet"),
        gettext_lazy("A published series, such as producer prices, can move the prices of a plan."),
        "index_new", gettext_lazy("Add a price index"), "draft_contracts",
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[PriceIndexSeries]:
        return visible_series()


@require_http_methods(["GET", "POST"])
@requires("draft_contracts")
def new_series(request: HttpRequest) -> HttpResponse:
    """Name a series."""
    form = SeriesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            series = add_series(**form.cleaned_data, now=timezone.now(), actor=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("index_detail", series.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "contracts/index_new.html", {"form": form}, status=status)


@require_GET
@requires("view_contracts")
def detail(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """Chart and values; for its keeper the forms for new ones."""
    series = get_object_or_404(visible_series(), pk=series_id)
    return _page(request, series, ValueForm(), ValueFileForm(), [])


@require_GET
@requires("view_contracts")
def chart(request: HttpRequest, series_id: UUID) -> JsonResponse:
    """The values over time."""
    series = get_object_or_404(visible_series(), pk=series_id)
    rows = list(PriceIndexValue.objects.filter(series=series).order_by("reference"))
    trace = {
        "type": "scatter", "mode": "lines+markers", "name": series.name,
        "x": [row.reference for row in rows], "y": [float(row.value) for row in rows],
        "hovertemplate": "%{y}<extra></extra>",
    }  # fmt: skip
    layout = {"showlegend": False, "xaxis": {"type": "category"}}
    return JsonResponse({"data": [trace], "layout": layout})


@require_POST
@requires("draft_contracts")
def enter_value(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """One value."""
    series = get_object_or_404(own_series(), pk=series_id)
    form = ValueForm(request.POST)
    if form.is_valid():
        problems = _entered(request, series, [form.published()])
        if not problems:
            return redirect("index_detail", series.public_id)
        for text in problems:
            form.add_error("reference", text)
    return _page(request, series, form, ValueFileForm(), [], status=422)


@require_POST
@requires("draft_contracts")
def enter_file(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """Many values from a CSV file: all of them, or none and every line that is wrong."""
    series = get_object_or_404(own_series(), pk=series_id)
    form = ValueFileForm(request.POST, request.FILES)
    problems: list[str] = []
    if form.is_valid():
        values, found = read_values(form.cleaned_data["file"].read(MOST_BYTES + 1))
        problems = [problem_text(item) for item in found]
        if not problems and not values:
            problems = [_("The file has no value.")]
        if not problems:
            problems = _entered(request, series, values)
        if not problems:
            return redirect("index_detail", series.public_id)
    return _page(request, series, ValueForm(), form, problems, status=422)


def _entered(
    request: HttpRequest, series: PriceIndexSeries, values: list[PublishedValue]
) -> list[str]:
    try:
        count = add_values(series=series, values=values, now=timezone.now(), actor=request.user)
    except ValidationError as error:
        return list(error.messages)
    text = ngettext("%(count)s new value.", "%(count)s new values.", count) % {"count": count}
    messages.success(request, text)
    return []


@require_POST
@requires("draft_contracts")
def remove(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """Take out a mistyped value."""
    series = get_object_or_404(own_series(), pk=series_id)
    rows = PriceIndexValue.objects.filter(series=series).select_related("series")
    value = rows.filter(reference=request.POST.get("reference", "")).first()
    if value is not None:
        remove_value(value=value, now=timezone.now(), actor=request.user)
        messages.success(request, _("The value for %(for)s is removed.") % {"for": value.reference})
    return redirect("index_detail", series.public_id)


def _page(
    request: HttpRequest, series: PriceIndexSeries, form: ValueForm, file_form: ValueFileForm,
    problems: list[str], status: int = 200,
) -> HttpResponse:  # fmt: skip
    values = PriceIndexValue.objects.filter(series=series).order_by("-published_on", "-reference")
    context: dict[str, Any] = {
        "series": series, "values": values, "form": form, "file_form": file_form,
        "own": series.author_id == current_company().pk,
        "problems": problems[:_SHOWN_PROBLEMS], "problem_count": len(problems),
    }  # fmt: skip
    return render(request, "contracts/index_detail.html", context, status=status)
