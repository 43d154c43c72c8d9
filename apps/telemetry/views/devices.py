"""Devices of an asset and their keys."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.accounts.confirming import confirmed
from apps.assets.models import Asset
from apps.common.ids import encode
from apps.telemetry.forms.channels import DeviceForm
from apps.telemetry.models import Channel, Device
from apps.telemetry.operations.devices import register_device, retire_device
from apps.telemetry.queries.devices import devices_of


def _own(request: HttpRequest, asset_id: UUID) -> Asset:
    own = Asset.objects.written_by(request.company)  # type: ignore[attr-defined]
    asset: Asset = get_object_or_404(own, pk=asset_id)
    return asset


@require_GET
@requires("view_readings")
def asset_devices(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """The part of an asset's page that lists its devices."""
    asset = _own(request, asset_id)
    context = {"asset": asset, "devices": devices_of(asset.pk)}
    return render(request, "telemetry/asset_devices.html", context)


@require_POST
@requires("manage_keys")
def retirement(request: HttpRequest, device_id: UUID) -> HttpResponse:
    """It sends no more; its keys end at once."""
    device = get_object_or_404(Device, pk=device_id)
    retire_device(device=device, now=timezone.now(), by=request.user)
    messages.success(request, _("The device “%(name)s” is retired.") % {"name": device.name})
    return redirect("asset_detail", encode(Asset.prefix, device.asset_id))


@require_http_methods(["GET", "POST"])
@requires("manage_keys")
@confirmed
def new_device(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """A new device; its key is on the answering page and nowhere else."""
    asset = _own(request, asset_id)
    form = DeviceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            device, secret = register_device(
                asset=asset, name=form.cleaned_data["name"], now=timezone.now(), by=request.user,
                firmware=form.cleaned_data["firmware"],
            )  # fmt: skip
        except ValidationError as error:
            form.add_error("name", ValidationError(error.messages))
        else:
            code = Channel.objects.filter(asset_id=asset.pk).values_list("code", flat=True).first()
            context = {"asset": asset, "device": device, "secret": secret, "code": code or "hours",
                       "host": request.get_host(), "scheme": request.scheme}  # fmt: skip
            return render(request, "telemetry/device_made.html", context)
    status = 422 if request.method == "POST" else 200
    return render(
        request, "telemetry/device_new.html", {"asset": asset, "form": form}, status=status
    )
