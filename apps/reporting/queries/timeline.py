"""An asset's life as one timeline: what assets say and the contracts that cover it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from apps.assets.domain.timeline import Entry, latest_first
from apps.assets.models import Asset
from apps.assets.queries import life_of
from apps.common.period import local_date
from apps.contracts.models import Contract, ContractItem
from apps.contracts.queries import covers_of_asset, item_span

ONE_MOMENT = timedelta(microseconds=1)


def timeline_of(asset: Asset, zone: str) -> list[Entry]:
    """Latest first, as far as the company sees; days are those of a zone."""
    return latest_first([*life_of(asset, zone), *_covers(asset.pk, zone)])


def _covers(asset_id: UUID, zone: str) -> Iterator[Entry]:
    """Each contract once, from the first day of an item to the last."""
    items: dict[UUID, list[ContractItem]] = {}
    for item in covers_of_asset(asset_id):
        items.setdefault(item.contract_id, []).append(item)
    for rows in items.values():
        contract = rows[0].contract
        spans = [item_span(contract, item) for item in rows]
        covered = [(start, end) for start, end in spans if end is None or start < end]
        if covered:
            yield _cover(contract, covered, zone)


def _cover(contract: Contract, spans: list[tuple[datetime, datetime | None]], zone: str) -> Entry:
    starts = [start for start, _end in spans]
    ends = [end for _start, end in spans if end is not None]
    until: date | None = None
    if len(ends) == len(spans):
        until = local_date(max(ends) - ONE_MOMENT, zone)
    return Entry(
        local_date(min(starts), zone), "covered", who=contract.customer_name, what=contract.title,
        target=contract.public_id, until=until,
    )  # fmt: skip
