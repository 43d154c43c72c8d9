"""Reads of types and assets."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from apps.assets.domain.derived import depths_of
from apps.assets.domain.facts import ROLES
from apps.assets.models import Asset, AssetType, TypeChannel
from apps.events.models import AuditRow
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

# A channel may be late by this many of its intervals before its asset counts as silent.
MISSED_INTERVALS = 3
USUAL_INTERVAL = 3600


def own_asset_types() -> QuerySet[AssetType]:
    """The company's types with `asset_count` and `channel_count`."""
    return AssetType.objects.written_by(current_company()).annotate(
        asset_count=Count("assets", distinct=True), channel_count=Count("channels", distinct=True)
    )


def type_depths(channels: Iterable[TypeChannel]) -> dict[str, int]:
    """How deep each channel of one type is derived; 0 for those that are sent."""
    return depths_of(
        {
            row.code: {code for item in row.derivations for code in item.definition.inputs}
            for row in channels
        }
    )


def visible_assets() -> QuerySet[Asset]:
    """Own assets and those whose passport names the company."""
    return Asset.objects.select_related(*ROLES)


def seen_among(asset_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these assets whose pages the company may open. At most one query."""
    keys = set(asset_ids)
    return set(Asset.objects.filter(pk__in=keys).values_list("pk", flat=True)) if keys else set()


def assets_as(role: str) -> QuerySet[Asset]:
    """Assets whose passport names the company as manufacturer, owner, provider or customer."""
    if role not in ROLES:
        raise ValueError(f"{role} is no role of a passport")
    return visible_assets().filter(**{role: current_company()})


def fleet(*, provider_id: int | None = None, customer_id: int | None = None) -> QuerySet[Asset]:
    """Own assets with this provider and this customer."""
    wanted = {"provider_id": provider_id, "customer_id": customer_id}
    given = {name: key for name, key in wanted.items() if key is not None}
    return visible_assets().filter(author=current_company(), **given)


def asset_by_serial(*, type_name: str, serial: str) -> Asset | None:
    """The company's own asset of this type's name and serial."""
    own = Asset.objects.written_by(current_company())
    return own.filter(asset_type__name=type_name, serial=serial).first()


def assets_named(names: Iterable[str]) -> dict[str, Asset]:
    """Own assets by serial; one that two of them carry names neither."""
    found: dict[str, list[Asset]] = {}
    own = Asset.objects.written_by(current_company())
    for asset in own.filter(serial__in=set(names)):
        found.setdefault(asset.serial, []).append(asset)
    return {serial: assets[0] for serial, assets in found.items() if len(assets) == 1}


def roles_in(asset: Asset) -> list[str]:
    """Roles of the current company in an asset's passport."""
    company = current_company().pk
    return [role for role in ROLES if getattr(asset, f"{role}_id") == company]


def with_expected_interval(assets: QuerySet[Asset]) -> QuerySet[Asset]:
    """Assets with `expected_interval`: the shortest of their type's channels, in seconds.

    As the asset tells each of its parties; the channels themselves are the collector's to see.
    """
    told = Cast(KeyTextTransform("expected_interval", "layout"), IntegerField())
    channels = TypeChannel.objects.filter(asset_type=OuterRef("asset_type"))
    shortest = channels.order_by(F("expected_interval_seconds").asc(nulls_last=True))
    own = Subquery(shortest.values("expected_interval_seconds")[:1])
    return assets.annotate(expected_interval=Coalesce(told, own))


def reporting_state(
    last_reading_at: datetime | None, expected_interval: int | None, now: datetime
) -> str:
    """`waiting` before the first reading, `silent` after three missed intervals, else `live`."""
    if last_reading_at is None:
        return "waiting"
    interval = expected_interval or USUAL_INTERVAL
    late = (now - last_reading_at).total_seconds() > MISSED_INTERVALS * interval
    return "silent" if late else "live"


def customers_of_assets() -> QuerySet[Company]:
    """Companies that are the customer of an asset the company may see."""
    return Company.objects.filter(pk__in=Asset.objects.order_by().values("customer"))


def history_of(public_id: str) -> QuerySet[AuditRow]:
    """What happened to a type or an asset, latest first."""
    return AuditRow.objects.filter(subject=public_id).order_by("-at", "-id")


def passport(asset: Asset) -> list[tuple[str, Any]]:
    """(role, company) of every company the passport names."""
    return [(role, company) for role in ROLES if (company := getattr(asset, role)) is not None]
