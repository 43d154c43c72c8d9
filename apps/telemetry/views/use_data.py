"""What the company's equipment says of its use: what there is, who reads it, files of it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from django_tables2 import RequestConfig

from apps.accounts.access import requires
from apps.accounts.confirming import confirmed
from apps.assets.domain.mounting import Layout
from apps.assets.models import Asset, DataRequest
from apps.assets.queries import acts_on, grants_on, held_grants, seen_requests, standing_of
from apps.common.pages import Empty, ListPage
from apps.common.period import local_date, midnight
from apps.events.models import Job
from apps.telemetry.forms.grants import ExportForm
from apps.telemetry.operations.exporting import JOB_KIND, start_export
from apps.telemetry.tables import ActTable, UseTable
from apps.telemetry.views.grants import dressed
from apps.telemetry.wording import standing_words
from apps.tenancy.context import current_company

TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


class UseList(ListPage):
    """Equipment the company uses, and where the data of its use lie."""

    model = Asset
    table_class = UseTable
    title = gettext_lazy("Data of your equipment")
    pretitle = gettext_lazy("Data")
    search_fields = ("name", "serial", "site", "type_name")
    export_name = "use-data"
    intro_template = "telemetry/use_right.html"
    empty = Empty(
        "database", gettext_lazy("No equipment yet"),
        gettext_lazy("Equipment whose passport names your company as the customer stands here."),
        "asset_list", gettext_lazy("See assets"), "view_assets",
    )  # fmt: skip

    def get_queryset(self) -> Any:
        used = Asset.objects.filter(customer=current_company()).exclude(layout__channels=[])
        return used.select_related("author")

    def annotate_rows(self, rows: Sequence[Any]) -> None:
        for row in rows:
            row.channel_count = len(Layout.from_dict(row.layout).channels)

    def _export(self) -> HttpResponse:
        rows: Any = list(self.found)
        self.annotate_rows(rows)
        self.found = rows
        return super()._export()


def _seen(asset_id: UUID) -> Asset:
    """An asset that the company collects the data of, or uses; any other is a 404."""
    own = current_company()
    rows = Asset.objects.select_related("author", "customer")
    asset: Asset = get_object_or_404(rows, pk=asset_id)
    if own.pk not in (asset.author_id, asset.customer_id):
        raise Http404
    return asset


@require_GET
@requires("view_readings")
def asset_data(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """All data that an asset's use generates: channels, who reads them, what was read, files."""
    return _page(request, _seen(asset_id), None)


def _page(request: HttpRequest, asset: Asset, form: ExportForm | None) -> HttpResponse:
    now = timezone.now()
    today = local_date(now, str(timezone.get_current_timezone()))
    own = current_company()
    acts = ActTable(data=acts_on(asset.pk).exclude(author=own, act="read"), request=request)
    RequestConfig(request, paginate={"per_page": 25}).configure(acts)
    initial = {"start": today - timedelta(days=30), "until": today + timedelta(days=1)}
    grants = [dressed(row, now) for row in grants_on(asset)[:100]]
    context = {
        "asset": asset, "collects": asset.author_id == own.pk, "acts": acts,
        "channels": _channels(asset), "act_count": acts.paginator.count,
        "uses": asset.customer_id == own.pk and asset.author_id != own.pk,
        "grants": [row for row in grants if row.grantee_id != own.pk and row.state != "ended"],
        "requests": [_with_standing(row) for row in seen_requests().filter(asset=asset)[:20]],
        "form": form or ExportForm(initial=initial), "clause_url": _clause_url(asset),
    }  # fmt: skip
    return render(request, "telemetry/asset_data.html", context, status=422 if form else 200)


def _with_standing(row: DataRequest) -> Any:
    found: Any = row
    found.standing = standing_of(row)
    found.standing_label = standing_words(found.standing)
    return found


def _clause_url(asset: Asset) -> str:
    """The part with the data clauses of contracts; empty where there are no contracts."""
    try:
        return reverse("asset_clauses", args=[asset.public_id])
    except NoReverseMatch:
        return ""


def _channels(asset: Asset) -> list[dict[str, Any]]:
    """Each channel, its mark in words, and whether the company reads it now."""
    if asset.author_id == current_company().pk:
        readable = None
    else:
        held = held_grants(timezone.now()).filter(asset=asset)
        readable = {code for grant in held for code in grant.channels}
    return [
        {"channel": row, "readable": readable is None or row.code in readable}
        for row in Layout.from_dict(asset.layout).channels
    ]


@require_POST
@requires("export_readings")
@confirmed
def export(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Have a file written of what the company may read."""
    asset = _seen(asset_id)
    form = ExportForm(request.POST)
    codes = [row["channel"].code for row in _channels(asset) if row["readable"]]
    if form.is_valid() and not codes:
        form.add_error(None, _("There is nothing here that you may read."))
    if not form.is_valid():
        return _page(request, asset, form)
    zone = str(timezone.get_current_timezone())
    data = form.cleaned_data
    job = start_export(
        asset_id=asset.pk, label=asset.name, codes=codes, form=data["form"],
        start=midnight(data["start"], zone), end=midnight(data["until"], zone),
        now=timezone.now(), actor=request.user,
    )  # fmt: skip
    if job is None:
        messages.info(request, _("This file is being written already."))
        return redirect("job_list")
    return redirect("job_progress", job.public_id)


@require_GET
@requires("export_readings")
@confirmed
def download(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The written file, in the company that asked for it alone."""
    jobs = Job.objects.filter(company=current_company(), kind=JOB_KIND, state=Job.State.DONE)
    job = get_object_or_404(jobs, pk=job_id)
    name = str((job.result or {}).get("file", ""))
    if not name or not default_storage.exists(name):
        raise Http404
    with default_storage.open(name, "rb") as file:
        content = file.read()
    form = str(job.payload["form"])
    answer = HttpResponse(content, content_type=TYPES[form])
    serial = "".join(sign if sign.isalnum() else "-" for sign in str(job.payload["label"]))[:60]
    answer["Content-Disposition"] = (
        f'attachment; filename="{serial.encode("ascii", "ignore").decode()}.{form}"'
    )
    return answer
