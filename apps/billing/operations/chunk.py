"""One chunk of a run: metered, rated and drafted together; a failing chunk is halved."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from apps.billing.domain.orders import check_order
from apps.billing.domain.rating import RatedPeriod
from apps.billing.models import BillingRun, RunItem
from apps.billing.operations.correcting import correct_waiting, true_up_again
from apps.billing.operations.drafting import Billable, write_drafts
from apps.billing.operations.locks import lock_contracts
from apps.billing.operations.outcomes import Outcome, note_outcomes, parked
from apps.billing.queries.orders import Orders, last_day, orders_of
from apps.billing.queries.rates import Conditions, conditions_of
from apps.common.period import Period
from apps.common.quantity import BadValue
from apps.contracts.models import Contract
from apps.metering.models import BilledPeriod
from apps.metering.operations import Metered, NotMetered, meter_periods
from apps.metering.queries import usage_preview
from apps.pricing.registry import PlanError
from apps.pricing.values import PricingError

logger = logging.getLogger(__name__)

UNFINISHED = (RunItem.State.WAITING, RunItem.State.METERING)
# Reasons of metering that go away by themselves when the other company has written its records.
PASSING = frozenset({"waiting_for_collector"})


def bill_items(*, run_id: UUID, first: UUID, last: UUID, now: datetime) -> int:
    """Bill a run's unfinished items of the contracts from `first` to `last`, in their keys' order.

    In the caller's transaction, a contract's periods one after the other. Returns how many got
    an outcome. The connection's own failures go through to the caller.
    """
    dry = BillingRun.objects.values_list("dry", flat=True).get(id=run_id)
    chosen = unfinished(run_id).filter(contract_id__gte=first, contract_id__lte=last)
    contracts = lock_contracts(chosen.values_list("contract_id", flat=True))
    # Asked again under the locks: somebody else may have billed them in between.
    items = [item for item in chosen if item.contract_id in contracts]
    held: dict[UUID, str] = {}
    for turn in _turns(items):
        held |= _bill_turn(turn, contracts, held, dry, now)
    return len(items)


def unfinished(run_id: UUID) -> QuerySet[RunItem]:
    """A run's items without an outcome, by contract and period."""
    rows: QuerySet[RunItem] = RunItem.objects.filter(run_id=run_id, state__in=UNFINISHED)
    return rows.order_by("contract_id", "period_start")


def _turns(items: Sequence[RunItem]) -> list[list[RunItem]]:
    """The first period of every contract, then the second of those that have one, and so on."""
    turns: list[list[RunItem]] = []
    count: dict[UUID, int] = {}
    for item in items:
        number = count.get(item.contract_id, 0)
        count[item.contract_id] = number + 1
        if number == len(turns):
            turns.append([])
        turns[number].append(item)
    return turns


def _bill_turn(
    items: Sequence[RunItem], contracts: dict[UUID, Contract], held: Mapping[UUID, str], dry: bool,
    now: datetime,
) -> dict[UUID, str]:  # fmt: skip
    """Contracts whose later periods have to wait, because this one could not be billed, and how."""
    waiting = [item for item in items if item.contract_id in held]
    note_outcomes(_behind(item, held[item.contract_id]) for item in waiting)
    outcomes = _halving([i for i in items if i.contract_id not in held], contracts, dry, now)
    stopped = (RunItem.State.PARKED, RunItem.State.METERING)
    return {one.item.contract_id: str(one.state) for one in outcomes if one.state in stopped}


def _behind(item: RunItem, state: str) -> Outcome:
    """What waits for usage is gone on with by itself, and so are the periods behind it."""
    if state == RunItem.State.METERING:
        return Outcome(item, state)
    return parked(item, "earlier_period_open", {})


def _halving(
    items: Sequence[RunItem], contracts: dict[UUID, Contract], dry: bool, now: datetime
) -> list[Outcome]:
    """Together if it goes; else each half, down to the one that fails, which is parked."""
    if not items:
        return []
    try:
        with transaction.atomic():
            outcomes = _bill(items, contracts, dry, now)
            note_outcomes(outcomes)
            return outcomes
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if len(items) > 1:
            middle = len(items) // 2
            halves = (items[:middle], items[middle:])
            return [outcome for half in halves for outcome in _halving(half, contracts, dry, now)]
        outcome = _culprit(items[0], error)
        note_outcomes([outcome])
        return [outcome]


def _culprit(item: RunItem, error: Exception) -> Outcome:
    if isinstance(error, (PricingError, PlanError, BadValue)):
        return parked(item, error.reason, error.params)
    if isinstance(error, IntegrityError):
        return parked(item, "already_in_books", {"detail": str(error).splitlines()[0]})
    logger.exception("contract %s could not be billed", item.contract_id)
    return parked(item, "unexpected", {"detail": f"{type(error).__name__}: {error}"})


def _bill(
    items: Sequence[RunItem], contracts: dict[UUID, Contract], dry: bool, now: datetime
) -> list[Outcome]:
    done = _billed_already(items)
    outcomes = [Outcome(item, RunItem.State.ALREADY) for item in items if item.id in done]
    open_items = {item.contract_id: item for item in items if item.id not in done}
    if not open_items:
        return outcomes
    wanted = [(contracts[key], _period(item)) for key, item in open_items.items()]
    conditions, orders = conditions_of(wanted), orders_of(open_items)
    if dry:
        return outcomes + _calculate(open_items, wanted, conditions, orders, now)
    return outcomes + _draft(open_items, wanted, conditions, orders, now)


def _draft(
    items: dict[UUID, RunItem], wanted: Sequence[tuple[Contract, Period]],
    conditions: Conditions, orders: Orders, now: datetime,
) -> list[Outcome]:  # fmt: skip
    metered = meter_periods(wanted=wanted, now=now)
    billables: dict[UUID, Billable] = {}
    outcomes: list[Outcome] = []
    for contract, period in wanted:
        answer = metered[contract.id]
        try:
            if isinstance(answer, NotMetered):
                outcomes.append(_not_metered(items[contract.id], answer))
            else:
                billable = _billable(contract, period, answer, conditions)
                _check_order(orders, contract, period, billable.rated)
                billables[contract.id] = billable
        except (PricingError, PlanError, BadValue) as problem:
            outcomes.append(parked(items[contract.id], problem.reason, problem.params))
    invoices = write_drafts(billables.values(), now)
    _close([billable.period.id for billable in billables.values()])
    correct_waiting(contract_ids=billables, now=now)
    # A period billed anew, such as one of a discarded draft: its year may be trued up already.
    true_up_again(billables=billables.values(), now=now)
    for key, billable in billables.items():
        state, net = RunItem.State.BILLED, billable.rated.totals.net_minor
        outcomes.append(Outcome(items[key], state, invoice_id=invoices.get(key), net_minor=net))
    return outcomes


def _calculate(
    items: dict[UUID, RunItem], wanted: Sequence[tuple[Contract, Period]],
    conditions: Conditions, orders: Orders, now: datetime,
) -> list[Outcome]:  # fmt: skip
    """What a real run would bill, without a row of it."""
    previews = usage_preview(wanted=wanted, now=now)
    outcomes: list[Outcome] = []
    for contract, period in wanted:
        item, answer = items[contract.id], previews[contract.id]
        if isinstance(answer, NotMetered):
            outcomes.append(_not_metered(item, answer))
            continue
        try:
            rated = conditions.rate(contract, period, answer)
            _check_order(orders, contract, period, rated)
        except (PricingError, PlanError, BadValue) as problem:
            outcomes.append(parked(item, problem.reason, problem.params))
        else:
            net = rated.totals.net_minor
            outcomes.append(Outcome(item, RunItem.State.DRY, net_minor=net))
    return outcomes


def _check_order(orders: Orders, contract: Contract, period: Period, rated: RatedPeriod) -> None:
    """Raises PricingError where the customer's orders do not allow this period."""
    day, net = last_day(contract, period), rated.totals.net_minor
    check_order(orders.get(contract.id, []), day, net, rated.currency)


def _billable(
    contract: Contract, period: Period, metered: Metered, conditions: Conditions
) -> Billable:
    version, plan = conditions.plan(contract, period)
    return Billable(
        contract=contract, customer=conditions.customers[contract.customer_id], version=version,
        plan=plan, period=metered.period, records=metered.records,
        rated=conditions.rate(contract, period, metered.records),
        following=conditions.following(contract, period)[0],
    )  # fmt: skip


def _not_metered(item: RunItem, answer: NotMetered) -> Outcome:
    outcome = parked(item, answer.reason, answer.params)
    if answer.reason in PASSING:
        return Outcome(item, RunItem.State.METERING, outcome.reason, outcome.params)
    return outcome


def _period(item: RunItem) -> Period:
    return Period(item.period_start, item.period_end)


def _billed_already(items: Sequence[RunItem]) -> set[UUID]:
    rows = BilledPeriod.objects.filter(
        contract_id__among=[item.contract_id for item in items], state=BilledPeriod.State.BILLED
    ).values_list("contract_id", "start")
    billed = set(rows)
    return {item.id for item in items if (item.contract_id, item.period_start) in billed}


def _close(period_ids: Sequence[UUID]) -> None:
    BilledPeriod.objects.filter(id__among=period_ids).update(state=BilledPeriod.State.BILLED)
