"""Devices: what sends an asset's readings, each with a key of its own."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.operations import make_key, revoke_key
from apps.accounts.queries import device_keys
from apps.assets.models import Asset
from apps.common.ids import encode
from apps.events.operations import record
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.operations import require_room
from apps.telemetry.models import Device
from apps.tenancy.context import current_company


def register_device(
    *, asset: Asset, name: str, now: datetime, by: Any, firmware: str = ""
) -> tuple[Device, str]:
    """A device of an own asset and its secret key, which is shown once.

    Raises ValidationError for another company's asset, an empty or a known name, and where the company's
    plan has no room for one more.
    """
    name = name.strip()
    if asset.author_id != current_company().pk:
        raise ValidationError(_("Only the company that collects an asset's data adds devices."))
    if not name or len(name) > 120 or not name.isprintable():
        raise ValidationError({"name": _("Give a name of at most 120 characters.")})
    if Device.objects.filter(asset_id=asset.pk, name=name, retired_at=None).exists():
        raise ValidationError({"name": _("This asset already has a device of this name.")})
    with transaction.atomic():
        require_room(what=Counted.DEVICES, added=1, now=now)
        device = Device.objects.create(
            asset_id=asset.pk, asset_label=asset.name, name=name, made_at=now,
            firmware=firmware.strip()[:40],
        )  # fmt: skip
        secret = new_device_key(device=device, now=now, by=by)
        record(
            action="telemetry.device_registered",
            now=now,
            subject=asset.public_id,
            actor=by,
            details={"device": str(device.pk), "name": name},
        )
    return device, secret


@transaction.atomic
def retire_device(*, device: Device, now: datetime, by: Any) -> None:
    """It sends no more: its keys end with it, and it counts no longer. What it sent stays. Twice is once."""
    row = Device.objects.select_for_update().get(pk=device.pk)
    if row.retired_at is not None:
        return
    row.retired_at = now
    row.save(update_fields=["retired_at"])
    for key in device_keys(row.pk).filter(revoked_at=None):
        revoke_key(key=key, now=now, actor=by)
    record(
        action="telemetry.device_retired", now=now, subject=encode(Asset.prefix, row.asset_id),
        actor=by, details={"device": str(row.pk), "name": row.name},
    )  # fmt: skip


def new_device_key(*, device: Device, now: datetime, by: Any) -> str:
    """One more key for the device (two are valid while one is replaced)."""
    label = f"{device.asset_label} {device.name}"[:120]
    _key, secret = make_key(
        name=device.name[:80],
        scope="intake",
        device_id=device.pk,
        device_label=label,
        now=now,
        actor=by,
    )
    return secret
