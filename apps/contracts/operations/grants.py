"""The data grants a contract needs: written by who collects, born and ended with the contract."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.assets.domain.mounting import Layout
from apps.assets.models import Asset, DataGrant
from apps.assets.operations import GrantWish, end_grants, grant_data
from apps.assets.operations.grants import end_living
from apps.common.period import parse_instant
from apps.contracts.domain.clause import ClauseEntry
from apps.contracts.domain.uses import Stretch, Use, stretches, within
from apps.contracts.events import DataWanted, keys
from apps.contracts.models import Contract, ContractItem
from apps.contracts.queries import contract_span, item_span
from apps.contracts.queries.networks import standing_clause
from apps.events.models import AuditRow
from apps.events.operations import publish, record
from apps.tenancy.context import current_company

PURPOSE = "billing"
Uses = Mapping[UUID, Iterable[Use]]


def ask_for_data(contract: Contract, now: datetime) -> None:
    """Have all who collect from the covered assets grant what the contract needs of them as it stands
    now: each channel for the days of its own items. The provider grants its own at once."""
    uses: dict[UUID, list[Use]] = {}
    for item in ContractItem.objects.filter(contract=contract, follows_host=False):
        span = item_span(contract, item)
        uses.setdefault(item.asset_id, []).extend(Use(code, *span) for code in item.channel_codes)
    by_collector: dict[int, dict[UUID, list[Use]]] = {}
    for asset in Asset.objects.filter(pk__in=list(uses)):
        by_collector.setdefault(asset.author_id, {})[asset.pk] = uses[asset.pk]
    for collector, found in by_collector.items():
        _ask(contract, collector, found, now, of_hosts=False)


@transaction.atomic
def grant_host_data(*, contract: Contract, collector: int, uses: Uses, now: datetime) -> None:
    """Have a company grant what the contract's components need of the hosts that carry them: these
    hosts, as long as they carry them and no longer than the contract, and no others."""
    span = contract_span(contract)
    clipped = {host: [within(use, *span) for use in found] for host, found in uses.items()}
    _ask(contract, collector, clipped, now, of_hosts=True)


def _ask(contract: Contract, collector: int, uses: Uses, now: datetime, *, of_hosts: bool) -> None:
    grantees = tuple(sorted({contract.customer_id, contract.author_id} - {collector}))
    items = ContractItem.objects.filter(contract=contract, follows_host=False)
    event = DataWanted(
        contract.pk, grantees, {asset: stretches(found) for asset, found in uses.items()},
        standing_clause(contract), contract.time_zone, of_hosts,
        tuple(items.values_list("asset", flat=True).distinct().order_by("asset")) if of_hosts else (),
    )  # fmt: skip
    if collector == contract.author_id:
        assets = Asset.objects.written_by(current_company()).in_bulk(list(uses))
        _grant(assets, event.payload, now, named=of_hosts)
    else:
        publish(name=event.name, payload=event.payload, now=now, to=[collector])


@transaction.atomic
def grant_wanted(*, payload: Mapping[str, Any], asked_by: int, now: datetime) -> int:
    """In the collector's company: grant what a contract of `asked_by` needs. Returns how many.

    Only on own assets whose passport the collector itself gave that company as provider, owner or
    maker, and only to companies the passport names.
    """
    own = Asset.objects.written_by(current_company()).in_bulk(keys(payload["assets"]))
    assets = {
        asset.pk: asset for asset in own.values()
        if asked_by in (asset.provider_id, asset.owner_id, asset.manufacturer_id)
    }  # fmt: skip
    for key in own.keys() - assets.keys():
        _end_with(payload, key, now)
    return _grant(assets, payload, now, named=True, own_clause=False)


def _end_with(payload: Mapping[str, Any], asset: UUID, now: datetime) -> None:
    """What stands on an asset that its passport gives the asker no more ends with the contract's use."""
    ends = [row.until for row in _stretches(payload["assets"][str(asset)])]
    if None not in ends:
        until = max((end for end in ends if end is not None), default=now)
        end_grants(
            contract_id=UUID(payload["contract"]), now=now, valid_until=until, assets=[asset]
        )


def _grant(
    assets: Mapping[UUID, Asset], payload: Mapping[str, Any], now: datetime, *,
    named: bool = False, own_clause: bool = True,
) -> int:  # fmt: skip
    """Grants for both parties on the billed channels, and for whom the data clause names.

    `named`: only to companies of the passport; an own clause may name others.
    """
    contract = UUID(payload["contract"])
    if payload["of_hosts"]:
        _leave_other_hosts(contract, payload, now)
    wanted = {
        asset: [
            wish for wish, by_clause in _wishes(asset, payload)
            if not named or (by_clause and own_clause) or _is_named(asset, wish, payload, now)
        ]
        for asset in assets.values()
    }  # fmt: skip
    given = grant_data(
        wanted=wanted, contract_id=contract, now=now, time_zone=payload["time_zone"],
        of_host=payload["of_hosts"],
    )  # fmt: skip
    return len(given)


def _leave_other_hosts(contract: UUID, payload: Mapping[str, Any], now: datetime) -> None:
    """End what stands on hosts that carry nothing of the contract any more.

    What a contract has on an asset that it does not cover itself it has on a host.
    """
    rows = DataGrant.objects.written_by(current_company()).filter(contract_id=contract)
    covered = rows.filter(of_host=False).exclude(asset__in=keys(payload["covered"]))
    covered.update(of_host=True)
    left = rows.filter(of_host=True).exclude(asset__in=keys(payload["assets"]))
    end_living(left, now, now)


def _is_named(asset: Asset, wish: GrantWish, payload: Mapping[str, Any], now: datetime) -> bool:
    if wish.grantee_id in asset.parties:
        return True
    said: dict[str, Any] = {
        "action": "grant_refused", "subject": asset.public_id,
        "details": {"grantee": wish.grantee_id, "contract": payload["contract"]},
    }  # fmt: skip
    if not AuditRow.objects.filter(**said).exists():
        record(**said, now=now)
    return False


def _wishes(asset: Asset, payload: Mapping[str, Any]) -> Iterator[tuple[GrantWish, bool]]:
    """What the contract grants of an asset, and whether its data clause says so."""
    rows = _stretches(payload["assets"][str(asset.pk)])
    for grantee in payload["grantees"]:
        yield from ((_billed(int(grantee), row), False) for row in rows)
    clause = [ClauseEntry.from_dict(entry) for entry in payload["clause"]]
    times = stretches(Use("", row.start, row.until) for row in rows)
    for entry in clause:
        if entry.company != asset.author_id:
            yield from ((_by_clause(asset, entry, time), True) for time in times)


def _billed(grantee: int, row: Stretch) -> GrantWish:
    return GrantWish(
        grantee, row.channels, DataGrant.Resolution.RAW, PURPOSE, row.start, row.until
    )  # fmt: skip


def _by_clause(asset: Asset, entry: ClauseEntry, time: Stretch) -> GrantWish:
    """Of the channels that the asset has; as long as anything of it is covered."""
    codes = {row.code for row in Layout.from_dict(asset.layout).channels}
    return GrantWish(
        entry.company, tuple(sorted(codes & set(entry.channels))), entry.resolution,
        entry.purpose, time.start, time.until, entry.kind, entry.revocable, named=True,
    )  # fmt: skip


def _stretches(rows: Iterable[Sequence[Any]]) -> list[Stretch]:
    return [
        Stretch(tuple(channels), parse_instant(start), until and parse_instant(until))
        for channels, start, until in rows
    ]
