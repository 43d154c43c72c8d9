"""Debit runs: drafted from what is expected and may be collected, approved by another person."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.operations import publish, record
from apps.payments.events import DebitsDrafted
from apps.payments.models import BankFile, Debit, DebitRun
from apps.payments.operations.closing_pages import close_later
from apps.payments.operations.collecting import Collection as Collected
from apps.payments.operations.collecting import collect_by_debit, own_account
from apps.payments.operations.confirming import Approval, refuse_alone
from apps.payments.operations.online_debits import ask_online
from apps.payments.operations.online_debits import own_account as online_account
from apps.payments.queries.debits import Collectable, collectables, paid_besides
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company

STATE, METHOD = DebitRun.State, DebitRun.Method


@transaction.atomic
def draft_debits(
    *, references: Collection[str], collected_on: date, now: datetime, person: Any,
    method: str = METHOD.SEPA,
) -> DebitRun:  # fmt: skip
    """Of these documents what may be collected now, in a run that waits for a second person.

    Raises ValidationError: nothing of it may be collected (any more), too early a day for a file,
    no own account or creditor identifier.
    """
    if method == METHOD.SEPA:
        own_account(collected_on, now)
    else:
        online_account()
    open_ones = collectables(lock=True, method=method)
    chosen = [one for one in open_ones if one.reference in set(references)]
    if not chosen:
        raise ValidationError(_("Nothing of this is to be collected any more."))
    own = current_company()
    run: DebitRun = DebitRun.objects.create(
        author=own, parties=[own.pk], method=method, collected_on=collected_on,
        drafted_by_id=person.pk, drafted_by=str(person)[:200], drafted_at=now,
    )  # fmt: skip
    insert_all(Debit, [_debit(one, run) for one in chosen])
    record(
        action="payments.debits_drafted", subject=run.public_id, now=now, actor=person,
        details={"debits": len(chosen), "total_minor": sum(one.amount_minor for one in chosen)},
    )  # fmt: skip
    event = DebitsDrafted(run.pk)
    publish(name=event.name, payload=event.payload, now=now)
    return run


def _debit(one: Collectable, run: DebitRun) -> Debit:
    return Debit(
        author_id=run.author_id, parties=run.parties, run=run, payer_id=one.payer_id,
        payer_name=one.payer_name[:120], reference=one.reference, title=one.label[:120],
        amount_minor=one.amount_minor, mandate_reference=one.mandate_reference, iban=one.iban,
        saved_mandate=one.saved_mandate,
    )  # fmt: skip


def _locked(run: DebitRun) -> DebitRun:
    rows = DebitRun.objects.written_by(current_company()).select_for_update(of=("self",))
    found: DebitRun = rows.get(pk=run.pk)
    return found


@transaction.atomic
def approve_debits(*, run: DebitRun, approval: Approval, now: datetime) -> DebitRun:
    """The second pair of eyes: the bank file is made and the payments are under way, or a job asks
    the provider for each. Twice is once.

    Raises ValidationError: the person drafted it, did not show within five minutes who they are,
    less is open of a document than is to be collected, or its mandate is another now.
    """
    row = _locked(run)
    if row.state == STATE.APPROVED:
        return row
    if row.state != STATE.DRAFTED:
        raise ValidationError(_("This run was discarded."))
    refuse_alone(row, approval, now)
    debits = list(row.debits.order_by("id"))
    _refuse_moved(debits, row)
    if row.method == METHOD.SEPA:
        row.file = _file_of(row, debits, approval.person, now)
        close_later(run=row, now=now)
    else:
        ask_online(debits=debits, now=now)
    row.note_approval(person=approval.person, state=STATE.APPROVED, now=now)
    record(action="payments.debits_approved", subject=row.public_id, now=now, actor=approval.person)
    return row


def _file_of(run: DebitRun, debits: Sequence[Debit], person: Any, now: datetime) -> BankFile:
    items = [
        Collected(payer_id=one.payer_id, reference=one.reference, title=one.title,
                  amount_minor=one.amount_minor)
        for one in debits
    ]  # fmt: skip
    return collect_by_debit(items=items, collected_on=run.collected_on, now=now, actor=person)


def _refuse_moved(debits: Sequence[Debit], run: DebitRun) -> None:
    """All that changed since the draft is told at once."""
    now_open = {
        one.reference: one for one in collectables(lock=True, beside=run, method=run.method)
    }
    paid = paid_besides(run)
    moved = [
        debit.title for debit in debits
        if debit.reference in paid or not _still(debit, now_open.get(debit.reference))
    ]  # fmt: skip
    if moved:
        raise ValidationError(
            _("Since the draft a payment, a dispute or another mandate came in for %(documents)s. "
              "Discard this run and draft it anew.") % {"documents": ", ".join(moved[:10])}
        )  # fmt: skip


def _still(debit: Debit, found: Collectable | None) -> bool:
    return (
        found is not None
        and debit.amount_minor <= found.amount_minor
        and debit.mandate_reference == found.mandate_reference
    )


@transaction.atomic
def discard_debits(*, run: DebitRun, now: datetime, actor: Any) -> DebitRun:
    """Give up a run that was not approved. Twice is once. Raises ValidationError for an approved one."""
    row = _locked(run)
    if row.state == STATE.APPROVED:
        raise ValidationError(_("This run is approved; it cannot be discarded any more."))
    if row.state == STATE.DRAFTED:
        row.state = STATE.DISCARDED
        row.save(update_fields=["state"])
        record(action="payments.debits_discarded", subject=row.public_id, now=now, actor=actor)
    return row
