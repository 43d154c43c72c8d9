"""A customer disputes a line; the issuer credits it or lets it stand. Each writes its own row."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing.events import DisputeSettled, LinesDisputed
from apps.billing.models import (
    Correction,
    DisputeAnswer,
    Invoice,
    InvoiceLine,
    LineDispute,
    Receivable,
)
from apps.billing.operations.correcting import correct_periods
from apps.billing.operations.locks import lock_contracts
from apps.billing.operations.receivables.opening import expect_later
from apps.billing.operations.receivables.steps import lock_receivables
from apps.billing.queries.receivables import held_back
from apps.common.ids import decode
from apps.events.operations import publish, record
from apps.pricing.tax import tax_on
from apps.tenancy.context import current_company

Outcome = DisputeAnswer.Outcome


@transaction.atomic
def dispute_line(
    *, line: InvoiceLine, net_minor: int, reason: str, now: datetime, person: Any
) -> LineDispute:
    """By the customer: this much of the line's net is not owed. A second click gives the first.

    Raises ValidationError for a line that is not the company's to dispute, or another amount than
    above 0 and up to the line's net.
    """
    invoice, company = line.invoice, current_company()
    if invoice.customer_id != company.pk or invoice.kind == Invoice.Kind.CREDIT_NOTE:
        raise ValidationError(_("Only a line of an invoice addressed to you can be disputed."))
    if not 0 < net_minor <= line.net_minor:
        raise ValidationError(_("Enter an amount above 0 and up to the line's net."))
    dispute, is_new = LineDispute.objects.get_or_create(
        author=company, line=line, state=LineDispute.State.OPEN,
        defaults={
            "parties": sorted([company.pk, invoice.author_id]), "issuer_id": invoice.author_id,
            "invoice": invoice, "net_minor": net_minor, "currency": invoice.currency,
            "gross_minor": net_minor + tax_on(net_minor, line.tax_percent),
            "reason": reason.strip()[:2000], "opened_at": now, "opened_by": str(person)[:200],
        },
    )  # fmt: skip
    if is_new:
        _tell(LinesDisputed, [dispute], now)
        _note("billing.line_disputed", dispute, now, person)
    return dispute


@transaction.atomic
def withdraw_dispute(*, dispute: LineDispute, now: datetime, person: Any) -> bool:
    """By the customer, before it is answered. False: it was withdrawn or answered already."""
    changed = LineDispute.objects.written_by(current_company()).filter(
        id=dispute.id, state=LineDispute.State.OPEN, answer=None
    ).update(state=LineDispute.State.WITHDRAWN, withdrawn_at=now)  # fmt: skip
    if changed:
        _tell(DisputeSettled, [dispute], now)
        _note("billing.dispute_withdrawn", dispute, now, person)
    return bool(changed)


@transaction.atomic
def answer_dispute(
    *, dispute: LineDispute, granted_minor: int, text: str, now: datetime, person: Any
) -> DisputeAnswer:
    """By the issuer, once: credit that much of the line's net, or nothing and it stands.

    What is granted is drafted as a credit note, to be approved and issued like any; until then it
    is held back. Raises ValidationError for one that is answered or withdrawn.
    """
    company = current_company()
    period = dispute.line.billed_period
    lock_contracts([period.contract_id])
    found = LineDispute.objects.filter(id=dispute.id, issuer=company).first()
    if found is None or found.state != LineDispute.State.OPEN or _is_answered(found):
        raise ValidationError(_("This dispute is answered or withdrawn already."))
    if not 0 <= granted_minor <= found.net_minor:
        raise ValidationError(_("Credit at most what is disputed."))
    answer = DisputeAnswer.objects.create(
        author=company, parties=found.parties, dispute=found, granted_minor=granted_minor,
        outcome=Outcome.ACCEPTED if granted_minor else Outcome.REJECTED,
        text=text.strip()[:2000], answered_at=now, answered_by=str(person)[:200],
    )  # fmt: skip
    _note("billing.dispute_answered", found, now, person, granted_minor=granted_minor)
    if granted_minor:
        correct_periods(periods=[period.id], now=now, due=True)
    else:
        _tell(DisputeSettled, [found], now)
    hold_back(receivable_ids=[found.invoice_id], now=now)
    return answer


def _is_answered(dispute: LineDispute) -> bool:
    return DisputeAnswer.objects.filter(dispute=dispute).exists()


@transaction.atomic
def hold_back(*, receivable_ids: Iterable[UUID], now: datetime) -> None:
    """Write on own receivables how much of what is open is disputed. Twice is once."""
    locked = lock_receivables(receivable_ids)
    disputed: dict[UUID, int] = {}
    moved: list[str] = []
    for dispute in held_back(locked):
        disputed[dispute.invoice_id] = disputed.get(dispute.invoice_id, 0) + dispute.held_minor
    for receivable in locked.values():
        amount = min(receivable.open_minor, disputed.get(receivable.id, 0))
        if amount != receivable.disputed_minor:
            Receivable.objects.filter(id=receivable.id).update(disputed_minor=amount)
            moved.append(str(receivable.id))
    if moved:
        expect_later(moved, now)


def settle_granted(*, corrections: Iterable[UUID], now: datetime) -> None:
    """Credit notes of these corrections are issued: what they grant is disputed no more."""
    keys = {
        decode(LineDispute.prefix, item["dispute"])
        for correction in Correction.objects.filter(id__in=list(corrections))
        for item in correction.basis.get("granted", [])
    }
    disputes = list(LineDispute.objects.filter(id__in=keys).order_by("id"))
    if disputes:
        _tell(DisputeSettled, disputes, now)
        hold_back(receivable_ids=[dispute.invoice_id for dispute in disputes], now=now)


def _tell(kind: type[LinesDisputed], disputes: Sequence[LineDispute], now: datetime) -> None:
    """Both sides of each."""
    for dispute in disputes:
        event = kind([dispute.line_id], [dispute.invoice_id])
        publish(
            name=event.name, payload=event.payload, now=now,
            to=[dispute.author_id, dispute.issuer_id],
        )  # fmt: skip


def _note(action: str, dispute: LineDispute, now: datetime, person: Any, **details: Any) -> None:
    record(
        action=action, subject=dispute.public_id, now=now, actor=person,
        details={"net_minor": dispute.net_minor, "currency": dispute.currency, **details},
        also=[dispute.author_id, dispute.issuer_id],
    )  # fmt: skip
