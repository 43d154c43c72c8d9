"""Money that goes back: a refund to the customer, a payment that its bank returned."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from apps.billing.domain.receivables import Part, take_back
from apps.billing.models import Allocation, CreditMove, CustomerCredit, Receivable
from apps.billing.operations.receivables.steps import Steps, lock_receivables
from apps.events.operations import record
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company

SOURCE = Allocation.Source


class MovedMeanwhile(RuntimeError):
    """The payment's credit was used while it was being taken back; try again."""


@transaction.atomic
def take_payment_back(
    *, payment_id: UUID, cause_id: UUID, amount_minor: int, now: datetime, is_return: bool = False
) -> int:
    """A refund of a payment, or with `is_return` its return by the bank. Done twice is done once.

    First from what is over of it, then from the documents it settled, then from documents that
    its credit settled; the last ones first. Returns what is open again, in minor units. Raises
    Overdrawn when the payment has less left; nothing is changed then.
    """
    locked = lock_receivables(step.receivable_id for step in _steps_of(payment_id))
    credit = _overpayments(payment_id).select_for_update(of=("self",)).first()
    source = SOURCE.REVERSAL if is_return else SOURCE.REFUND
    back = _Back(Steps(now), source, cause_id, credit, locked)
    standing = list(_steps_of(payment_id))
    if back.is_done() or (credit is None and not standing):
        return 0
    parts = [Part(None, credit.left_minor)] if credit else []
    for part in take_back(amount_minor, [*parts, *map(_part, standing)]):
        back.take(part)
    back.keep()
    details = {"amount_minor": amount_minor, "payment": str(payment_id)}
    record(action="billing.payment_taken_back", now=now, details=details)
    return -sum(step.amount_minor for step in back.steps.allocations)


def _overpayments(payment_id: UUID) -> QuerySet[CustomerCredit]:
    return CustomerCredit.objects.written_by(current_company()).filter(
        source=CustomerCredit.Source.OVERPAYMENT, source_id=payment_id
    )


def _steps_of(payment_id: UUID) -> QuerySet[Allocation]:
    """What the payment, and then its credit, settled, each with what is `left` of it."""
    uses = CreditMove.objects.filter(credit__in=_overpayments(payment_id), amount_minor__gt=0)
    direct = Q(source=SOURCE.PAYMENT, source_id=payment_id)
    used = Q(source=SOURCE.CREDIT, source_id__in=uses.values("id"), amount_minor__gt=0)
    back = Coalesce(Sum("taken_back_by__amount_minor"), 0)
    rows = Allocation.objects.written_by(current_company()).filter(direct | used)
    # "payment" stands behind "credit" in the alphabet, and is taken first.
    return rows.annotate(left=F("amount_minor") + back).order_by("-source", "-at", "-id")


def _part(step: Allocation) -> Part:
    return Part(step, step.left)  # type: ignore[attr-defined]


@dataclass(slots=True)
class _Back:
    """One refund or return on its way through credit and documents."""

    steps: Steps
    source: str
    cause_id: UUID
    credit: CustomerCredit | None
    locked: dict[UUID, Receivable]
    moves: list[CreditMove] = field(default_factory=list)
    from_credit: int = 0

    def is_done(self) -> bool:
        own = current_company()
        steps = Allocation.objects.written_by(own).filter(
            source=self.source, source_id=self.cause_id
        )
        moves = CreditMove.objects.written_by(own).filter(
            credit=self.credit, cause_id=self.cause_id
        )
        return steps.exists() or (self.credit is not None and moves.exists())

    def take(self, part: Part) -> None:
        step = part.where
        if not isinstance(step, Allocation):
            self.from_credit += part.amount
            return
        if step.receivable_id not in self.locked:
            raise MovedMeanwhile(str(self.cause_id))
        receivable = self.locked[step.receivable_id]
        source, cause = self.source, self.cause_id
        if step.source == SOURCE.CREDIT:
            move = self._move(CreditMove.Kind.USED, -part.amount, receivable)
            source, cause = SOURCE.CREDIT, move.id
            self.from_credit += part.amount
        self.steps.add(receivable, source, cause, -part.amount, takes_back=step)

    def _move(self, kind: str, amount: int, receivable: Receivable | None = None) -> CreditMove:
        assert self.credit is not None
        move = CreditMove(
            author_id=self.credit.author_id, parties=self.credit.parties, credit=self.credit,
            kind=kind, receivable=receivable, cause_id=self.cause_id, amount_minor=amount,
            at=self.steps.now,
        )  # fmt: skip
        self.moves.append(move)
        return move

    def keep(self) -> None:
        if self.credit is not None and self.from_credit:
            self._move(CreditMove.Kind.TAKEN_BACK, self.from_credit)
            self.credit.left_minor -= sum(move.amount_minor for move in self.moves)
            self.credit.save(update_fields=["left_minor"])
        insert_all(CreditMove, self.moves)
        self.steps.keep()
