"""The meter behind a channel: its serial, accuracy, verification and factor, by versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.access import requires
from apps.common.period import parse_instant
from apps.common.quantity import BadValue
from apps.telemetry.forms.channels import WithdrawalForm
from apps.telemetry.forms.meters import MeterForm
from apps.telemetry.models import Declaration
from apps.telemetry.operations.meters import describe_meter, withdraw_meter
from apps.telemetry.views.channels import BEGINNING, View, view_of


@require_http_methods(["GET", "POST"])
@requires("judge_readings")
def describe(request: HttpRequest, asset_id: UUID, code: str) -> HttpResponse:
    """Say what the channel's meter is from a moment on."""
    view = _own(request, asset_id, code)
    takes_factor = view.channel.kind in ("counter", "delta") and not view.channel.depth
    form = MeterForm(request.POST or None, takes_factor=takes_factor, initial=_known(view))
    if request.method == "POST" and form.is_valid():
        try:
            waiting = describe_meter(
                channel=view.channel, version=form.version(), by=request.user, now=timezone.now(),
                reason=form.cleaned_data["reason"],
            )  # fmt: skip
            _tell(request, waiting, _("The meter is described. Usage was worked out again."))
            return _to_channel(view)
        except ValidationError as error:
            form.add_error(None, ValidationError(error.messages))
    return _page(
        request, form, view, _("Meter of the channel"), _("Save"),
        _("What you enter holds from the moment you give until the next version. After an exchange, "
          "enter the new meter from the moment of the exchange. Usage that is billed already is "
          "worked out again, and the difference is billed as the contract says."),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("judge_readings")
def withdraw(request: HttpRequest, asset_id: UUID, code: str, since: str) -> HttpResponse:
    """Take a version of the meter away."""
    view = _own(request, asset_id, code)
    form, instant = WithdrawalForm(request.POST or None), _instant(since)
    if instant not in [item.since for item in view.channel.meter_versions]:
        raise Http404
    if request.method == "POST" and form.is_valid():
        waiting = withdraw_meter(
            channel=view.channel, since=instant, by=request.user, now=timezone.now(),
            reason=form.cleaned_data["reason"],
        )  # fmt: skip
        _tell(request, waiting, _("Withdrawn. The usage was worked out again."))
        return _to_channel(view)
    return _page(
        request, form, view, _("Withdraw this version of the meter"), _("Withdraw"),
        _("The version before it holds on. Usage that is billed already is worked out again."),
    )  # fmt: skip


def _tell(request: HttpRequest, waiting: Declaration | None, done: str) -> None:
    """What became of it; above the limit of factors it is not done yet."""
    if waiting is None:
        messages.success(request, done)
    else:
        messages.warning(
            request, _("The factor changes by more than the limit: it holds as soon as a second "
                       "person confirms it, below under “Declared”."),
        )  # fmt: skip


def _instant(key: str) -> datetime | None:
    if key == BEGINNING:
        return None
    stamp, _dash, micros = key.partition("-")
    try:
        text = datetime.strptime(f"{stamp}.{micros}+0000", "%Y%m%dT%H%M%S.%f%z").isoformat()
        return parse_instant(text)
    except (ValueError, BadValue):
        raise Http404 from None


def _own(request: HttpRequest, asset_id: UUID, code: str) -> View:
    """An own channel; anything else is the same 404."""
    view = view_of(request, asset_id, code)
    if view.grant is not None:
        raise Http404
    return view


def _known(view: View) -> dict[str, Any]:
    """What was said last, for the next version to begin from."""
    versions = view.channel.meter_versions
    if not versions:
        return {}
    last = versions[-1]
    return {
        "serial": last.serial, "accuracy_class": last.accuracy_class,
        "verified_until": last.verified_until, "factor": last.factor,
    }  # fmt: skip


def _to_channel(view: View) -> HttpResponse:
    return redirect("channel_detail", view.asset.public_id, view.channel.code)


def _page(
    request: HttpRequest, form: Any, view: View, heading: str, action: str, explanation: str
) -> HttpResponse:
    back = reverse("channel_detail", args=[view.asset.public_id, view.channel.code])
    context = {
        "form": form, "heading": heading, "action": action, "explanation": explanation,
        "back": back, "asset": view.asset, "channel": view.channel,
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "telemetry/declaration_form.html", context, status=status)
