"""The data grants a contract needs: written by who collects, born and ended with the contract."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.assets.domain.mounting import Layout
from apps.assets.models import Asset, DataGrant
from apps.assets.operations import grant_data
from apps.common.period import midnight, parse_instant
from apps.contracts.domain.clause import ClauseEntry
from apps.contracts.events import AssetsLeft, DataWanted, keys
from apps.contracts.models import Contract, ContractItem, CoverChange
from apps.contracts.queries import contract_span
from apps.events.operations import publish, record
from apps.tenancy.context import current_company

PURPOSE = "billing"


def ask_for_data(contract: Contract, now: datetime) -> None:
    """Grant at once what the provider collects itself; ask the other collectors by an event."""
    items = list(ContractItem.objects.filter(contract=contract))
    _ask(contract, items, contract_span(contract), now)


def ask_for_added(contract: Contract, change: CoverChange, now: datetime) -> None:
    """The same for what came to a contract in force: what is read of it begins with its own day,
    of an asset that was covered already with the contract."""
    items = list(ContractItem.objects.filter(contract=contract))
    came = {item.asset_id for item in items if item.added_by_id == change.pk}
    known = {item.asset_id for item in items if item.added_by_id != change.pk}
    begins, ends = contract_span(contract)
    later = midnight(change.valid_from, contract.time_zone)
    for assets, start in ((came & known, begins), (came - known, later)):
        chosen = [item for item in items if item.asset_id in assets and not item.withdrawn_on]
        _ask(contract, chosen, (start, ends), now)


def tell_left(contract: Contract, change: CoverChange, now: datetime) -> None:
    """Who collects from assets that are not covered any more ends their grants with that day."""
    gone = ContractItem.objects.filter(contract=contract, pk__in=change.withdrawn)
    staying = ContractItem.objects.filter(contract=contract, withdrawn_on=None)
    left = set(gone.values_list("asset", flat=True)) - set(staying.values_list("asset", flat=True))
    collectors = Asset.objects.filter(pk__in=left).values_list("author", flat=True)
    until = midnight(change.valid_from, contract.time_zone)
    event = AssetsLeft(contract.pk, tuple(sorted(left)), until)
    publish(name=event.name, payload=event.payload, now=now, to={contract.author_id, *collectors})


def _ask(
    contract: Contract, items: Sequence[ContractItem], span: tuple[datetime, datetime | None],
    now: datetime,
) -> None:  # fmt: skip
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
        event = DataWanted(
            contract.pk, tuple(sorted(grantees)), channels, *span,
            tuple(contract.data_clause), contract.time_zone,
        )  # fmt: skip
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
        *contract_span(contract), tuple(contract.data_clause), contract.time_zone,
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
    grantees = [int(key) for key in payload["grantees"]]
    return _grant(assets, payload, grantees, now, named=True, own_clause=False)


def _grant(
    assets: Mapping[UUID, Asset], payload: Mapping[str, Any], grantees: Sequence[int],
    now: datetime, *, named: bool = False, own_clause: bool = True,
) -> int:  # fmt: skip
    """Grants for both parties on the billed channels, and for whom the data clause names.

    `named`: only to companies of the passport; an own clause may name others.
    """
    count = 0
    clause = [ClauseEntry.from_dict(row) for row in payload.get("clause", ())]
    for text, codes in payload["channels"].items():
        asset = assets.get(UUID(text))
        if asset is None:
            continue
        wanted = [*(_billed(key, codes) for key in grantees), *_besides(asset, clause)]
        for entry in wanted:
            by_clause = entry.get("named", False) and own_clause
            if named and not by_clause and entry["grantee_id"] not in asset.parties:
                record(
                    action="grant_refused", subject=asset.public_id, now=now,
                    details={"grantee": entry["grantee_id"], "contract": payload["contract"]},
                )  # fmt: skip
            else:
                count += _give(asset, entry, payload, now)
    return count


def _billed(grantee: int, codes: Sequence[str]) -> dict[str, Any]:
    return {
        "grantee_id": grantee, "channels": codes, "resolution": DataGrant.Resolution.RAW,
        "purpose": PURPOSE,
    }  # fmt: skip


def _besides(asset: Asset, clause: Sequence[ClauseEntry]) -> list[dict[str, Any]]:
    """What the clause grants of this asset; nothing to who collects, or of channels it lacks."""
    codes = {row.code for row in Layout.from_dict(asset.layout).channels}
    return [
        {
            "grantee_id": entry.company, "channels": sorted(codes & set(entry.channels)),
            "resolution": entry.resolution, "purpose": entry.purpose, "kind": entry.kind,
            "revocable": entry.revocable, "named": True,
        }
        for entry in clause if entry.company != asset.author_id
    ]  # fmt: skip


def _give(asset: Asset, entry: dict[str, Any], payload: Mapping[str, Any], now: datetime) -> bool:
    given = grant_data(
        asset=asset, contract_id=UUID(payload["contract"]), now=now,
        valid_from=parse_instant(payload["valid_from"]),
        valid_until=payload["valid_until"] and parse_instant(payload["valid_until"]),
        time_zone=payload.get("time_zone", ""), **entry,
    )  # fmt: skip
    return given is not None
