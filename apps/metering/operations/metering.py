"""Metering of many contracts' periods at once, in the provider's company."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from apps.common.canonical import instant_text
from apps.common.period import Period
from apps.contracts.models import Contract
from apps.events.operations import publish
from apps.metering.events import MeteringWanted
from apps.metering.models import BilledPeriod, MeteringOrder, UsageRecord
from apps.metering.operations.recording import Target, record_usage
from apps.metering.queries import (
    Asked,
    Metered,
    NotMetered,
    covered_part,
    first_starts,
    latest_records,
    orders_of,
)
from apps.metering.queries.preview import missing_orders
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company

BILLED = BilledPeriod.State.BILLED
Wanted = Sequence[tuple[Contract, Period]]


@dataclass(slots=True)
class Sheet:
    """One contract's period under way. `period` is made here where none stands."""

    contract: Contract
    span: Period
    orders: list[MeteringOrder]
    period: BilledPeriod
    is_new: bool
    records: list[UsageRecord] = field(default_factory=list)
    reason: NotMetered | None = None

    def parts(self, own: int, *, foreign: bool) -> list[Asked]:
        return [
            Asked(order, part)
            for order in self.orders
            if (order.collector_id != own) == foreign and (part := covered_part(order, self.span))
        ]


def meter_periods(*, wanted: Wanted, now: datetime) -> dict[UUID, Metered | NotMetered]:
    """By contract (one period each): its billed period with usage records, or why not.

    Writes in the caller's transaction, in bulk. What stands is found again: a billed period's
    records never change, an open one's are measured anew and written only where they differ.
    What another company collects is asked of it: `waiting_for_collector`.
    """
    answers: dict[UUID, Metered | NotMetered] = {}
    sheets = _sheets(wanted, now, answers)
    open_sheets = []
    for sheet in sheets:
        if sheet.period.state == BILLED:
            answers[sheet.contract.pk] = Metered(sheet.period, sheet.records)
        else:
            open_sheets.append(sheet)
    _measure(open_sheets, now)
    _take_foreign(open_sheets, now)
    for sheet in open_sheets:
        answers[sheet.contract.pk] = sheet.reason or Metered(sheet.period, sheet.records)
    return answers


def _sheets(
    wanted: Wanted, now: datetime, answers: dict[UUID, Metered | NotMetered]
) -> list[Sheet]:
    """Periods that can be metered; for the others the reason goes into the answers."""
    orders = orders_of(contract.pk for contract, _ in wanted)
    unready = missing_orders(wanted, orders)
    firsts = first_starts([contract for contract, _ in wanted])
    standing = _standing(wanted)
    records = latest_records(row.pk for rows in standing.values() for row in rows)
    sheets = []
    for contract, span in wanted:
        rows = standing.get(contract.pk, [])
        period = next((row for row in rows if row.start == span.start), None)
        reason = (
            None if period is not None else _refusal(contract, span, rows, unready, firsts, now)
        )
        if reason is not None:
            answers[contract.pk] = reason
            continue
        sheets.append(
            Sheet(
                contract, span, orders.get(contract.pk, []),
                period or _new_period(contract, span, rows), period is None,
                records.get(period.pk, []) if period else [],
            )
        )  # fmt: skip
    return sheets


def _standing(wanted: Wanted) -> dict[UUID, list[BilledPeriod]]:
    """Rows of the wanted periods and of those just before them."""
    starts = {span.start for _, span in wanted}
    found: dict[UUID, list[BilledPeriod]] = {}
    rows = BilledPeriod.objects.filter(contract__among=[contract.pk for contract, _ in wanted])
    for row in rows.filter(start__in=starts) | rows.filter(end__in=starts):
        found.setdefault(row.contract_id, []).append(row)
    return found


def _refusal(
    contract: Contract, span: Period, rows: Iterable[BilledPeriod], unready: set[UUID],
    firsts: Mapping[UUID, datetime], now: datetime,
) -> NotMetered | None:  # fmt: skip
    if span.end > now:
        return NotMetered("period_not_over", {"end": instant_text(span.end)})
    if contract.pk in unready:
        return NotMetered("no_order")
    if span.start <= firsts[contract.pk]:
        return None
    before = next((row for row in rows if row.end == span.start), None)
    if before is None or before.state != BILLED:
        return NotMetered("earlier_period_open")
    return None


def _new_period(contract: Contract, span: Period, rows: Iterable[BilledPeriod]) -> BilledPeriod:
    before = next((row for row in rows if row.end == span.start), None)
    return BilledPeriod(
        author_id=contract.author_id, parties=sorted({contract.author_id, contract.customer_id}),
        contract=contract, start=span.start, end=span.end, follows=before,
        state=BilledPeriod.State.OPEN,
    )  # fmt: skip


def _measure(sheets: Sequence[Sheet], now: datetime) -> None:
    """Periods first, then the records of what the provider collects itself."""
    own = current_company().pk
    new = [sheet for sheet in sheets if sheet.is_new]
    insert_all(BilledPeriod, [sheet.period for sheet in new])
    for sheet in new:
        sheet.period._state.adding = False
    targets = [
        Target(sheet.period.pk, ask) for sheet in sheets for ask in sheet.parts(own, foreign=False)
    ]
    earlier = {sheet.period.pk: sheet.records for sheet in sheets}
    found = record_usage(targets, earlier, now)
    for sheet in sheets:
        answer = found.get(sheet.period.pk, [])
        if isinstance(answer, NotMetered):
            sheet.reason = answer
        else:
            foreign = [row for row in sheet.records if row.author_id != own]
            sheet.records = [*answer, *foreign]


def _take_foreign(sheets: Sequence[Sheet], now: datetime) -> None:
    """Records other companies wrote; what is missing is asked of them."""
    own = current_company().pk
    missing: dict[int, list[Sheet]] = {}
    for sheet in sheets:
        recorded = {(row.item_id, row.author_id) for row in sheet.records}
        late = [
            ask.order for ask in sheet.parts(own, foreign=True)
            if (ask.order.item_id, ask.order.collector_id) not in recorded
        ]  # fmt: skip
        for collector in {order.collector_id for order in late}:
            missing.setdefault(collector, []).append(sheet)
        if late and sheet.reason is None:
            sheet.reason = NotMetered("waiting_for_collector", {"asset": late[0].asset_label})
    for collector, waiting in missing.items():
        event = MeteringWanted(
            tuple(
                (sheet.period.pk, sheet.contract.pk, instant_text(sheet.span.start),
                 instant_text(sheet.span.end))
                for sheet in waiting
            )
        )  # fmt: skip
        publish(name=event.name, payload=event.payload, now=now, to=[collector])
