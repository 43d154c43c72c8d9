"""Reads of data clauses: what may be named, and what was agreed."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.assets.domain.mounting import Layout, ShownChannel
from apps.assets.models import Asset
from apps.assets.queries import hosts_for_own
from apps.contracts.models import Contract, ContractItem


def clause_channels(contract: Contract) -> list[ShownChannel]:
    """Channels of the assets a contract covers, each code once, by code; where it covers a component
    those of the company's hosts, too."""
    items = ContractItem.objects.filter(contract=contract)
    covered = Asset.objects.filter(pk__in=items.values("asset")).order_by()
    layouts = list(covered.values_list("layout", flat=True).distinct())
    if items.filter(follows_host=True).exists():
        layouts += hosts_for_own().order_by().values_list("layout", flat=True).distinct()
    rows = [row for layout in layouts for row in Layout.from_dict(layout).channels]
    found = {row.code: row for row in rows}
    return [found[code] for code in sorted(found)]


def collectors_of(contract: Contract) -> list[str]:
    """Names of the companies that collect the covered assets' data, as far as they are seen."""
    items = ContractItem.objects.filter(contract=contract).values("asset")
    names = Asset.objects.filter(pk__in=items).order_by().values_list("author__name", flat=True)
    return sorted(set(names))


def data_sheet_of(contract: Contract) -> dict[str, Any]:
    """What data the covered assets make and who collects them, as JSON, as far as they are seen."""
    channels = [asdict(row) for row in clause_channels(contract)]
    return {"channels": channels, "collectors": collectors_of(contract)}


def contracts_with_clause(asset_id: UUID) -> QuerySet[Contract]:
    """Seen contracts that cover an asset and are or were in force, latest first."""
    items = ContractItem.objects.filter(asset=asset_id).values("contract")
    rows: QuerySet[Contract] = Contract.objects.filter(
        pk__in=items, state__in=[Contract.State.ACTIVE, Contract.State.ENDED]
    )
    return rows.order_by("-starts_on", "-id")
