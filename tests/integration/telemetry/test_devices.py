"""Devices that are retired: they send no more, and count no more."""

from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client

from apps.accounts.models import ApiKey
from apps.events.models import AuditRow
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.domain.registry import count_of
from apps.telemetry import api
from apps.telemetry.limits import forget_limits
from apps.telemetry.models import Device
from apps.telemetry.operations import register_device
from apps.telemetry.operations.devices import new_device_key, retire_device
from apps.telemetry.queries.devices import device_health, devices_of
from tests.integration.subscriptions.test_limits import change_plan_row
from tests.integration.telemetry.conftest import Machine

BODY = b'{"ts": 1793955600000, "values": {"cycles": "1"}}'


def status(secret: str) -> int:
    forget_limits()
    client = Client(HTTP_HOST=f"maker.{settings.PERUSE_DOMAIN}")
    key = f"Bearer {secret}"
    answer = client.post("/api/v1/telemetry", BODY, "application/json", HTTP_AUTHORIZATION=key)
    return int(answer.status_code)


def test_a_retired_device_sends_no_more_and_counts_no_more(
    cast: dict[str, Any], machine: Machine, now: datetime
) -> None:
    device, secret = register_device(asset=machine.asset, name="Gateway", now=now, by="Anna")
    second = new_device_key(device=device, now=now, by="Anna")
    assert (status(secret), status(second)) == (200, 200)
    connection.set_tenant(machine.company)  # type: ignore[attr-defined]
    for _twice in range(2):
        retire_device(device=device, now=now, by="Anna")
    assert count_of(Counted.DEVICES, now) == 0
    assert devices_of(machine.asset.pk) == []
    assert device_health(machine.asset.pk).devices == ()
    assert not ApiKey.objects.filter(device_id=device.pk, revoked_at=None).exists()
    assert AuditRow.objects.filter(action="telemetry.device_retired").count() == 1
    assert (status(secret), status(second)) == (401, 401)


def test_a_key_that_is_made_for_a_retired_device_opens_nothing(
    machine: Machine, now: datetime
) -> None:
    device, _secret = register_device(asset=machine.asset, name="Gateway", now=now, by="Anna")
    retire_device(device=device, now=now, by="Anna")
    secret = new_device_key(device=device, now=now, by="Anna")
    api._devices.clear()
    assert status(secret) == 403


def test_it_makes_room_and_leaves_its_name(machine: Machine, now: datetime) -> None:
    change_plan_row("network", most_devices=1)
    connection.set_tenant(machine.company)  # type: ignore[attr-defined]
    device, _secret = register_device(asset=machine.asset, name="Gateway", now=now, by="Anna")
    with pytest.raises(ValidationError, match="already has a device"):
        register_device(asset=machine.asset, name="Gateway", now=now, by="Anna")
    with pytest.raises(ValidationError, match="room for 1 device"):
        register_device(asset=machine.asset, name="Gateway 2", now=now, by="Anna")
    retire_device(device=device, now=now, by="Anna")
    register_device(asset=machine.asset, name="Gateway", now=now, by="Anna")
    assert count_of(Counted.DEVICES, now) == 1
    assert Device.objects.count() == 2


def test_it_is_retired_on_the_assets_page(
    cast: dict[str, Any], machine: Machine, now: datetime, client_of: Any
) -> None:
    device, _secret = register_device(asset=machine.asset, name="Gateway", now=now, by="Anna")
    client, viewer = client_of(cast["maker"]), client_of(cast["maker"], "viewer")
    part = f"/assets/{machine.asset.public_id}/devices/"
    act = f"/devices/{device.public_id}/retirement/"
    assert act in client.get(part).content.decode()
    assert act not in viewer.get(part).content.decode()
    assert viewer.post(act).status_code == 403
    assert client_of(cast["provider"]).post(act).status_code == 404
    page = client.post(act, follow=True).content.decode()
    assert "The device “Gateway” is retired." in page
    assert "Gateway" not in client.get(part).content.decode()
