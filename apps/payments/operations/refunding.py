"""Refunds from the portal: one person asks, another approves, a job asks the provider."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.operations import enqueue, record
from apps.payments.domain.accounts import is_confirmed
from apps.payments.domain.amounts import NotPayable, to_provider
from apps.payments.models import Payment, Refund, RefundRequest
from apps.payments.operations.provider import NoAnswer, ask
from apps.payments.operations.received import Overdrawn, record_refund
from apps.tenancy.context import current_company

STATE = RefundRequest.State
REFUND = "payments.send_refund"
BY_PROVIDER = "pi_"


def is_refundable(payment: Payment) -> bool:
    """Received through the provider, by the current company, and not given back as a whole."""
    return bool(
        payment.author_id == current_company().pk
        and payment.state == Payment.State.SUCCEEDED
        and payment.provider_ref.startswith(BY_PROVIDER)
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """How much of a payment goes back, in minor units, and why."""

    amount_minor: int
    reason: str


@transaction.atomic
def ask_refund(*, payment: Payment, wish: Wish, now: datetime, person: Any) -> RefundRequest:
    """A refund that waits for a second person; one of a payment at a time, the same twice is one.

    Raises ValidationError: not received through the provider, more than is left, no reason, an
    amount the provider cannot move, or another refund that waits.
    """
    own = Payment.objects.written_by(current_company()).select_for_update(of=("self",))
    row = own.get(pk=payment.pk)
    _refuse_odd(row, wish)
    known: RefundRequest | None = row.refund_requests.filter(
        state__in=[STATE.ASKED, STATE.APPROVED]
    ).first()
    if known is not None:
        if (known.amount_minor, known.reason) == (wish.amount_minor, wish.reason):
            return known
        raise ValidationError(_("Another refund of this payment waits already."))
    made: RefundRequest = RefundRequest.objects.create(
        author_id=row.author_id, parties=[row.author_id], payment=row, currency=row.currency,
        amount_minor=wish.amount_minor, reason=wish.reason, asked_by_id=person.pk,
        asked_by=str(person)[:200], asked_at=now,
    )  # fmt: skip
    record(
        action="payments.refund_asked", subject=row.public_id, now=now, actor=person,
        details={"amount_minor": wish.amount_minor, "currency": row.currency},
    )  # fmt: skip
    return made


def _refuse_odd(payment: Payment, wish: Wish) -> None:
    if not is_refundable(payment):
        raise ValidationError(
            _("Only money that came through the payment provider goes back through it.")
        )
    if not 0 < wish.amount_minor <= payment.amount_minor - payment.refunded_minor:
        raise ValidationError(_("Give back more than nothing and at most what is left."))
    if not wish.reason.strip():
        raise ValidationError(_("Give a reason: auditors will ask for it."))
    try:
        to_provider(wish.amount_minor, payment.currency)
    except NotPayable:
        raise ValidationError(
            _("The payment provider moves %(currency)s only in steps of 0.01.")
            % {"currency": payment.currency}
        ) from None


def _locked(request: RefundRequest) -> RefundRequest:
    rows = RefundRequest.objects.written_by(current_company()).select_for_update(of=("self",))
    found: RefundRequest = rows.select_related("payment").get(pk=request.pk)
    return found


@transaction.atomic
def approve_refund(
    *, request: RefundRequest, person: Any, confirmed_at: datetime | None, now: datetime
) -> RefundRequest:
    """The second pair of eyes; a job asks the provider. Approving twice is once.

    Raises ValidationError: the person asked for it, or did not give the password within five
    minutes, or it was discarded.
    """
    row = _locked(request)
    if row.state in (STATE.APPROVED, STATE.MADE, STATE.FAILED):
        return row
    if row.state != STATE.ASKED:
        raise ValidationError(_("This refund was discarded."))
    if row.asked_by_id == person.pk:
        raise ValidationError(_("You asked for this refund; a second person approves it."))
    if not is_confirmed(confirmed_at, now):
        raise ValidationError(_("Give your password again; it counts for five minutes."))
    row.state, row.approved_at = STATE.APPROVED, now
    row.approved_by_id, row.approved_by = person.pk, str(person)[:200]
    row.save(update_fields=["state", "approved_at", "approved_by_id", "approved_by"])
    enqueue(kind=REFUND, payload={"request": str(row.pk)}, now=now)
    record(action="payments.refund_approved", subject=row.payment.public_id, now=now, actor=person)
    return row


@transaction.atomic
def discard_refund(*, request: RefundRequest, now: datetime, actor: Any) -> RefundRequest:
    """Give up one that was not approved. Twice is once."""
    row = _locked(request)
    if row.state == STATE.ASKED:
        row.state = STATE.DISCARDED
        row.save(update_fields=["state"])
        record(
            action="payments.refund_discarded", subject=row.payment.public_id, now=now, actor=actor
        )
    elif row.state != STATE.DISCARDED:
        raise ValidationError(_("This refund is approved; it cannot be discarded any more."))
    return row


@transaction.atomic
def send_refund(*, request_id: UUID, now: datetime) -> str:
    """At the provider, once: the request's id is the key. Returns the state it has then.

    The provider's message of the same refund finds it noted. A refusal fails the request with the
    provider's reason; silence raises, and the job tries again.
    """
    row = _locked(RefundRequest(pk=request_id))
    if row.state != STATE.APPROVED:
        return str(row.state)
    try:
        made = _made_refund(row)
        record_refund(
            payment=row.payment, provider_ref=made, amount_minor=row.amount_minor, now=now,
            kind=Refund.Kind.REFUND, reason=row.reason,
        )  # fmt: skip
        row.state = STATE.MADE
    except NoAnswer:
        raise
    except Overdrawn:
        row.state, row.failure = STATE.FAILED, _("The payment has less left.")
    except ValidationError as error:
        row.state, row.failure = STATE.FAILED, " ".join(error.messages)[:200]
    row.save(update_fields=["state", "failure"])
    return str(row.state)


def _made_refund(row: RefundRequest) -> str:
    params: Any = {
        "payment_intent": row.payment.provider_ref,
        "amount": to_provider(row.amount_minor, row.currency),
        "reason": "requested_by_customer",
        "metadata": {"company": str(row.author_id), "request": str(row.pk)},
    }  # fmt: skip
    key: Any = {"idempotency_key": row.public_id}
    return str(ask(lambda stripe: stripe.v1.refunds.create(params, key)).id)
