"""A customer saves a SEPA mandate on the provider's page, and takes it back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.accounts.addresses import company_url
from apps.events.operations import enqueue, record
from apps.payments.models import SavedMandate, StripeAccount
from apps.payments.operations.checkout import account_of
from apps.payments.operations.provider import Unfitting, ask
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

STATE = SavedMandate.State
DETACH = "payments.detach_method"


@transaction.atomic
def start_saving(*, creditor: Company, now: datetime, actor: Any) -> SavedMandate:
    """A page at the provider where the current company lets the creditor collect. Twice is once.

    One in force is given back as it is. Raises ValidationError where the creditor takes no money
    online, the mandate is being noted, or in the provider's words.
    """
    account = account_of(creditor)
    known = _own(creditor).filter(state=STATE.ACTIVE).first()
    if known is not None:
        found: SavedMandate = known
        return found
    row = _open_row(creditor, now, actor)
    if row.session_id and _is_over(row):
        row = _open_row(creditor, now, actor)
    if not row.session_id:
        row.customer_ref = _customer()
        row.session_id = _session(row, account)
        row.save(update_fields=["customer_ref", "session_id"])
    return row


def _own(creditor: Company) -> Any:
    return SavedMandate.objects.written_by(current_company()).filter(creditor=creditor)


def _open_row(creditor: Company, now: datetime, actor: Any) -> SavedMandate:
    own = current_company()
    given = {
        "parties": sorted({own.pk, creditor.pk}), "creditor_name": creditor.name,
        "debtor_name": own.name, "started_at": now, "started_by": str(actor)[:200],
    }  # fmt: skip
    key = {"author": own, "creditor": creditor, "state": STATE.OPEN}
    rows = SavedMandate.objects.select_for_update(of=("self",))
    try:
        with transaction.atomic():
            found: SavedMandate = rows.get_or_create(**key, defaults=given)[0]
    except IntegrityError:
        found = rows.get(**key)
    return found


def _is_over(row: SavedMandate) -> bool:
    """Whether the page cannot be used any more; a completed one is being noted."""
    session = page_of(row)
    if session.status == "complete":
        raise ValidationError(_("The mandate is given already; it is noted in a moment."))
    if session.status == "open":
        return False
    note_expired(mandate=row)
    return True


def page_of(row: SavedMandate) -> Any:
    """The provider's session, freshly read. Raises ValidationError."""
    return ask(lambda stripe: stripe.v1.checkout.sessions.retrieve(row.session_id))


def _customer() -> str:
    """The company as the provider knows it: the one of an earlier mandate, else a new one."""
    own = current_company()
    known = SavedMandate.objects.written_by(own).exclude(customer_ref="").first()
    if known is not None:
        return str(known.customer_ref)
    params: Any = {"name": own.name, "metadata": {"company": str(own.pk)}}
    key: Any = {"idempotency_key": f"customer-{own.schema_name}"}
    return str(ask(lambda stripe: stripe.v1.customers.create(params, key)).id)


def _session(row: SavedMandate, account: StripeAccount) -> str:
    """Made once: the row's id is the idempotency key."""
    page = company_url(current_company(), reverse("saved_mandate", args=[row.public_id]))
    told = {"company": str(row.author_id), "mandate": str(row.pk)}
    params: Any = {
        "mode": "setup", "customer": row.customer_ref, "payment_method_types": ["sepa_debit"],
        "success_url": page, "cancel_url": page, "client_reference_id": row.public_id,
        "locale": "de" if (get_language() or "").startswith("de") else "en", "metadata": told,
        "setup_intent_data": {"metadata": told, "on_behalf_of": account.account_id},
    }  # fmt: skip
    key: Any = {"idempotency_key": row.public_id}
    return str(ask(lambda stripe: stripe.v1.checkout.sessions.create(params, key)).id)


@transaction.atomic
def note_saved(*, mandate_id: UUID, method_ref: str, mandate_ref: str, now: datetime) -> bool:
    """The provider has it. Whether it was news. Raises NoAnswer where it does not say more."""
    rows = SavedMandate.objects.written_by(current_company()).select_for_update(of=("self",))
    row = rows.filter(pk=mandate_id).first()
    if row is None or row.state != STATE.OPEN:
        return False
    method = ask(lambda stripe: stripe.v1.payment_methods.retrieve(method_ref))
    account: Any = method.sepa_debit
    row.state, row.signed_at = STATE.ACTIVE, now
    row.method_ref, row.mandate_ref = method_ref, mandate_ref
    row.country, row.last4 = str(account.country or "")[:2], str(account.last4 or "")[-4:]
    row.save(update_fields=["state", "signed_at", "method_ref", "mandate_ref", "country", "last4"])
    _note("signed", row, row.started_by, now)
    return True


@transaction.atomic
def note_expired(*, mandate: SavedMandate) -> bool:
    """The page was not used in time. Whether it was open."""
    own = SavedMandate.objects.written_by(current_company())
    return bool(own.filter(pk=mandate.pk, state=STATE.OPEN).update(state=STATE.EXPIRED))


@transaction.atomic
def revoke_saved(*, mandate: SavedMandate, now: datetime, actor: Any) -> bool:
    """Nothing is collected by it from now on; a job has the provider forget the account.

    Whether it was in force.
    """
    if not _revoked(mandate, now):
        return False
    enqueue(kind=DETACH, payload={"mandate": str(mandate.pk)}, now=now)
    _note("revoked", mandate, actor, now)
    return True


@transaction.atomic
def note_revoked(*, mandate: SavedMandate, now: datetime) -> bool:
    """The debtor's bank or the provider ended it. Whether it was in force."""
    if not _revoked(mandate, now):
        return False
    _note("revoked", mandate, "", now)
    return True


def _revoked(mandate: SavedMandate, now: datetime) -> bool:
    own = SavedMandate.objects.written_by(current_company())
    found = own.filter(pk=mandate.pk, state=STATE.ACTIVE)
    return bool(found.update(state=STATE.REVOKED, revoked_at=now))


def _note(what: str, row: SavedMandate, actor: Any, now: datetime) -> None:
    record(
        action=f"payments.mandate_{what}", subject=row.public_id, now=now, actor=actor,
        also=[row.creditor_id], details={"reference": row.reference, "account": row.last4},
    )  # fmt: skip


def detach_method(*, mandate_id: UUID) -> str:
    """Have the provider forget the account of a revoked mandate. Twice is once.

    Silence and a refusal of the key raise ValidationError.
    """
    row = SavedMandate.objects.written_by(current_company()).get(pk=mandate_id)
    if row.state != STATE.REVOKED:
        return str(row.state)
    try:
        ask(lambda stripe: stripe.v1.payment_methods.detach(row.method_ref))
    except Unfitting:
        # It was forgotten before. A refused key or right is another matter: the job fails and shows it.
        return "gone"
    return "detached"
