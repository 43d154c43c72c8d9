"""Metering for another company's contract, in the company that collects the readings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.assets.models import Asset
from apps.common.period import Period, parse_instant
from apps.events.operations import publish, record
from apps.metering.events import MeteringRecorded, MeteringRefused
from apps.metering.models import MeteringOrder
from apps.metering.operations.recording import Target, record_usage
from apps.metering.queries import Asked, NotMetered, covered_part, latest_records
from apps.tenancy.context import current_company


@transaction.atomic
def record_wanted(*, payload: Mapping[str, Any], asked_by: int, now: datetime) -> dict[str, int]:
    """Write the usage records a provider asked for and tell it. Twice is once.

    Only for orders of that provider on own assets whose passport names it as provider, owner or
    maker; a refusal is recorded, and the provider is told what is not coming and why.
    """
    wanted = {
        UUID(row["contract"]): (
            UUID(row["period"]), Period(parse_instant(row["start"]), parse_instant(row["end"]))
        )
        for row in payload["periods"]
    }  # fmt: skip
    orders, refused = _orders(wanted, asked_by, now)
    targets = [
        Target(wanted[order.contract_id][0], Asked(order, part))
        for order in orders
        if (part := covered_part(order, wanted[order.contract_id][1])) is not None
    ]
    found = record_usage(targets, latest_records(period for period, _ in wanted.values()), now)
    for key, (period, _) in wanted.items():
        answer = found.get(period, NotMetered("no_order"))
        if isinstance(answer, NotMetered):
            refused.setdefault(key, answer)
    done = [key for key in wanted if key not in refused]
    _tell({key: period for key, (period, _) in wanted.items()}, refused, asked_by, now)
    return {"recorded": len(done), "not_recorded": len(refused)}


def _tell(
    periods: Mapping[UUID, UUID], refused: Mapping[UUID, NotMetered], asked_by: int, now: datetime
) -> None:
    """Of each contract's period, whether it is recorded."""
    done = {key: period for key, period in periods.items() if key not in refused}
    if done:
        recorded = MeteringRecorded(tuple(done), tuple(done.values()))
        publish(name=recorded.name, payload=recorded.payload, now=now, to=[asked_by])
    if refused:
        answers = (
            (
                key,
                periods[key],
                answer.reason,
                {name: str(value) for name, value in answer.params.items()},
            )
            for key, answer in refused.items()
        )
        event = MeteringRefused(tuple(answers))
        publish(name=event.name, payload=event.payload, now=now, to=[asked_by])


def _orders(
    wanted: Mapping[UUID, Any], asked_by: int, now: datetime
) -> tuple[list[MeteringOrder], dict[UUID, NotMetered]]:
    """Orders that may be followed, and a refusal for each contract with one that may not."""
    company = current_company()
    orders = list(
        MeteringOrder.objects.filter(
            author=asked_by, collector=company, contract_id__in=list(wanted)
        )
    )
    read = {key for order in orders for key in _read_from(order)}
    assets = Asset.objects.written_by(company).in_bulk(read)
    allowed: list[MeteringOrder] = []
    refused: dict[UUID, NotMetered] = {}
    for order in orders:
        if all(may_be_metered(assets.get(key), asked_by) for key in _read_from(order)):
            allowed.append(order)
        else:
            record(
                action="metering_refused", subject=order.public_id, now=now,
                details={"asked_by": asked_by, "asset": order.asset_label},
            )  # fmt: skip
            names = {"asset": order.asset_label, "collector": company.name}
            refused[order.contract_id] = NotMetered("metering_refused", names)
    return allowed, refused


def _read_from(order: MeteringOrder) -> list[UUID]:
    """The assets whose channels an order reads: the covered one, or a component's hosts."""
    return order.host_ids if order.follows_host else [order.asset_id]


def may_be_metered(asset: Asset | None, asked_by: int) -> bool:
    """Whether the passport of an own asset names the company as more than its customer."""
    if asset is None:
        return False
    return asked_by in (asset.provider_id, asset.owner_id, asset.manufacturer_id)
