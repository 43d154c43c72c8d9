"""The right of who uses an asset to read what its use generates (EU) 2023/2854, Art. 4."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.assets.domain.mounting import Layout
from apps.assets.models import Asset, DataGrant
from apps.assets.operations.grants import end_living, facts_of, parties_of, unmarked
from apps.assets.queries.grants import not_over
from apps.common.period import midnight
from apps.tenancy.context import current_company

USE = DataGrant.Origin.USE
PURPOSE = "Regulation (EU) 2023/2854, Art. 4"


@transaction.atomic
def sync_use_grants(*, assets: Sequence[Asset], now: datetime, new: bool = False) -> int:
    """Bring the grants of users in line with own assets' passports. Returns how many began.

    The user reads every unmarked channel raw; of new assets since they are in service. When another
    company becomes the user, the former one's grant ends, and with it what rested on its yes.
    """
    keys = [asset.pk for asset in assets]
    if not new:
        _end_former(assets, now)
    standing = {
        row.asset_id: row for row in DataGrant.objects.written_by(current_company()).filter(
            asset__in=keys, origin=USE, revoked_at=None, valid_until=None
        )
    }  # fmt: skip
    begun, changed = [], []
    for asset in assets:
        codes = unmarked(asset) if asset.customer_id not in (None, asset.author_id) else []
        grant = standing.get(asset.pk)
        if grant is not None:
            changed += _brought_in_line(grant, asset, codes, now)
        elif codes:
            begun.append(_use_grant(asset, codes, now, new=new))
    DataGrant.objects.bulk_create(begun, batch_size=1000)
    fields = ["channels", "channel_facts", "asset_label", "valid_until"]
    DataGrant.objects.bulk_update(changed, fields, batch_size=500)
    return len(begun)


def _end_former(assets: Sequence[Asset], now: datetime) -> None:
    """End what rested on another company's use of these assets, or on nobody's."""
    users = {asset.pk: None if asset.customer_id == asset.author_id else asset.customer_id
             for asset in assets}  # fmt: skip
    rows = DataGrant.objects.written_by(current_company()).filter(
        not_over(now), asset__in=list(users), kind=DataGrant.Kind.VALUES, revoked_at=None
    )
    loose = rows.exclude(origin=DataGrant.Origin.CONTRACT).select_related("request")
    gone = [row.pk for row in loose if not _stands(row, users[row.asset_id])]
    if gone:
        end_living(DataGrant.objects.filter(pk__in=gone), now, now)


def _stands(grant: DataGrant, user: int | None) -> bool:
    if grant.origin == USE:
        return grant.grantee_id == user
    if grant.request is not None:
        return grant.request.user_id == user
    return user in (None, grant.grantee_id)


def _brought_in_line(
    grant: DataGrant, asset: Asset, codes: list[str], now: datetime
) -> list[DataGrant]:
    if not codes:
        grant.valid_until = max(now, grant.valid_from)
        return [grant]
    facts = facts_of(asset, codes)
    if (grant.channels, grant.channel_facts, grant.asset_label) == (codes, facts, asset.name):
        return []
    grant.channels, grant.channel_facts, grant.asset_label = codes, facts, asset.name
    return [grant]


def _use_grant(asset: Asset, codes: list[str], now: datetime, *, new: bool) -> DataGrant:
    company, since = current_company(), now
    assert asset.customer_id is not None
    if new and asset.in_service_on is not None:
        since = min(now, midnight(asset.in_service_on, company.time_zone))
    return DataGrant(
        author=company, parties=parties_of(asset, asset.customer_id), asset=asset,
        asset_label=asset.name, grantee_id=asset.customer_id, origin=USE, channels=codes,
        channel_facts=facts_of(asset, codes), resolution=DataGrant.Resolution.RAW,
        time_zone=company.time_zone, purpose=PURPOSE, valid_from=since,
    )  # fmt: skip


def refresh_facts(*, asset_ids: Iterable[UUID], now: datetime) -> int:
    """New titles of channels and names of assets in the living grants of own assets."""
    rows = DataGrant.objects.written_by(current_company()).filter(
        asset__in=list(asset_ids), revoked_at=None
    ).exclude(valid_until__lte=now).exclude(origin=USE).select_related("asset")  # fmt: skip
    changed: list[Any] = []
    for grant in rows:
        facts = {**grant.channel_facts, **facts_of(grant.asset, grant.channels)}
        if (grant.channel_facts, grant.asset_label) != (facts, grant.asset.name):
            grant.channel_facts, grant.asset_label = facts, grant.asset.name
            changed.append(grant)
    DataGrant.objects.bulk_update(changed, ["channel_facts", "asset_label"], batch_size=500)
    return len(changed)


def heal_use_grants(*, now: datetime) -> int:
    """Grants for users whose assets have none: registered before there were any."""
    own = Asset.objects.written_by(current_company()).filter(customer__isnull=False)
    standing = DataGrant.objects.filter(origin=USE, revoked_at=None, valid_until=None)
    lacking = own.exclude(pk__in=standing.values("asset")).exclude(customer=F("author"))
    named = [row for row in lacking[:10_000] if Layout.from_dict(row.layout).channels]
    had = set(DataGrant.objects.filter(origin=USE, asset__in=named).values_list("asset", flat=True))
    first = [row for row in named if row.pk not in had]
    again = [row for row in named if row.pk in had]
    return sync_use_grants(assets=first, now=now, new=True) + sync_use_grants(assets=again, now=now)
