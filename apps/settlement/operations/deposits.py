"""Deposits: asked for, received, given back, drawn for an open document. A liability, never revenue."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing.models import Receivable
from apps.billing.operations import Incoming, allocate_payment
from apps.contracts.models import Contract
from apps.events.operations import record
from apps.settlement.domain.deposits import DepositRefused, Step, standing_of
from apps.settlement.domain.ledger import DEPOSITS, deposit_moved
from apps.settlement.models import DepositStep, Transfer
from apps.settlement.operations.ledger import Pair, Posting, locked_books, post
from apps.tenancy.context import current_company


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What happened: a step, minor units of the contract's currency, its day; `document`: drawn for."""

    step: Step
    amount_minor: int
    valued_on: date
    note: str = ""
    document: UUID | None = None


@transaction.atomic
def note_deposit(
    *, contract_id: UUID, facts: StepFacts, now: datetime, actor: Any, step_id: UUID | None = None
) -> DepositStep:
    """Note a step and move the ledger; what is drawn pays the document in the same transaction.

    With `step_id` sent twice it is once. Raises Contract.DoesNotExist, ValidationError by field.
    """
    own = current_company()
    contract = Contract.objects.written_by(own).select_for_update(of=("self",)).get(pk=contract_id)
    known = DepositStep.objects.written_by(own).filter(pk__in=[step_id] if step_id else [])
    for step in known:
        return step
    _judge(contract, facts)
    document = _document(contract, facts)
    row: DepositStep = DepositStep.objects.create(
        **({} if step_id is None else {"pk": step_id}),
        author=own, parties=sorted([own.pk, contract.customer_id]), contract=contract,
        step=facts.step, amount_minor=facts.amount_minor, currency=contract.currency,
        valued_on=facts.valued_on, note=facts.note.strip(),
        document_id=None if document is None else document.pk,
        document_number="" if document is None else document.invoice.number or "",
        noted_by=str(actor)[:200], noted_at=now,
    )  # fmt: skip
    _post(contract, row, now)
    if document is not None:
        _pay(document, row, now)
    record(
        action="deposit_noted", subject=contract.public_id, now=now, actor=actor,
        also=[contract.customer_id],
        details={"step": facts.step.value, "amount_minor": facts.amount_minor},
    )  # fmt: skip
    return row


def _judge(contract: Contract, facts: StepFacts) -> None:
    """Raises ValidationError on `amount` where more would be held than is agreed, or less than nothing."""
    if contract.deposit_minor is None:
        raise ValidationError(_("This contract has no deposit."))
    if contract.state not in (Contract.State.ACTIVE, Contract.State.ENDED):
        raise ValidationError(_("The contract is not in force yet."))
    if facts.amount_minor <= 0:
        raise ValidationError({"amount": [_("Enter an amount above zero.")]})
    steps = DepositStep.objects.filter(contract=contract).order_by()
    standing = standing_of(contract.deposit_minor, steps.values_list("step", "amount_minor"))
    try:
        standing.after(facts.step, facts.amount_minor)
    except DepositRefused as refused:
        texts = {
            "more_than_agreed": _("That is more than is agreed."),
            "not_held": _("You do not hold as much."),
        }
        raise ValidationError({"amount": [texts[refused.reason]]}) from refused


def _document(contract: Contract, facts: StepFacts) -> Receivable | None:
    """The open document that is paid by drawing. Raises ValidationError on `document` and `amount`."""
    if facts.step != Step.DRAWN:
        return None
    rows = Receivable.objects.written_by(current_company()).select_related("invoice")
    found: Receivable | None = rows.filter(
        pk=facts.document, invoice__contract=contract, currency=contract.currency
    ).first()
    if found is None:
        raise ValidationError({"document": [_("Choose an open document of this contract.")]})
    if facts.amount_minor > found.open_minor:
        raise ValidationError({"amount": [_("Less is open on this document.")]})
    return found


def _post(contract: Contract, row: DepositStep, now: datetime) -> None:
    entry = deposit_moved(Step(row.step), row.amount_minor)
    if entry is None:
        return
    pair = Pair(contract.customer_id, row.currency)
    books = locked_books({pair}, {contract.customer_id: contract.customer_name}, DEPOSITS)
    post(books=books, postings=[Posting(pair, entry, Transfer.Cause.DEPOSIT, row.id)], now=now)


def _pay(document: Receivable, row: DepositStep, now: datetime) -> None:
    """Raises ValidationError on `amount` when someone else paid it meanwhile."""
    payment = Incoming(
        payment_id=row.id, amount_minor=row.amount_minor, currency=row.currency,
        payer_id=document.customer_id, reference=document.invoice.public_id,
    )  # fmt: skip
    if allocate_payment(payment=payment, now=now).over_minor:
        raise ValidationError({"amount": [_("Less is open on this document.")]})
