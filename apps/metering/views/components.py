"""Usage while something was mounted: on a component's page, and by position of a host."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.assets.domain.mounting import Layout
from apps.assets.models import Asset
from apps.assets.queries import mountings_of
from apps.common.forms import MonthInput
from apps.common.period import month_period
from apps.metering.queries.mounted import host_usage, usage_of_mountings
from apps.telemetry.models import Channel

MOST_ROWS = 100


class MonthForm(forms.Form):
    """Which month, and which counter where there are several."""

    month = forms.DateField(
        label=gettext_lazy("Month"), widget=MonthInput, input_formats=["%Y-%m", "%Y-%m-%d"],
        required=False,
    )  # fmt: skip
    channel = forms.ChoiceField(label=gettext_lazy("Counter"), required=False)

    def __init__(self, *args: Any, channels: list[Channel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = [(row.code, row.title) for row in channels]  # type: ignore[attr-defined]
        if len(channels) < 2:
            self.fields["channel"].widget = forms.HiddenInput()


@require_GET
@requires("view_readings")
def mounting_usage(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """What was used over each mounting of a component, each for its own place in the page."""
    component = get_object_or_404(Asset.objects.all(), pk=asset_id)
    rows = [row for row in mountings_of(component.pk)[:MOST_ROWS] if row.withdrawn_at is None]
    zone = timezone.get_current_timezone_name()
    found = usage_of_mountings(rows, timezone.now(), zone)
    shown = [(row.public_id, *found[row.pk]) for row in rows if row.pk in found]
    return render(request, "metering/mounting_usage.html", {"rows": shown})


@require_GET
@requires("view_readings")
def host_positions(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """A month of an own host: what was mounted at each position, and what the host used then."""
    own = Asset.objects.written_by(request.company)  # type: ignore[attr-defined]
    host = get_object_or_404(own, pk=asset_id)
    counted = Channel.objects.filter(asset_id=host.pk, kind__in=("counter", "delta"))
    channels = list(counted.order_by("code"))
    zone, today = timezone.get_current_timezone_name(), timezone.localdate()
    form = MonthForm({"month": f"{today:%Y-%m}", **request.GET.dict()}, channels=channels)
    month = today
    if form.is_valid():
        month = form.cleaned_data["month"] or today
    code = form.cleaned_data.get("channel") if form.is_valid() else ""
    channel = next((row for row in channels if code in ("", row.code)), None)
    context: dict[str, Any] = {"asset": host, "form": form, "channel": channel}
    if channel is not None:
        rules = Layout.from_dict(host.layout).positions
        titles = [(rule.code, rule.title) for rule in rules]
        period = month_period(f"{month:%Y-%m}", zone)
        context["found"] = host_usage(host.pk, channel, period, zone, titles)
    status = 200 if form.is_valid() else 422
    return render(request, "metering/host_positions.html", context, status=status)
