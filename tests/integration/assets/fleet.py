"""Two trucks, a trailer and tires of the provider, for tests of mountings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.domain.mounting import MountFacts
from apps.assets.domain.positions import parse_positions
from apps.assets.models import Asset, AssetType, Mounting
from apps.assets.operations import mount_component, register_asset_type, register_assets
from apps.telemetry.operations import RawItem, sync_channels, take_in

LAYOUT = """FL; Front left
FR; Front right
SP; Spare; 0
LA; Lift axle; while axle_down = 1"""
ODOMETER = ChannelFacts("odometer", "Odometer", "counter", "km")
AXLE = ChannelFacts("axle_down", "Lift axle", "state", "1")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@dataclass
class Fleet:
    """Assets by serial; everything runs as the provider."""

    provider: Any
    customer: Any
    assets: dict[str, Asset]
    now: datetime

    def mount(
        self, component: str, host: str, position: str, when: str, value: str | None = None,
        **more: Any,
    ) -> Mounting:  # fmt: skip
        facts = MountFacts(
            self.assets[component].pk, self.assets[host].pk, position, at(when),
            None if value is None else Decimal(value), **more,
        )  # fmt: skip
        return mount_component(facts=facts, now=self.now, actor="Anna")

    def send(self, host: str, *pairs: tuple[str, str], channel: str = "odometer") -> list[str]:
        items = [
            RawItem(n, self.assets[host].public_id, channel, when, value)
            for n, (when, value) in enumerate(pairs)
        ]
        return [out.status for out in take_in(items=items, source="test", now=self.now)]


def make_fleet(
    provider: Any, customer: Any, now: datetime, tires: Sequence[str] = ("T1", "T2", "T3")
) -> Fleet:
    """Inside the provider's company."""
    truck = host_type(provider, "Truck", now, [ODOMETER, AXLE], LAYOUT)
    trailer = host_type(provider, "Trailer", now, [], "TL; Trailer left", is_component=True)
    tire = host_type(provider, "Tire", now, [], "", is_component=True)
    wanted = [(truck, "TRUCK-1"), (truck, "TRUCK-2"), (trailer, "TRAILER-1")]
    wanted += [(tire, serial) for serial in tires]
    facts = [
        AssetFacts(kind.pk, serial.title(), serial, provider=provider.pk, customer=customer.pk)
        for kind, serial in wanted
    ]
    made = register_assets(assets=facts, now=now)
    sync_channels(asset_ids=[asset.pk for asset in made])
    return Fleet(provider, customer, {asset.serial: asset for asset in made}, now)


def host_type(
    company: Any, name: str, now: datetime, channels: list[ChannelFacts], layout: str,
    is_component: bool = False,
) -> AssetType:  # fmt: skip
    known = AssetType.objects.written_by(company).filter(name=name).first()
    if known is not None:
        return known
    positions = parse_positions(layout, [row.code for row in channels if row.kind == "state"])
    return register_asset_type(
        name=name, channels=channels, positions=positions, is_component=is_component, now=now
    )
