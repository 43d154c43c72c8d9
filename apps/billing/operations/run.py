"""Billing runs: one row per contract and period, one job per chunk of contracts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing.events import PeriodsParked
from apps.billing.models import BillingRun, RunItem
from apps.billing.operations.chunk import UNFINISHED, bill_items
from apps.billing.operations.locks import lock_contracts
from apps.billing.operations.outcomes import note_outcomes, parked
from apps.billing.queries.due import due_periods
from apps.common.fields import uuid7
from apps.common.period import Period, parse_month
from apps.common.quantity import BadValue
from apps.contracts.models import Contract
from apps.events.operations import enqueue, publish, record
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company

CHUNK = 1000


@transaction.atomic
def start_run(
    *, label: str, now: datetime, started_by: Any, dry: bool = False,
    contracts: Iterable[Contract] | None = None,
) -> BillingRun:  # fmt: skip
    """Write the run, an item per contract and unbilled period, and the jobs of its chunks.

    Billed is every finished period that ends within the month `label` (YYYY-MM), and before it
    whatever the contract still owes. Raises ValidationError for another label.
    """
    company = current_company()
    run = BillingRun(
        author=company,
        parties=[company.pk],
        label=_month(label),
        dry=dry,
        started_at=now,
        started_by=str(started_by)[:200],
    )
    run.save(force_insert=True)
    due = sorted(due_periods(label, now, contracts), key=lambda pair: (pair[0].id, pair[1]))
    insert_all(RunItem, [_item(run, contract, period) for contract, period in due])
    _enqueue_chunks(run, sorted({contract.id for contract, _period in due}), now)
    if not due:
        _finish(run, now)
    record(
        action="billing.run_started",
        subject=run.public_id,
        now=now,
        actor=started_by,
        details={"label": label, "dry": dry, "items": len(due)},
    )
    return run


def _month(label: str) -> str:
    try:
        parse_month(label)
    except BadValue:
        message = _("“%(label)s” is not a month of the form YYYY-MM.")
        raise ValidationError({"label": message % {"label": label[:20]}}) from None
    return label


class ItemRow(NamedTuple):
    """Columns of a new item; of the rest, the model's defaults."""

    id: UUID
    author_id: int
    parties: list[int]
    run_id: UUID
    contract_id: UUID
    period_start: datetime
    period_end: datetime
    currency: str


def _item(run: BillingRun, contract: Contract, period: Period) -> ItemRow:
    return ItemRow(
        uuid7(), run.author_id, run.parties, run.id, contract.id, period.start, period.end,
        contract.currency,
    )  # fmt: skip


def _enqueue_chunks(run: BillingRun, contract_ids: Sequence[UUID], now: datetime) -> None:
    for start in range(0, len(contract_ids), CHUNK):
        chunk = contract_ids[start : start + CHUNK]
        _enqueue(run.id, chunk[0], chunk[-1], len(chunk), now)


def _enqueue(run_id: UUID, first: UUID, last: UUID, total: int, now: datetime) -> None:
    payload = {"run": str(run_id), "first": str(first), "last": str(last)}
    key = f"{run_id.hex}:{first.hex}:{last.hex}"
    enqueue(kind="billing.chunk", payload=payload, now=now, dedupe=key, total=total)


@transaction.atomic
def bill_chunk(*, run_id: UUID, first: UUID, last: UUID, now: datetime) -> int:
    """One chunk in one transaction; the last chunk to commit finishes the run."""
    run = BillingRun.objects.filter(id=run_id).first()
    # A stopped run keeps its items as they are; going on enqueues their chunks anew.
    if run is None or run.state == BillingRun.State.STOPPED:
        return 0
    count = bill_items(run_id=run.id, first=first, last=last, now=now)
    # The run's row is locked last, so the later of two chunks sees what the earlier one did.
    _finish_when_through(BillingRun.objects.select_for_update().get(id=run.id), now)
    return count


@transaction.atomic
def stop_run(*, run: BillingRun, now: datetime, stopped_by: Any) -> bool:
    """Begin no further chunk; one that is under way ends. False: it was not running."""
    return _turn(run, BillingRun.State.RUNNING, BillingRun.State.STOPPED, now, stopped_by)


@transaction.atomic
def resume_run(*, run: BillingRun, now: datetime, resumed_by: Any) -> bool:
    """Go on with what a stopped run left; nothing is done twice. False: it was not stopped."""
    if not _turn(run, BillingRun.State.STOPPED, BillingRun.State.RUNNING, now, resumed_by):
        return False
    left = RunItem.objects.filter(run=run, state__in=UNFINISHED)
    _enqueue_chunks(run, sorted(set(left.values_list("contract_id", flat=True))), now)
    _finish_when_through(run, now)
    return True


def _turn(run: BillingRun, before: str, after: str, now: datetime, actor: Any) -> bool:
    own = BillingRun.objects.written_by(current_company()).select_for_update(of=("self",))
    if not own.filter(id=run.id, state=before).exists():
        return False
    own.filter(id=run.id).update(state=after)
    run.state = after
    record(action=f"billing.run_{after}", subject=run.public_id, now=now, actor=actor)
    return True


def _finish_when_through(run: BillingRun, now: datetime) -> None:
    if not RunItem.objects.filter(run=run, state__in=UNFINISHED).exists():
        _finish(run, now)


def _finish(run: BillingRun, now: datetime) -> None:
    run.state, run.finished_at = BillingRun.State.DONE, now
    run.save(update_fields=["state", "finished_at"])
    if run.dry:
        return
    count = RunItem.objects.filter(run=run, state=RunItem.State.PARKED).count()
    if count:
        event = PeriodsParked(run.id, count)
        publish(name=event.name, payload=event.payload, now=now)


@transaction.atomic
def bill_again(*, items: Iterable[UUID], now: datetime, asked_by: Any) -> int:
    """Give parked contracts another try, each alone, later periods included.

    Returns how many items are waiting again; zero when nothing was parked any more.
    """
    own = RunItem.objects.written_by(current_company()).filter(state=RunItem.State.PARKED)
    pairs = sorted(set(own.filter(id__in=list(items)).values_list("run_id", "contract_id")))
    count = 0
    for run_id, contract_id in pairs:
        parked = own.filter(run_id=run_id, contract_id=contract_id)
        count += parked.update(state=RunItem.State.WAITING, reason="", params={})
        _enqueue(run_id, contract_id, contract_id, 1, now)
    for run in BillingRun.objects.filter(id__in={run_id for run_id, _contract in pairs}):
        run.state, run.finished_at = BillingRun.State.RUNNING, None
        run.save(update_fields=["state", "finished_at"])
        record(action="billing.asked_again", subject=run.public_id, now=now, actor=asked_by)
    return count


@transaction.atomic
def continue_runs(*, contract_ids: Iterable[UUID], now: datetime) -> int:
    """Go on with contracts that waited for another company's usage records."""
    waiting = (
        RunItem.objects.written_by(current_company())
        .filter(contract_id__in=list(contract_ids), state=RunItem.State.METERING)
        .values_list("run_id", "contract_id")
        .distinct()
        .order_by("run_id", "contract_id")
    )
    pairs = list(waiting)
    for run_id, contract_id in pairs:
        _enqueue(run_id, contract_id, contract_id, 1, now)
    return len(pairs)


@transaction.atomic
def park_refused(
    *, refusals: Mapping[UUID, tuple[str, Mapping[str, Any]]], now: datetime
) -> int:  # fmt: skip
    """Put contracts aside whose collector reports nothing: contract -> (reason, parameters).

    Returns how many items are parked; zero when none waited any more.
    """
    contracts = lock_contracts(refusals)
    waiting = list(
        RunItem.objects.written_by(current_company())
        .filter(contract_id__in=list(contracts), state=RunItem.State.METERING)
        .order_by("contract_id", "period_start")
    )
    first = {(item.run_id, item.contract_id): item.pk for item in reversed(waiting)}
    behind: tuple[str, Mapping[str, Any]] = ("earlier_period_open", {})
    note_outcomes(
        parked(item, *(
            refusals[item.contract_id] if item.pk == first[item.run_id, item.contract_id]
            else behind
        ))
        for item in waiting
    )  # fmt: skip
    runs = BillingRun.objects.select_for_update().order_by("id")
    for run in runs.filter(id__in={item.run_id for item in waiting}):
        _finish_when_through(run, now)
    return len(waiting)
