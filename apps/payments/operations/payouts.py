"""Payouts are drafted by one person and approved by another, who shows anew who they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from apps.events.operations import publish, record
from apps.payments.domain.accounts import cooled_down_at
from apps.payments.events import PayoutDiscarded, PayoutsDrafted
from apps.payments.models import Payout, PayoutBatch, StripeAccount
from apps.payments.models.payouts import Way
from apps.payments.operations.confirming import Approval, refuse_alone
from apps.payments.queries.accounts import main_account
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

STATE = PayoutBatch.State
GONE = (Payout.State.FAILED, Payout.State.DISCARDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutItem:
    """What is paid to whom for which document; `held_for`: whose money it is, where not our own."""

    payee: Company
    reference: str
    title: str
    amount_minor: int
    held_for: Company | None = None


@transaction.atomic
def draft_payouts(
    *, items: Sequence[PayoutItem], method: str, currency: str, now: datetime, drafted_by: Any
) -> PayoutBatch:
    """A batch that waits for a second person. Drafting the same references again gives that batch.

    Raises ValidationError: no items, an amount that is not positive, SEPA in another currency than
    euros, money held for another by bank file, or a reference that is in another batch.
    """
    _refuse_odd(items, method, currency)
    known = _drafted_before(items)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            return _draft(items, method, currency, now, drafted_by)
    except IntegrityError:
        known = _drafted_before(items)
        if known is None:
            raise
        return known


def _refuse_odd(items: Sequence[PayoutItem], method: str, currency: str) -> None:
    if not items:
        raise ValidationError(_("There is nothing to pay out."))
    if len({item.reference for item in items}) < len(items):
        raise ValidationError(_("A document stands twice in this batch."))
    if any(item.amount_minor <= 0 for item in items):
        raise ValidationError(_("Only positive amounts are paid out."))
    if method == Way.SEPA and currency != "EUR":
        raise ValidationError(_("Bank files of SEPA carry euros alone. Pay through Stripe."))
    if method == Way.SEPA and any(item.held_for is not None for item in items):
        raise ValidationError(
            _("Money collected in another's name moves only through the payment provider.")
        )


def _drafted_before(items: Sequence[PayoutItem]) -> PayoutBatch | None:
    """The batch that holds exactly these; raises ValidationError when one stands elsewhere."""
    wanted = {item.reference for item in items}
    rows = Payout.objects.written_by(current_company()).exclude(state__in=GONE)
    found = list(rows.filter(reference__in=wanted).select_related("batch"))
    if not found:
        return None
    if {row.reference for row in found} == wanted and len({row.batch_id for row in found}) == 1:
        batch: PayoutBatch = found[0].batch
        return batch
    taken = ", ".join(sorted(row.title or row.reference for row in found)[:5])
    raise ValidationError(_("Already in a batch: %(documents)s") % {"documents": taken})


def _draft(
    items: Sequence[PayoutItem], method: str, currency: str, now: datetime, drafted_by: Any
) -> PayoutBatch:
    own = current_company()
    batch: PayoutBatch = PayoutBatch.objects.create(
        author=own, parties=[own.pk], method=method, currency=currency,
        drafted_by_id=drafted_by.pk, drafted_by=str(drafted_by)[:200], drafted_at=now,
    )  # fmt: skip
    rows = [
        Payout(
            author=own, parties=[own.pk], batch=batch, payee=item.payee,
            payee_name=item.payee.name, held_for=item.held_for, reference=item.reference,
            title=item.title[:120], amount_minor=item.amount_minor, currency=currency,
            method=method, moved_at=now,
        )
        for item in sorted(items, key=lambda one: one.reference)
    ]  # fmt: skip
    insert_all(Payout, rows)
    record(
        action="payments.batch_drafted", subject=batch.public_id, now=now, actor=drafted_by,
        details={"payouts": len(rows), "total_minor": sum(row.amount_minor for row in rows)},
    )  # fmt: skip
    event = PayoutsDrafted(batch.pk)
    publish(name=event.name, payload=event.payload, now=now)
    return batch


def locked(batch: PayoutBatch) -> PayoutBatch:
    """The own batch under lock, freshly read."""
    rows = PayoutBatch.objects.written_by(current_company()).select_for_update(of=("self",))
    found: PayoutBatch = rows.get(pk=batch.pk)
    return found


@transaction.atomic
def approve_batch(*, batch: PayoutBatch, approval: Approval, now: datetime) -> PayoutBatch:
    """The second pair of eyes. Approving twice is once.

    Raises ValidationError: the person drafted it, did not show within five minutes who they are, a
    payee shows no way to be paid, or its bank details are newer than the cool-down.
    """
    row = locked(batch)
    if row.state in (STATE.APPROVED, STATE.SENT):
        return row
    if row.state != STATE.DRAFTED:
        raise ValidationError(_("This batch was discarded."))
    refuse_alone(row, approval, now)
    payouts = list(row.payouts.order_by("id").select_for_update(of=("self",)))
    _take_details(payouts, now)
    row.note_approval(person=approval.person, state=STATE.APPROVED, now=now)
    record(action="payments.batch_approved", subject=row.public_id, now=now, actor=approval.person)
    return row


def _take_details(payouts: Sequence[Payout], now: datetime) -> None:
    """Each payee's account as it stands now; all refusals are told at once."""
    problems: list[ValidationError] = []
    for payout in payouts:
        try:
            take = _bank_account if payout.method == Way.SEPA else _stripe_account
            take(payout, now)
        except ValidationError as error:
            problems.append(error)
        payout.state, payout.moved_at = Payout.State.APPROVED, now
    if problems:
        raise ValidationError(problems)
    fields = ["holder_name", "iban", "bic", "account_id", "state", "moved_at"]
    Payout.objects.bulk_update(payouts, fields)


def _bank_account(payout: Payout, now: datetime) -> None:
    account = main_account(payout.payee)
    if account is None:
        told = _("%(payee)s shows no bank account.") % {"payee": payout.payee_name}
        raise ValidationError(told)
    refuse_fresh(payout.payee_name, account.changed_at, now)
    payout.holder_name, payout.iban, payout.bic = account.holder_name, account.iban, account.bic


def refuse_fresh(payee: str, changed_at: datetime, now: datetime) -> None:
    """Raises ValidationError while the bank details are too new."""
    free_at = cooled_down_at(changed_at)
    if now < free_at:
        when = date_format(localtime(free_at), "SHORT_DATETIME_FORMAT")
        text = _("The bank details of %(payee)s are new: money goes there from %(when)s on.")
        raise ValidationError(text % {"payee": payee, "when": when})


def _stripe_account(payout: Payout, now: datetime) -> None:
    account = StripeAccount.objects.written_by(payout.payee_id).first()
    if account is None or not account.payouts_enabled:
        told = _("%(payee)s has no account at Stripe that can be paid.")
        raise ValidationError(told % {"payee": payout.payee_name})
    refuse_fresh(payout.payee_name, account.connected_at, now)
    payout.account_id = account.account_id


@transaction.atomic
def discard_batch(*, batch: PayoutBatch, now: datetime, actor: Any) -> PayoutBatch:
    """Give up a batch that was not sent; its references may be paid out anew. Twice is once.

    Also an approved one: a payee that changed its account since would else keep all from being paid.
    """
    row = locked(batch)
    if row.state == STATE.DISCARDED:
        return row
    if row.state == STATE.SENT:
        raise ValidationError(_("This batch is sent; it cannot be discarded any more."))
    row.state = STATE.DISCARDED
    row.save(update_fields=["state"])
    keys = list(row.payouts.order_by("id").values_list("pk", flat=True))
    row.payouts.update(state=Payout.State.DISCARDED, moved_at=now)
    event = PayoutDiscarded(keys)
    publish(name=event.name, payload=event.payload, now=now)
    record(action="payments.batch_discarded", subject=row.public_id, now=now, actor=actor)
    return row
