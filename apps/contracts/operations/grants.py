"""The data grants a contract needs: written by who collects, born and ended with the contract."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.assets.models import Asset, DataGrant
from apps.assets.operations import grant_data
from apps.common.period import parse_instant
from apps.contracts.events import DataWanted, keys
from apps.contracts.models import Contract, ContractItem
from apps.contracts.queries import contract_span
from apps.events.operations import publish, record
from apps.tenancy.context import current_company

PURPOSE = "billing"


def ask_for_data(contract: Contract, now: datetime) -> None:
    """Grant at once what the provider collects itself; ask the other collectors by an event."""
    items = ContractItem.objects.filter(contract=contract)
    assets = Asset.objects.in_bulk({item.asset_id for item in items})
    wanted: dict[int, dict[UUID, list[str]]] = {}
    for item in items:
        asset = assets.get(item.asset_id)
        # A component has no channel of its own; its hosts' are asked for with their mountings.
        if asset is not None and not item.follows_host:
            by_asset = wanted.setdefault(asset.author_id, {})
            by_asset.setdefault(asset.pk, []).extend(item.channel_codes)
    for collector, channels in wanted.items():
        grantees = {contract.customer_id, contract.author_id} - {collector}
        event = DataWanted(contract.pk, tuple(sorted(grantees)), channels, *contract_span(contract))
        if collector == contract.author_id:
            _grant(assets, event.payload, sorted(grantees), now)
        else:
            publish(name=event.name, payload=event.payload, now=now, to=[collector])


@transaction.atomic
def grant_host_data(
    *, contract: Contract, collector: int, channels: Mapping[UUID, Iterable[str]], now: datetime
) -> None:
    """Grants on the hosts whose channels a contract's components follow: at once where the
    provider collects, else asked of who does. A host that is covered itself keeps its channels."""
    wanted = {asset: set(codes) for asset, codes in channels.items()}
    for item in ContractItem.objects.filter(contract=contract, asset__in=list(wanted)):
        wanted[item.asset_id].update(item.channel_codes)
    grantees = tuple(sorted({contract.customer_id, contract.author_id} - {collector}))
    event = DataWanted(
        contract.pk, grantees, {asset: sorted(codes) for asset, codes in wanted.items()},
        *contract_span(contract),
    )  # fmt: skip
    if collector == contract.author_id:
        assets = Asset.objects.in_bulk(list(wanted))
        _grant(assets, event.payload, grantees, now, named=True)
    else:
        publish(name=event.name, payload=event.payload, now=now, to=[collector])


@transaction.atomic
def grant_wanted(*, payload: Mapping[str, Any], asked_by: int, now: datetime) -> int:
    """In the collector's company: grant what a contract of `asked_by` needs. Returns how many.

    Only on own assets whose passport the collector itself gave that company as provider, owner or
    maker, and only to companies the passport names.
    """
    own = Asset.objects.written_by(current_company())
    assets = {
        asset.pk: asset
        for asset in own.filter(pk__in=keys(payload["channels"]))
        if asked_by in (asset.provider_id, asset.owner_id, asset.manufacturer_id)
    }
    return _grant(assets, payload, [int(key) for key in payload["grantees"]], now, named=True)


def _grant(
    assets: Mapping[UUID, Asset], payload: Mapping[str, Any], grantees: Sequence[int],
    now: datetime, *, named: bool = False,
) -> int:  # fmt: skip
    count = 0
    for text, codes in payload["channels"].items():
        asset = assets.get(UUID(text))
        for grantee in grantees if asset is not None else ():
            assert asset is not None
            if named and grantee not in asset.parties:
                record(
                    action="grant_refused", subject=asset.public_id, now=now,
                    details={"grantee": grantee, "contract": payload["contract"]},
                )  # fmt: skip
                continue
            grant_data(
                asset=asset, grantee_id=grantee, contract_id=UUID(payload["contract"]),
                channels=codes, resolution=DataGrant.Resolution.RAW, purpose=PURPOSE,
                valid_from=parse_instant(payload["valid_from"]), now=now,
                valid_until=payload["valid_until"] and parse_instant(payload["valid_until"]),
            )  # fmt: skip
            count += 1
    return count
