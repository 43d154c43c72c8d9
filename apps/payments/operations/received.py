"""Payments of the current company as they come, fail and go back. Each done twice is done once."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from apps.common.fields import uuid7
from apps.events.operations import enqueue, publish, record
from apps.payments.events import PaymentsFailed, PaymentsReceived, PaymentsRefunded
from apps.payments.models import Payment, Refund, WebhookEvent
from apps.payments.queries.money import origin_of
from apps.tenancy.context import current_company

STATE = Payment.State
APPLY = "payments.apply_webhook"


class Overdrawn(ValueError):
    """More goes back than the payment has left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What is known of a payment; `provider_ref` is its identity in the payee's company."""

    provider_ref: str
    amount_minor: int
    currency: str
    method: str
    reference: str = ""
    title: str = ""
    payer_id: int | None = None
    payer_name: str = ""
    mandate_reference: str = ""
    collected_on: date | None = None
    # Of one that a person noted elsewhere: the key it has there.
    key: UUID | None = None


@transaction.atomic
def record_payment(*, payment: Incoming, state: str, now: datetime, failure: str = "") -> Payment:
    """Note a payment under way, received or failed, and tell the payee's company when it settles.

    What is settled stays so: a message that comes late never takes it back. Raises ValueError for
    an amount that is not positive.
    """
    if payment.amount_minor <= 0:
        raise ValueError("a payment is positive")
    hold(payment.provider_ref)
    row, made = _locked_or_made(payment, state, now, failure)
    if made or _may_become(row.state, state):
        _become(row, state, now, failure, made)
    return row


def hold(provider_ref: str) -> None:
    """Until the transaction ends, nobody else notes or looks for this payment.

    Else a refund that finds no payment could go to wait just after the payment looked for it.
    """
    key = f"payments:{current_company().pk}:{provider_ref}"
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _locked_or_made(
    payment: Incoming, state: str, now: datetime, failure: str
) -> tuple[Payment, bool]:
    known = _by_reference(payment.provider_ref)
    if known is not None:
        return known, False
    try:
        with transaction.atomic():
            return _make(payment, state, now, failure), True
    except IntegrityError:
        known = _by_reference(payment.provider_ref)
        if known is None:
            raise
        return known, False


def _by_reference(provider_ref: str) -> Payment | None:
    rows = Payment.objects.written_by(current_company()).select_for_update(of=("self",))
    found: Payment | None = rows.filter(provider_ref=provider_ref).first()
    return found


def _make(payment: Incoming, state: str, now: datetime, failure: str) -> Payment:
    own = current_company()
    made: Payment = Payment.objects.create(
        id=payment.key or uuid7(), author=own, parties=sorted({own.pk, payment.payer_id or own.pk}),
        payer_id=payment.payer_id, payer_name=payment.payer_name[:120],
        reference=payment.reference[:80], title=payment.title[:120],
        amount_minor=payment.amount_minor, currency=payment.currency, method=payment.method,
        provider_ref=payment.provider_ref, mandate_reference=payment.mandate_reference,
        collected_on=payment.collected_on, state=state, failure=failure[:200], noted_at=now,
        settled_at=now if state == STATE.SUCCEEDED else None,
    )  # fmt: skip
    return made


def _may_become(before: str, after: str) -> bool:
    """Pending may become anything; failed may still succeed (another try); settled stays."""
    ways = {STATE.PENDING: {STATE.SUCCEEDED, STATE.FAILED}, STATE.FAILED: {STATE.SUCCEEDED}}
    return after in ways.get(STATE(before), set())


def _become(row: Payment, state: str, now: datetime, failure: str, made: bool) -> None:
    if not made:
        row.state, row.failure = state, failure[:200]
        row.settled_at = now if state == STATE.SUCCEEDED else None
        row.save(update_fields=["state", "failure", "settled_at"])
    if state == STATE.PENDING:
        return
    event = (PaymentsReceived if state == STATE.SUCCEEDED else PaymentsFailed)([row.pk])
    publish(name=event.name, payload=event.payload, now=now)
    record(
        action=event.name, subject=row.public_id, now=now,
        details={"reference": row.reference, "amount_minor": row.amount_minor,
                 "currency": row.currency},
        also=[row.payer_id] if row.payer_id else (),
    )  # fmt: skip
    _wake(row, now)


def _wake(row: Payment, now: datetime) -> None:
    """Messages that came before the payment they rest on are applied now."""
    # Of money that is here again they name the payment it first came by.
    subjects = {row.provider_ref, origin_of(row).provider_ref}
    waiting = WebhookEvent.objects.filter(
        company_id=row.author_id, subject__in=subjects, state__in=WebhookEvent.UNFITTING
    )
    for event in waiting:
        enqueue(kind=APPLY, payload={"event": str(event.pk)}, now=now)


@transaction.atomic
def record_refund(
    *, payment: Payment, provider_ref: str, amount_minor: int, kind: str, now: datetime,
    reason: str = "", key: UUID | None = None,
) -> Refund:  # fmt: skip
    """Note that money of a settled payment went back. Raises Overdrawn when it has less left.

    `key` is the refund's own, where whoever notes it knows it by one.
    """
    hold(payment.provider_ref)
    row = _by_reference(payment.provider_ref)
    assert row is not None
    known: Refund | None = Refund.objects.written_by(row.author_id).filter(
        provider_ref=provider_ref
    ).first()  # fmt: skip
    if known is not None:
        return known
    if row.settled_at is None or not 0 < amount_minor <= row.amount_minor - row.refunded_minor:
        raise Overdrawn(f"{amount_minor} of {row.provider_ref}")
    refund: Refund = Refund.objects.create(
        id=key or uuid7(), author_id=row.author_id, parties=row.parties, payment=row, kind=kind, reason=reason[:200],
        amount_minor=amount_minor, currency=row.currency, provider_ref=provider_ref,
        refunded_at=now,
    )  # fmt: skip
    _take_off(row, amount_minor)
    event = PaymentsRefunded([refund.pk])
    publish(name=event.name, payload=event.payload, now=now)
    details = {"amount_minor": amount_minor, "currency": row.currency, "kind": kind}
    also = [row.payer_id] if row.payer_id else ()
    record(action=event.name, subject=row.public_id, now=now, details=details, also=also)
    _wake(row, now)
    return refund


def _take_off(row: Payment, amount_minor: int) -> None:
    row.refunded_minor += amount_minor
    if row.refunded_minor == row.amount_minor:
        row.state = STATE.REFUNDED
    row.save(update_fields=["refunded_minor", "state"])
