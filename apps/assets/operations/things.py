"""Writes of assets: all or none, the author is the current company."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.assets.domain.facts import ROLES, AssetFacts
from apps.assets.events import AssetsRegistered
from apps.assets.models import Asset, AssetType
from apps.assets.operations.common import layouts_of, must_be_own, publish_changed
from apps.assets.operations.holdings import judge_owners, note_holders
from apps.assets.operations.using import sync_use_grants
from apps.events.operations import publish, record
from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.operations import require_room
from apps.tenancy.context import current_company
from apps.tenancy.queries import known_company_ids

_RECORDED_EACH = 50


@transaction.atomic
def register_assets(
    *, assets: Sequence[AssetFacts], now: datetime, actor: Any = None
) -> list[Asset]:
    """New assets, all or none. Raises ValidationError for unknown types and companies, for a
    serial that its type already has, and where the company's plan has no room for them."""
    require_room(what=Counted.ASSETS, added=len(assets), now=now)
    types = _types_of(assets)
    _judge_companies(assets)
    _judge_serials(assets)
    layouts = layouts_of(types.values())
    rows = [_asset(facts, types[facts.asset_type], now) for facts in assets]
    for row in rows:
        row.layout = layouts[row.asset_type_id]
    Asset.objects.bulk_create(rows, batch_size=1000)
    note_holders(assets=rows, at=now, new=True)
    sync_use_grants(assets=rows, now=now, new=True)
    if rows:
        event = AssetsRegistered(tuple(row.id for row in rows))
        publish(name=event.name, payload=event.payload, now=now)
        _record_registered(rows, now, actor)
    return rows


def _record_registered(rows: Sequence[Asset], now: datetime, actor: Any) -> None:
    """One audit row each; of a large batch one in all."""
    if len(rows) <= _RECORDED_EACH:
        for row in rows:
            record(action="asset_registered", subject=row.public_id, now=now, actor=actor)
        return
    record(
        action="assets_registered", subject=rows[0].public_id, now=now, actor=actor,
        details={"count": len(rows)},
    )  # fmt: skip


def _types_of(assets: Iterable[AssetFacts]) -> dict[UUID, AssetType]:
    wanted = {facts.asset_type for facts in assets}
    types = AssetType.objects.written_by(current_company()).in_bulk(wanted)
    if len(types) < len(wanted):
        raise ValidationError(_("There is no such asset type here."))
    return types


def _judge_companies(assets: Iterable[AssetFacts], named_before: Iterable[int] = ()) -> None:
    """A company that bought an asset stands in its passport, whether its author knows it or not."""
    named = {key for facts in assets for key in facts.companies()}
    if named - known_company_ids() - set(named_before):
        raise ValidationError(_("Choose companies that are among your partners."))


def _judge_serials(assets: Sequence[AssetFacts]) -> None:
    keys = [(facts.asset_type, facts.serial.strip()) for facts in assets]
    found = Asset.objects.written_by(current_company()).filter(
        asset_type__in={key[0] for key in keys}, serial__in={key[1] for key in keys}
    )
    taken = {(row.asset_type_id, row.serial) for row in found}
    for key in keys:
        if key in taken:
            raise ValidationError(
                {"serial": _("The serial number %(serial)s exists already.") % {"serial": key[1]}}
            )
        taken.add(key)


def _asset(facts: AssetFacts, asset_type: AssetType, now: datetime) -> Asset:
    asset = Asset(author=current_company(), asset_type=asset_type, made_at=now)
    _describe(asset, facts, asset_type)
    asset.clean_fields(exclude=["author", "asset_type", "last_reading_at", *ROLES])
    return asset


def _describe(asset: Asset, facts: AssetFacts, asset_type: AssetType) -> None:
    asset.type_name = asset_type.name
    asset.name, asset.serial, asset.site = (
        facts.name.strip(), facts.serial.strip(), facts.site.strip(),
    )  # fmt: skip
    for role in ROLES:
        setattr(asset, f"{role}_id", getattr(facts, role))
    asset.in_service_on = facts.in_service_on
    asset.manufactured_on = facts.manufactured_on or asset.manufactured_on
    asset.parties = sorted({asset.author_id, *facts.companies()})


@transaction.atomic
def change_assets(
    *, changes: Sequence[tuple[Asset, AssetFacts]], now: datetime, actor: Any = None
) -> list[Asset]:
    """Rewrite passports. The type of an asset stays, and an owner that came by a transfer.

    Raises ValidationError.
    """
    _lock([asset for asset, _facts in changes])
    _judge_companies(
        [facts for _asset_, facts in changes],
        {key for row, _facts in changes for key in row.parties},
    )
    judge_owners(owners=[(asset, facts.owner) for asset, facts in changes])
    for asset, facts in changes:
        must_be_own(asset)
        if facts.asset_type != asset.asset_type_id:
            raise ValidationError(_("The type of an asset cannot change; register a new asset."))
        before = (asset.asset_type_id, asset.serial)
        if (facts.asset_type, facts.serial.strip()) != before:
            _judge_serials([facts])
        _describe(asset, facts, asset.asset_type)
        asset.clean_fields(exclude=["author", "asset_type", "last_reading_at", *ROLES])
    rows = [asset for asset, _facts in changes]
    fields = ["name", "serial", "site", "in_service_on", "manufactured_on", "parties", *ROLES]
    Asset.objects.bulk_update(rows, fields, batch_size=500)
    note_holders(assets=rows, at=now)
    sync_use_grants(assets=rows, now=now)
    publish_changed([row.id for row in rows], now)
    for row in rows:
        record(action="asset_changed", subject=row.public_id, now=now, actor=actor)
    return rows


def _lock(assets: Sequence[Asset]) -> None:
    """Against a title that passes meanwhile. In the order of keys, as everybody takes them."""
    rows = Asset.objects.written_by(current_company()).filter(pk__in=[row.pk for row in assets])
    list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk"))


def change_asset(*, asset: Asset, facts: AssetFacts, now: datetime, actor: Any = None) -> Asset:
    """Rewrite one passport. Raises ValidationError."""
    return change_assets(changes=[(asset, facts)], now=now, actor=actor)[0]
