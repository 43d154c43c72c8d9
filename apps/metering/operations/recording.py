"""Usage records from measurements; a record that would say the same is not written again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from apps.metering.domain.parts import Stay
from apps.metering.models import MeteringOrder, UsageRecord
from apps.metering.queries import Asked, Measurement, NotMetered, measure
from apps.telemetry.operations import recompute_dirty
from apps.telemetry.queries.usage import channels_named
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company


class Target(NamedTuple):
    """One covered item of a billed period: what to measure, and where it belongs."""

    period_id: UUID
    asked: Asked


def record_usage(
    targets: Sequence[Target], earlier: Mapping[UUID, Sequence[UsageRecord]], now: datetime
) -> dict[UUID, list[UsageRecord] | NotMetered]:
    """By billed period its records, newest of each item, or why there are none.

    All items of a period or nothing. `earlier`: records that stand, by period.
    """
    drain([target.asked.order for target in targets], now)
    measured = measure([target.asked for target in targets])
    found: dict[UUID, list[UsageRecord] | NotMetered] = {}
    for target, answer in zip(targets, measured, strict=True):
        so_far = found.setdefault(target.period_id, [])
        if isinstance(so_far, NotMetered):
            continue
        if isinstance(answer, NotMetered):
            found[target.period_id] = answer
        else:
            so_far.append(_record(target, answer, earlier.get(target.period_id, ()), now))
    new = [
        record for records in found.values() if not isinstance(records, NotMetered)
        for record in records if record._state.adding
    ]  # fmt: skip
    insert_all(UsageRecord, new)
    for record in new:
        record._state.adding = False
    return found


def drain(orders: Sequence[MeteringOrder], now: datetime) -> None:
    """Work in what is marked on the orders' channels."""
    channels = channels_named(pair for order in orders for pair in _channels_of(order))
    if channels:
        recompute_dirty(now=now, channel_ids=[channel.pk for channel in channels.values()])


def _channels_of(order: MeteringOrder) -> list[tuple[UUID, str]]:
    """The item's own channel and its conditions', or those of the hosts that carry it."""
    if not order.follows_host:
        return [(order.asset_id, code) for code in order.channel_codes]
    stays = [Stay.from_dict(row) for row in order.stays]
    states = [(UUID(item.asset), item.channel) for stay in stays for item in stay.conditions]
    return [*((UUID(stay.host), order.channel_code) for stay in stays), *states]


def _record(
    target: Target, answer: Measurement, earlier: Sequence[UsageRecord], now: datetime
) -> UsageRecord:
    order, figures = target.asked.order, answer.figures
    collector = current_company().pk
    stands = next(
        (row for row in earlier if (row.item_id, row.author_id) == (order.item_id, collector)),
        None,
    )
    if stands is not None and stands.figures == figures.to_dict():
        return stands
    return UsageRecord(
        author_id=collector, parties=sorted({collector, order.author_id, order.customer_id}),
        billed_period_id=target.period_id, generation=stands.generation + 1 if stands else 1,
        item_id=order.item_id, asset_id=order.asset_id, asset_label=order.asset_label,
        meter=order.meter, channel_code=order.source_code, unit=order.unit,
        starts_at=target.asked.span.start, ends_at=target.asked.span.end,
        quantity=figures.quantity, figures=figures.to_dict(),
        readings_sha256=figures.readings_digest, replaces=stands, recorded_at=now,
        warns=figures.warns,
    )  # fmt: skip
