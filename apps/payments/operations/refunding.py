"""Refunds from the portal: one person asks, another approves; then a job asks the provider, or a bank
file goes back to where the money came from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.common.ids import BadId, decode
from apps.common.period import local_date
from apps.events.operations import enqueue, publish, record
from apps.payments.domain.accounts import BadIban, bank_details
from apps.payments.domain.amounts import NotPayable, to_provider
from apps.payments.domain.bank_files import Party, Transfer, transfers_file
from apps.payments.domain.webhooks import MADE
from apps.payments.events import RefundAsked
from apps.payments.models import BankFile, Payment, Refund, RefundRequest
from apps.payments.operations.confirming import Approval, refuse_alone
from apps.payments.operations.files import store_file
from apps.payments.operations.payouts import refuse_fresh
from apps.payments.operations.provider import NoAnswer, ask, made_before
from apps.payments.operations.received import Overdrawn, record_refund
from apps.payments.operations.way_back import is_refundable, way_back
from apps.payments.queries.accounts import main_account
from apps.payments.queries.money import origin_of
from apps.tenancy.context import current_company

STATE = RefundRequest.State
REFUND = "payments.send_refund"


@dataclass(frozen=True, slots=True)
class Wish:
    """How much of a payment goes back, in minor units, and why."""

    amount_minor: int
    reason: str


@transaction.atomic
def ask_refund(*, payment: Payment, wish: Wish, now: datetime, person: Any) -> RefundRequest:
    """A refund that waits for a second person; one of a payment at a time, the same twice is one.

    Where it goes is what `way_back` says. Raises ValidationError: it is not known where it came from, more than is left, no reason, an amount the provider cannot move, or another
    refund that waits.
    """
    row = _locked_payment(payment)
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
        asked_by=str(person)[:200], asked_at=now, **_account_of(row),
    )  # fmt: skip
    record(
        action="payments.refund_asked", subject=row.public_id, now=now, actor=person,
        details={"amount_minor": wish.amount_minor, "currency": row.currency},
    )  # fmt: skip
    event = RefundAsked(made.pk)
    publish(name=event.name, payload=event.payload, now=now)
    return made


def _account_of(payment: Payment) -> dict[str, str]:
    way = way_back(payment)
    if way is None or way.intent:
        return {}
    try:
        details = bank_details(way.iban)
    except BadIban:
        raise ValidationError(_("The account it came from is no valid IBAN.")) from None
    return {
        "holder_name": way.holder_name, "iban": details.iban, "bic": way.bic or details.bic,
    }  # fmt: skip


def _refuse_odd(payment: Payment, wish: Wish) -> None:
    if not 0 < wish.amount_minor <= payment.amount_minor - payment.refunded_minor:
        raise ValidationError(_("Give back more than nothing and at most what is left."))
    if not is_refundable(payment):
        raise ValidationError(
            _("It is not known where this money came from, so it cannot go back from here.")
        )
    if not wish.reason.strip():
        raise ValidationError(_("Give a reason: auditors will ask for it."))
    way = way_back(payment)
    if way is None or not way.intent:
        return
    try:
        to_provider(wish.amount_minor, payment.currency)
    except NotPayable:
        raise ValidationError(
            _("The payment provider moves %(currency)s only in steps of 0.01.")
            % {"currency": payment.currency}
        ) from None


def _locked_payment(payment: Payment) -> Payment:
    rows = Payment.objects.written_by(current_company()).select_for_update(of=("self",))
    found: Payment = rows.get(pk=payment.pk)
    return found


def _locked(request: RefundRequest) -> RefundRequest:
    rows = RefundRequest.objects.written_by(current_company()).select_for_update(of=("self",))
    found: RefundRequest = rows.select_related("payment").get(pk=request.pk)
    return found


@transaction.atomic
def approve_refund(*, request: RefundRequest, approval: Approval, now: datetime) -> RefundRequest:
    """The second pair of eyes; a job asks the provider, or the bank file is made. Twice is once.

    Raises ValidationError: the person asked for it, or did not show within five minutes who
    they are, it was discarded, the payment has less left than when it was asked for, the account
    it goes to is another or too new, or there is no own bank account to pay from.
    """
    row = _locked(request)
    if row.state in (STATE.APPROVED, STATE.MADE, STATE.FAILED):
        return row
    if row.state != STATE.ASKED:
        raise ValidationError(_("This refund was discarded."))
    refuse_alone(row, approval, now)
    # Since it was asked for the bank may have taken the money back.
    _refuse_odd(_locked_payment(row.payment), Wish(row.amount_minor, row.reason))
    _refuse_account(row, now)
    if row.iban:
        row.file = _file_of(row, now)
    else:
        enqueue(kind=REFUND, payload={"request": str(row.pk)}, now=now)
    row.note_approval(person=approval.person, state=STATE.APPROVED, now=now)
    record(
        action="payments.refund_approved", subject=row.payment.public_id, now=now,
        actor=approval.person,
    )  # fmt: skip
    return row


def _refuse_account(row: RefundRequest, now: datetime) -> None:
    """It goes where the person who asked saw that it goes; a payer's new account has to cool down."""
    way = way_back(row.payment)
    if way is None or _account_of(row.payment).get("iban", "") != row.iban:
        raise ValidationError(
            _("The payer's account is another now. Discard this refund and ask for it anew.")
        )
    if way.is_payers and way.changed_at is not None:
        refuse_fresh(row.payment.payer_name, way.changed_at, now)


def _file_of(row: RefundRequest, now: datetime) -> BankFile:
    own = main_account()
    if own is None:
        raise ValidationError(_("Add your bank account first."))
    title = row.payment.title or row.payment.reference
    transfer = Transfer(
        row.public_id, Party(row.holder_name, row.iban, row.bic), row.amount_minor,
        f"{title} {current_company().name}".strip(),
    )  # fmt: skip
    content = transfers_file(
        Party(own.holder_name, own.iban, own.bic),
        [transfer],
        row.currency,
        local_date(now, current_company().time_zone),
    )
    return store_file(
        kind=BankFile.Kind.TRANSFERS, content=content, entry_count=1, now=now,
        total_minor=row.amount_minor, currency=row.currency,
    )  # fmt: skip


@transaction.atomic
def note_booked(*, identity: str, amount_minor: int, now: datetime) -> Payment | None:
    """The bank has booked the transfer of this identity: the money went back. Twice is once.

    The payment it is of; None where no approved refund is it, or the payment has less left.
    """
    try:
        key = decode(RefundRequest.prefix, identity)
    except BadId:
        return None
    rows = RefundRequest.objects.written_by(current_company()).select_for_update(of=("self",))
    row = rows.select_related("payment").filter(pk=key, amount_minor=amount_minor).first()
    if row is None or not row.iban or row.state not in (STATE.APPROVED, STATE.MADE):
        return None
    try:
        record_refund(
            payment=row.payment, provider_ref=identity, amount_minor=amount_minor, now=now,
            kind=Refund.Kind.REFUND, reason=row.reason,
        )  # fmt: skip
    except Overdrawn:
        return None
    if row.state == STATE.APPROVED:
        row.state = STATE.MADE
        row.save(update_fields=["state"])
    payment: Payment = row.payment
    return payment


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
        if made.status not in MADE:
            raise ValidationError(_("The payment provider did not make the refund."))
        record_refund(
            payment=row.payment, provider_ref=str(made.id), amount_minor=row.amount_minor, now=now,
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


def _made_refund(row: RefundRequest) -> Any:
    """Made by a try before, or now: the provider keeps a key for a day alone."""
    wanted: Any = {"payment_intent": origin_of(row.payment).provider_ref, "limit": 100}
    mine = {"request": str(row.pk)}
    before = ask(lambda stripe: made_before(stripe.v1.refunds.list(wanted), mine))
    return before if before is not None else _new_refund(row, mine)


def _new_refund(row: RefundRequest, mine: dict[str, str]) -> Any:
    params: Any = {
        "payment_intent": origin_of(row.payment).provider_ref,
        "amount": to_provider(row.amount_minor, row.currency),
        "reason": "requested_by_customer",
        "metadata": {"company": str(row.author_id), **mine},
    }  # fmt: skip
    key: Any = {"idempotency_key": row.public_id}
    return ask(lambda stripe: stripe.v1.refunds.create(params, key))
