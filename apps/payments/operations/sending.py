"""Approved payouts go out, and what became of them. Each done twice is done once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.common.money import Money
from apps.common.period import local_date
from apps.events.operations import enqueue, publish, record
from apps.payments.domain.amounts import NotPayable, to_provider
from apps.payments.domain.bank_files import Party, Transfer, transfers_file
from apps.payments.events import PaidOut, PayoutFailed
from apps.payments.models import BankFile, Payout, PayoutBatch
from apps.payments.models.payouts import Way
from apps.payments.operations.files import store_file
from apps.payments.operations.payouts import locked, refuse_fresh
from apps.payments.operations.provider import NoAnswer, ask
from apps.payments.queries.accounts import main_account
from apps.tenancy.context import current_company

STATE = Payout.State
TRANSFER = "payments.send_transfer"


@transaction.atomic
def send_batch(*, batch: PayoutBatch, now: datetime, actor: Any) -> PayoutBatch:
    """An approved batch becomes a bank file, or a job per transfer at the provider. Twice is once.

    Raises ValidationError: not approved, no bank account of the own, or a payee's bank details
    changed since the approval.
    """
    row = locked(batch)
    if row.state == PayoutBatch.State.SENT:
        return row
    if row.state != PayoutBatch.State.APPROVED:
        raise ValidationError(_("A second person approves this batch first."))
    payouts = list(row.payouts.order_by("id").select_for_update(of=("self",)))
    if row.method == Way.SEPA:
        _write_file(row, payouts, now)
    else:
        for payout in payouts:
            enqueue(kind=TRANSFER, payload={"payout": str(payout.pk)}, now=now)
    row.state, row.sent_at = PayoutBatch.State.SENT, now
    row.save(update_fields=["state", "sent_at"])
    record(action="payments.batch_sent", subject=row.public_id, now=now, actor=actor)
    return row


def _write_file(batch: PayoutBatch, payouts: Sequence[Payout], now: datetime) -> BankFile:
    own = main_account()
    if own is None:
        raise ValidationError(_("Add your bank account first."))
    for payout in payouts:
        _refuse_changed(payout, now)
        payout.provider_ref = payout.public_id
        _show_sent(payout, now)
    content = transfers_file(
        Party(own.holder_name, own.iban, own.bic), [_transfer(one) for one in payouts],
        batch.currency, local_date(now, current_company().time_zone),
    )  # fmt: skip
    Payout.objects.bulk_update(payouts, ["provider_ref", "state", "moved_at", "parties"])
    return store_file(
        kind=BankFile.Kind.TRANSFERS, content=content, entry_count=len(payouts), batch=batch,
        total_minor=sum(one.amount_minor for one in payouts), currency=batch.currency, now=now,
    )  # fmt: skip


def _refuse_changed(payout: Payout, now: datetime) -> None:
    account = main_account(payout.payee)
    if account is None or account.iban != payout.iban:
        text = _("The bank details of %(payee)s changed since the approval. Draft the payout anew.")
        raise ValidationError(text % {"payee": payout.payee_name})
    refuse_fresh(payout.payee_name, account.changed_at, now)


def _transfer(payout: Payout) -> Transfer:
    to = Party(payout.holder_name, payout.iban, payout.bic)
    text = f"{payout.title} {current_company().name}".strip()
    return Transfer(payout.provider_ref, to, payout.amount_minor, text)


def _show_sent(payout: Payout, now: datetime) -> None:
    """From now on the payee sees it."""
    payout.state, payout.moved_at = STATE.SENT, now
    payout.parties = sorted({payout.author_id, payout.payee_id})


@transaction.atomic
def send_transfer(*, payout_id: UUID, now: datetime) -> str:
    """One payout at the provider; a second try finds the transfer of the first. Returns its state.

    A refusal fails the payout with the provider's reason; silence raises, and the job tries again.
    """
    rows = Payout.objects.written_by(current_company()).select_for_update(of=("self",))
    payout = rows.get(pk=payout_id)
    if payout.state != STATE.APPROVED:
        return str(payout.state)
    _show_sent(payout, now)
    payout.save(update_fields=["state", "moved_at", "parties"])
    try:
        with transaction.atomic():
            payout.provider_ref = _made_transfer(payout)
    except NoAnswer:
        raise
    except (ValidationError, NotPayable) as error:
        why = " ".join(getattr(error, "messages", [str(error)]))
        note_payout_failed(payout=payout, provider_ref="", now=now, why=why)
        return STATE.FAILED
    payout.save(update_fields=["provider_ref"])
    return str(payout.state)


def _made_transfer(payout: Payout) -> str:
    """The payout's id is the idempotency key, and the group by which an old one is found."""
    group = payout.public_id
    before = ask(lambda stripe: stripe.v1.transfers.list({"transfer_group": group, "limit": 1}))
    if before.data:
        return str(before.data[0].id)
    params: Any = {
        "amount": to_provider(payout.amount_minor, payout.currency), "transfer_group": group,
        "currency": payout.currency.lower(), "destination": payout.account_id,
        "description": payout.title,
        "metadata": {"company": str(payout.author_id), "payout": str(payout.pk)},
    }  # fmt: skip
    key: Any = {"idempotency_key": group}
    return str(ask(lambda stripe: stripe.v1.transfers.create(params, key)).id)


@transaction.atomic
def note_paid_out(*, payout: Payout, provider_ref: str, now: datetime) -> bool:
    """The transfer is made, or the bank booked it. Whether it was news."""
    return _become(payout, STATE.PAID, (STATE.SENT, STATE.APPROVED), provider_ref, "", now)


@transaction.atomic
def note_payout_failed(
    *, payout: Payout, provider_ref: str, now: datetime, why: str = "returned"
) -> bool:
    """The money came back; the reference may be paid out anew. Whether it was news."""
    return _become(payout, STATE.FAILED, (STATE.SENT, STATE.PAID), provider_ref, why, now)


@transaction.atomic
def note_partly_back(*, payout: Payout, amount_minor: int, now: datetime) -> None:
    """A part of a transfer came back: said on the payout, which stays as it is."""
    rows = Payout.objects.written_by(current_company()).select_for_update(of=("self",))
    row = rows.get(pk=payout.pk)
    amount = Money(amount_minor, row.currency)
    told = _("%(amount)s of it came back at the payment provider.") % {
        "amount": f"{amount.to_decimal()} {row.currency}"
    }
    if row.state not in (STATE.SENT, STATE.PAID) or row.failure == told:
        return
    row.failure = told
    row.save(update_fields=["failure"])
    record(
        action="payments.payout_partly_back", subject=row.public_id, now=now,
        details={"amount_minor": amount_minor}, also=[row.payee_id],
    )  # fmt: skip


def _become(
    payout: Payout, state: str, from_states: tuple[str, ...], provider_ref: str, why: str,
    now: datetime,
) -> bool:  # fmt: skip
    rows = Payout.objects.written_by(current_company()).select_for_update(of=("self",))
    row = rows.get(pk=payout.pk)
    if row.state not in from_states:
        return False
    # What came back in part before it was told to be made is still said.
    row.state, row.moved_at, row.failure = state, now, why[:200] or row.failure
    row.provider_ref = provider_ref or row.provider_ref
    row.parties = sorted({row.author_id, row.payee_id})
    row.save(update_fields=["state", "moved_at", "failure", "provider_ref", "parties"])
    event = (PaidOut if state == STATE.PAID else PayoutFailed)([row.pk])
    publish(name=event.name, payload=event.payload, now=now)
    record(action=event.name, subject=row.public_id, now=now, also=[row.payee_id])
    return True
