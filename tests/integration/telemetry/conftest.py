"""A machine of the maker with one channel of each kind, and ways to send it readings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from apps.assets.models import Asset, AssetType, TypeChannel
from apps.telemetry.models import Channel
from apps.telemetry.operations import Outcome, RawItem, sync_channels, take_in
from apps.tenancy.context import company_context


@dataclass
class Machine:
    """An asset and its channels by code."""

    company: Any
    asset: Asset
    channels: dict[str, Channel]

    def item(self, channel: str, time: str, value: Any, position: int = 0, **more: Any) -> RawItem:
        return RawItem(position, self.asset.public_id, channel, time, value, **more)


CHANNELS: dict[str, dict[str, Any]] = {
    "hours": {"kind": "counter", "unit": "h", "max_rate_per_hour": Decimal("1.2")},
    "cycles": {"kind": "counter", "unit": "{cycle}"},
    "energy": {"kind": "delta", "unit": "kW.h", "max_rate_per_hour": Decimal(1000),
               "expected_interval_seconds": 900},
    "pressure": {"kind": "gauge", "unit": "bar"},
    "running": {"kind": "state", "unit": "1"},
}  # fmt: skip


def make_machine(company: Any, now: datetime, serial: str = "SN-1", **channels: Any) -> Machine:
    """Inside the company's context."""
    shared = {"author": company, "parties": [company.pk]}
    kind, made = AssetType.objects.get_or_create(
        author=company, name="Compressor", defaults={"parties": [company.pk], "made_at": now}
    )
    if made:
        for code, fields in {**CHANNELS, **channels}.items():
            TypeChannel.objects.create(
                **shared, asset_type=kind, code=code, title=code.title(), **fields
            )
    asset = Asset.objects.create(
        **shared,
        asset_type=kind,
        type_name=kind.name,
        name=f"Compressor {serial}",
        serial=serial,
        made_at=now,
    )
    sync_channels(asset_ids=[asset.id])
    rows = {channel.code: channel for channel in Channel.objects.filter(asset_id=asset.id)}
    return Machine(company, asset, rows)


@pytest.fixture
def machine(cast: dict[str, Any], now: datetime) -> Iterator[Machine]:
    """A machine of the maker; the test runs inside the maker's company."""
    with company_context(cast["maker"]):
        yield make_machine(cast["maker"], now)


@pytest.fixture
def send(now: datetime) -> Callable[..., list[Outcome]]:
    """`send(item, …)` takes items in and gives their outcomes."""

    def take(*items: RawItem, **more: Any) -> list[Outcome]:
        placed = [replace(item, position=n) for n, item in enumerate(items)]
        return take_in(items=placed, source="test", now=now, **more)

    return take


@pytest.fixture
def hour(now: datetime) -> Callable[[int], str]:
    """`hour(n)`: n hours after 1 October 2026 as RFC 3339 text."""
    first = now.replace(month=10, day=1, hour=0)
    return lambda n: (first + timedelta(hours=n)).isoformat().replace("+00:00", "Z")
