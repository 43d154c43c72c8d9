"""Debits of an approved run through the provider: a job each, whose id is the key there."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.events.operations import enqueue, record
from apps.payments.domain.amounts import to_provider
from apps.payments.models import (
    Debit,
    ExpectedPayment,
    OnlineDebit,
    Payment,
    SavedMandate,
    StripeAccount,
)
from apps.payments.operations.closing_pages import close_pages
from apps.payments.operations.provider import Declined, NoAnswer, ask, made_before
from apps.payments.operations.received import Incoming, record_payment
from apps.payments.queries.accounts import own_stripe_account
from apps.payments.queries.debits import paid_besides
from apps.tenancy.context import current_company

STATE = OnlineDebit.State
SEND = "payments.send_debit"
CURRENCY = "EUR"


class Refused(ValidationError):
    """The debit is not asked for; nothing was moved."""


@transaction.atomic
def ask_online(*, debits: Iterable[Debit], now: datetime) -> int:
    """A job per debit. Raises ValidationError where a document is being collected already."""
    own_account()
    rows = [
        # The payer sees it, so as not to pay another way meanwhile.
        OnlineDebit(author_id=one.author_id, parties=sorted({one.author_id, one.payer_id}),
                    debit=one, reference=one.reference, moved_at=now)
        for one in debits
    ]  # fmt: skip
    try:
        with transaction.atomic():
            OnlineDebit.objects.bulk_create(rows)
    except IntegrityError:
        raise ValidationError(_("A document of this run is being collected already.")) from None
    for row in rows:
        enqueue(kind=SEND, payload={"debit": str(row.pk)}, now=now)
    return len(rows)


def own_account() -> StripeAccount:
    """On whose behalf it is collected. Raises ValidationError without one that takes money."""
    found = own_stripe_account()
    if found is None or not found.charges_enabled:
        raise ValidationError(
            _("Direct debits through Stripe need your own account there. Connect it first.")
        )
    return found


@transaction.atomic
def send_online(*, debit_id: UUID, now: datetime) -> str:
    """At the provider, once: a second try gets the payment of the first. Returns its state then.

    A refusal, ours or the provider's, fails the debit with its reason and moves nothing; silence
    raises, and the job tries again.
    """
    rows = OnlineDebit.objects.written_by(current_company()).select_for_update(of=("self",))
    row = rows.select_related("debit__saved_mandate", "debit__run").get(pk=debit_id)
    if row.state != STATE.ASKED:
        return str(row.state)
    try:
        if close_pages([row.reference]):
            raise Refused(_("The document was paid online meanwhile."))
        _refuse_moved(row.debit)
        row.payment, row.state = _collected(row, now), STATE.MADE
    except NoAnswer:
        raise
    except Declined as error:
        row.state, row.failure = STATE.FAILED, error.stored
    except ValidationError as error:
        row.state, row.failure = STATE.FAILED, " ".join(error.messages)[:200]
    row.moved_at = now
    row.save(update_fields=["state", "payment", "failure", "moved_at"])
    record(
        action=f"payments.debit_{row.state}", subject=row.debit.run.public_id, now=now,
        details={"reference": row.reference, "failure": row.failure},
        also=[row.debit.payer_id] if row.state == STATE.MADE else (),
    )  # fmt: skip
    return str(row.state)


def _refuse_moved(debit: Debit) -> None:
    """What changed since the approval: the mandate, what is open, or another way it is paid."""
    mandate = debit.saved_mandate
    if mandate is None or mandate.state != SavedMandate.State.ACTIVE:
        raise Refused(_("The mandate is revoked."))
    own = current_company()
    expected = ExpectedPayment.objects.written_by(own).filter(reference=debit.reference).first()
    if expected is None or not expected.is_open or expected.collectable_minor < debit.amount_minor:
        raise Refused(_("Less is open of the document now."))
    if debit.reference in paid_besides(debit.run):
        raise Refused(_("The document is being paid another way."))


def _collected(row: OnlineDebit, now: datetime) -> Payment:
    debit, intent = row.debit, _intent(row)
    if intent.status not in ("processing", "succeeded"):
        raise Refused(_("The payment provider did not begin the debit."))
    incoming = Incoming(
        provider_ref=str(intent.id), amount_minor=debit.amount_minor, currency=CURRENCY,
        method=Payment.Method.SEPA_DEBIT, reference=debit.reference, title=debit.title,
        payer_id=debit.payer_id, payer_name=debit.payer_name,
        mandate_reference=debit.mandate_reference,
    )  # fmt: skip
    return record_payment(payment=incoming, state=Payment.State.PENDING, now=now)


def _intent(row: OnlineDebit) -> Any:
    """Made by a try before, or now: the provider keeps a key for a day alone."""
    approved_at = row.debit.run.approved_at
    assert approved_at is not None
    # A day less, for the provider has its own clock.
    since = int((approved_at - timedelta(days=1)).timestamp())
    wanted: Any = {
        "customer": _mandate_of(row).customer_ref, "created": {"gte": since}, "limit": 100,
    }  # fmt: skip
    mine = {"debit": row.public_id}
    before = ask(lambda stripe: made_before(stripe.v1.payment_intents.list(wanted), mine))
    return before if before is not None else _new_intent(row, mine)


def _mandate_of(row: OnlineDebit) -> SavedMandate:
    mandate = row.debit.saved_mandate
    assert mandate is not None
    return mandate


def _new_intent(row: OnlineDebit, mine: dict[str, str]) -> Any:
    """Charged on behalf of the payee, as at Checkout; the debtor is not present."""
    debit, mandate = row.debit, _mandate_of(row)
    told = {
        **mine,
        "company": str(row.author_id), "payee": str(row.author_id), "payer": str(debit.payer_id),
        "payer_name": debit.payer_name, "reference": debit.reference, "title": debit.title,
        "mandate": debit.mandate_reference,
    }  # fmt: skip
    params: Any = {
        "amount": to_provider(debit.amount_minor, CURRENCY), "currency": CURRENCY.lower(),
        "customer": mandate.customer_ref, "payment_method": mandate.method_ref,
        "payment_method_types": ["sepa_debit"], "confirm": True, "off_session": True,
        "on_behalf_of": own_account().account_id, "transfer_group": debit.reference,
        "metadata": told,
        **({"mandate": mandate.mandate_ref} if mandate.mandate_ref else {}),
    }  # fmt: skip
    key: Any = {"idempotency_key": row.public_id}
    return ask(lambda stripe: stripe.v1.payment_intents.create(params, key))
