"""Billed periods rated again over everything known: redrafted before issue, corrected after."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction

from apps.billing.domain.corrections import target_lines
from apps.billing.events import CorrectionsFound
from apps.billing.models import Correction, Invoice, RunItem
from apps.billing.operations.correction_rows import Corrected, write_correction
from apps.billing.operations.drafting import Billable, ahead_of, write_drafts
from apps.billing.operations.locks import lock_contracts
from apps.billing.operations.outcomes import Outcome, note_outcomes, parked
from apps.billing.queries.rates import Conditions, conditions_of
from apps.billing.queries.recorded import PeriodBooks, books_of
from apps.billing.queries.years import closing_periods
from apps.common.period import Period, midnight
from apps.common.quantity import BadValue
from apps.contracts.models import Contract
from apps.events.operations import publish, record
from apps.metering.domain.corrected import granted_to_dict
from apps.metering.models import BilledPeriod
from apps.pricing.difference import Granted, difference, less_granted
from apps.pricing.registry import PlanError
from apps.pricing.values import PricingError
from apps.tenancy.context import current_company

logger = logging.getLogger(__name__)

STATE = Correction.State
Refusals = Mapping[UUID, tuple[str, Mapping[str, Any]]]


@dataclass(slots=True)
class _Rerating:
    """What all periods of one call share. `due`: waiting corrections are drafted too."""

    contracts: Mapping[UUID, Contract]
    refusals: Refusals
    last_ends: Mapping[UUID, datetime]
    due: bool
    now: datetime
    conditions: Conditions = field(init=False)
    done: dict[str, int] = field(default_factory=dict)
    found: list[UUID] = field(default_factory=list)

    def note(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1

    def tell(self) -> None:
        """Whoever has to look at what was written hears of it at once."""
        if self.found:
            event = CorrectionsFound(self.found)
            publish(name=event.name, payload=event.payload, now=self.now)


@transaction.atomic
def correct_periods(
    *, periods: Iterable[UUID], now: datetime, refusals: Refusals | None = None, due: bool = False,
) -> dict[str, int]:  # fmt: skip
    """Rate own billed periods again and write what differs. Twice is once.

    `refusals`: periods whose readings do not suffice any more, with the reason: they are parked.
    Before issue the draft is written anew; after issue a correction is, in place of one that is
    not issued yet. Returns how many were `redrafted`, `corrected`, `unchanged`, `parked`.
    """
    chosen = BilledPeriod.objects.written_by(current_company()).filter(id__in=list(periods))
    contracts = lock_contracts(chosen.values_list("contract_id", flat=True))
    # Read under the locks: billing or another correction may have come in between.
    rows = list(chosen.filter(state=BilledPeriod.State.BILLED).order_by("contract_id", "start"))
    rows += closing_periods(rows, contracts)
    again = _Rerating(contracts, refusals or {}, _last_ends(contracts), due, now)
    for turn in _turns(rows):
        spans = [(contracts[row.contract_id], Period(row.start, row.end)) for row in turn]
        again.conditions = conditions_of(spans)
        for books in books_of(turn).values():
            _alone(again, books)
    again.tell()
    return again.done


def _turns(rows: Iterable[BilledPeriod]) -> list[list[BilledPeriod]]:
    """The first period of every contract, then the second: a year's last rests on the others."""
    turns: list[list[BilledPeriod]] = []
    count: dict[UUID, int] = {}
    for row in sorted(rows, key=lambda row: (row.start, row.id)):
        number = count.get(row.contract_id, 0)
        count[row.contract_id] = number + 1
        if number == len(turns):
            turns.append([])
        turns[number].append(row)
    return turns


def correct_waiting(*, contract_ids: Iterable[UUID], now: datetime) -> dict[str, int]:
    """Draft the corrections that wait for these contracts' next invoice."""
    waiting = Correction.objects.written_by(current_company()).filter(
        contract_id__among=list(contract_ids), state=STATE.WAITING
    )
    periods = list(waiting.values_list("billed_period_id", flat=True))
    return correct_periods(periods=periods, now=now, due=True) if periods else {}


def true_up_again(*, billables: Iterable[Billable], now: datetime) -> dict[str, int]:
    """Rate the billed last periods of these periods' contract years again, where there are some."""
    billed = list(billables)
    contracts = {item.contract.id: item.contract for item in billed}
    closing = [row.id for row in closing_periods([item.period for item in billed], contracts)]
    return correct_periods(periods=closing, now=now) if closing else {}


def _last_ends(contracts: Iterable[UUID]) -> dict[UUID, datetime]:
    """By contract the end of its last billed period."""
    rows = BilledPeriod.objects.filter(
        contract_id__in=list(contracts), state=BilledPeriod.State.BILLED
    )
    return dict(
        rows.order_by("contract_id", "-end").distinct("contract_id").values_list(
            "contract_id", "end"
        )
    )  # fmt: skip


def _alone(again: _Rerating, books: PeriodBooks) -> None:
    """A period that cannot be corrected is put aside and holds up no other."""
    try:
        with transaction.atomic():
            _rate_again(again, books)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("period %s could not be rated again", books.period.id)
        _park(again, books, "unexpected", {"detail": f"{type(error).__name__}: {error}"})


def _rate_again(again: _Rerating, books: PeriodBooks) -> None:
    invoice = books.first_invoice
    if invoice is None or invoice.state != Invoice.State.ISSUED:
        _redraft(again, books, invoice)
    else:
        _correct(again, books, books.open_correction)


def _rated(again: _Rerating, books: PeriodBooks) -> Billable:
    """The period over the newest usage records. Raises PricingError, PlanError, BadValue."""
    period = books.period
    if period.id in again.refusals:
        reason, params = again.refusals[period.id]
        raise PricingError(reason, **{name: str(value) for name, value in params.items()})
    contract, span = again.contracts[period.contract_id], Period(period.start, period.end)
    version, plan = again.conditions.plan(contract, span)
    records = books.newest_records()
    return Billable(
        contract=contract, customer=again.conditions.customers[contract.customer_id],
        version=version, plan=plan, period=period, records=records,
        rated=again.conditions.rate(contract, span, records),
        following=again.conditions.following(contract, span)[0],
    )  # fmt: skip


def _correct(again: _Rerating, books: PeriodBooks, standing: Correction | None) -> None:
    found, problem = _rated_or_not(again, books)
    if found is None or problem is not None:
        assert problem is not None
        _park(again, books, problem.reason, problem.params)
        return
    if found.rated.totals.net_minor < 0:
        _park(again, books, "credit_exceeds", {})
        return
    target = less_granted(target_lines(found.rated), books.granted)
    changes = difference(target, books.recorded(), found.rated.currency)
    if standing is not None and _says_the_same(standing, found, again, books.granted):
        again.note("unchanged")
        return
    _drop(standing)
    if not changes:
        again.note("unchanged")
        return
    corrected = Corrected(
        found.contract, found.customer, found.version, found.plan, books, found.records,
        found.rated, changes, found.following,
    )  # fmt: skip
    state = STATE.DRAFTED if _is_due(again, found.contract) else STATE.WAITING
    correction = write_correction(corrected, state, again.now)
    details = {"net_minor": correction.net_minor, "currency": correction.currency}
    record(
        action="billing.correction_found", subject=correction.public_id, now=again.now,
        details=details,
    )  # fmt: skip
    again.note("corrected")
    if state == STATE.DRAFTED:
        again.found.append(correction.id)


def _says_the_same(
    standing: Correction, found: Billable, again: _Rerating, granted: Iterable[Granted]
) -> bool:
    """Rated over the same: an approval given to it stays."""
    is_ready = standing.state == STATE.DRAFTED or (
        standing.state == STATE.WAITING and not _is_due(again, found.contract)
    )
    basis = standing.basis
    return (
        is_ready
        and basis["usage_records"] == [str(item.id) for item in found.records]
        and basis["plan"]["version"] == str(found.version.id)
        and basis.get("circumstances") == found.rated.circumstances.to_dict()
        and basis.get("ahead") == ahead_of(found.rated, found.following).get("ahead")
        and basis.get("granted", []) == [granted_to_dict(item) for item in granted]
    )


def _is_due(again: _Rerating, contract: Contract) -> bool:
    """Whether its documents are drafted now; a contract without a next invoice does not wait."""
    if again.due or contract.corrections == Contract.Corrections.AT_ONCE:
        return True
    end, last = contract.ends_on, again.last_ends[contract.id]
    return end is not None and last >= midnight(end, contract.time_zone)


def _drop(correction: Correction | None) -> None:
    """An unissued correction with its documents: what it says is not what is known any more."""
    if correction is not None:
        Invoice.objects.filter(correction=correction).delete()
        correction.delete()


def _park(again: _Rerating, books: PeriodBooks, reason: str, params: Mapping[str, Any]) -> None:
    """In place of what is not issued yet: that says what is not known any more."""
    _drop(books.open_correction)
    company, period = current_company(), books.period
    contract = again.contracts[period.contract_id]
    correction = Correction.objects.create(
        author=company, parties=[company.pk], contract=contract, billed_period=period,
        generation=books.next_generation, state=STATE.PARKED, reason=reason[:60],
        params={name: str(value)[:200] for name, value in params.items()}, net_minor=0,
        currency=contract.currency, found_at=again.now,
    )  # fmt: skip
    again.note("parked")
    again.found.append(correction.id)


def _redraft(again: _Rerating, books: PeriodBooks, invoice: Invoice | None) -> None:
    """Before issue there is nothing to correct: the draft is written anew, and approved anew."""
    items = list(_items(books, invoice))
    found, problem = _rated_or_not(again, books)
    if found is not None and invoice is not None and _rests_on(books, found):
        again.note("unchanged")
        return
    if invoice is not None:
        invoice.delete()
    if problem is not None:
        BilledPeriod.objects.filter(id=books.period.id).update(state=BilledPeriod.State.OPEN)
        note_outcomes(parked(item, problem.reason, problem.params) for item in items)
        again.note("parked")
        return
    assert found is not None
    key = write_drafts([found], again.now).get(found.contract.id)
    net = found.rated.totals.net_minor
    note_outcomes(
        Outcome(item, RunItem.State.BILLED, invoice_id=key, net_minor=net) for item in items
    )
    again.note("redrafted")


def _rated_or_not(
    again: _Rerating, books: PeriodBooks
) -> tuple[Billable | None, PricingError | PlanError | BadValue | None]:
    try:
        return _rated(again, books), None
    except (PricingError, PlanError, BadValue) as problem:
        return None, problem


def _rests_on(books: PeriodBooks, found: Billable) -> bool:
    """Whether the draft says what is known: its plan version, and no record but newest ones."""
    newest = {str(item.id) for item in found.records}
    return all(
        newest.issuperset(line.explanation["usage_records"])
        and line.explanation["plan"]["version"] == str(found.version.id)
        and line.explanation.get("circumstances") == found.rated.circumstances.to_dict()
        and line.explanation.get("ahead") == ahead_of(found.rated, found.following).get("ahead")
        for line in books.lines
    )


def _items(books: PeriodBooks, invoice: Invoice | None) -> Iterable[RunItem]:
    """The items of runs that this period was billed by."""
    period = books.period
    return RunItem.objects.filter(
        contract_id=period.contract_id, period_start=period.start, state=RunItem.State.BILLED,
        invoice=invoice,
    )  # fmt: skip
