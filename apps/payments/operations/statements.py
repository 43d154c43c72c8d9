"""Bank statements: imported once, matched by reference and amount, the rest left to a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.common.ids import BadId, decode
from apps.events.operations import record
from apps.payments.domain.bank_files import from_file
from apps.payments.domain.matching import Candidate, match
from apps.payments.domain.statements import BadStatement, Entry, Statement, read_statements
from apps.payments.models import (
    BankEntry,
    BankFile,
    BankStatement,
    ExpectedPayment,
    Payment,
    Payout,
    Refund,
)
from apps.payments.operations.files import store_file
from apps.payments.operations.received import (
    Incoming,
    hold,
    record_payment,
    record_refund,
)
from apps.payments.operations.refunding import note_booked
from apps.payments.operations.sending import note_paid_out, note_payout_failed
from apps.payments.queries.bank import candidates, noted_by_hand, returnable
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company

STATE = BankEntry.State
# Texts of BadStatement, for translation.
PROBLEMS = {
    "The file is larger than 10 MB.": gettext_lazy("The file is larger than 10 MB."),
    "The file holds no account statement (camt.053).": gettext_lazy(
        "The file holds no account statement (camt.053)."
    ),
    "The file holds more than 20,000 entries.": gettext_lazy(
        "The file holds more than 20,000 entries."
    ),
    "The file is not well-formed XML.": gettext_lazy("The file is not well-formed XML."),
    "The file has a document type; bank statements have none.": gettext_lazy(
        "The file has a document type; bank statements have none."
    ),
    "An amount or its direction is missing.": gettext_lazy(
        "An amount or its direction is missing."
    ),
    "A currency is unknown.": gettext_lazy("A currency is unknown."),
    "An amount is no number.": gettext_lazy("An amount is no number."),
    "An amount is out of bounds.": gettext_lazy("An amount is out of bounds."),
    "An entry has no booking day.": gettext_lazy("An entry has no booking day."),
}


@dataclass(frozen=True, slots=True)
class Imported:
    """How many entries were new, known before, and assigned by themselves."""

    new: int
    known: int
    matched: int


@transaction.atomic
def import_bank_statement(*, content: bytes, now: datetime, actor: Any) -> Imported:
    """Read a camt.053 file. The same file, or another that tells of the same bookings, adds nothing
    twice. Raises ValidationError naming place and reason; nothing is kept then."""
    statements = _read(content)
    count = sum(len(one.entries) for one in statements)
    file = store_file(
        kind=BankFile.Kind.STATEMENT, content=content, entry_count=count, now=now,
        total_minor=sum(entry.amount_minor for one in statements for entry in one.entries),
        currency=statements[0].currency,
    )  # fmt: skip
    new = [row for one in statements for row in _keep(one, file, now)]
    matched = _match_all(new, now)
    record(
        action="payments.statement_imported", subject=file.public_id, now=now, actor=actor,
        details={"entries": count, "new": len(new), "matched": matched},
    )  # fmt: skip
    return Imported(len(new), count - len(new), matched)


def _read(content: bytes) -> tuple[Statement, ...]:
    try:
        statements = read_statements(content)
    except BadStatement as error:
        told = str(PROBLEMS.get(str(error), error))
        raise ValidationError(f"{error.place}: {told}" if error.place else told) from None
    for one in statements:
        if not one.adds_up:
            raise ValidationError(
                _("Statement %(id)s: opening balance and entries do not give the closing balance.")
                % {"id": one.identity}
            )
        if not one.currency:
            raise ValidationError(_("Statement %(id)s has no entries.") % {"id": one.identity})
    return statements


def _keep(statement: Statement, file: BankFile, now: datetime) -> list[BankEntry]:
    own = current_company()
    row, _made = BankStatement.objects.get_or_create(
        author=own, file=file, statement_id=statement.identity, iban=statement.iban,
        defaults={
            "parties": [own.pk], "currency": statement.currency,
            "opening_minor": statement.opening_minor, "closing_minor": statement.closing_minor,
            "entry_count": len(statement.entries), "imported_at": now,
        },
    )  # fmt: skip
    references = [f"{statement.iban}:{entry.reference}" for entry in statement.entries]
    known = set(
        BankEntry.objects.written_by(own).filter(entry_ref__in=references)
        .values_list("entry_ref", flat=True)
    )  # fmt: skip
    made = [
        _entry(entry, reference, row)
        for entry, reference in zip(statement.entries, references, strict=True)
        if reference not in known
    ]
    insert_all(BankEntry, made)
    return made


def _entry(entry: Entry, reference: str, statement: BankStatement) -> BankEntry:
    return BankEntry(
        author_id=statement.author_id, parties=statement.parties, statement=statement,
        entry_ref=reference[:120], booked_on=entry.booked_on, amount_minor=entry.amount_minor,
        currency=entry.currency, other_name=entry.other_name, other_iban=entry.other_iban,
        text=entry.text, end_to_end_id=entry.end_to_end_id, is_return=entry.is_return,
    )  # fmt: skip


# --- by reference and amount ----------------------------------------------------------------------


def _match_all(entries: Sequence[BankEntry], now: datetime) -> int:
    open_ones = candidates()
    matched = 0
    for entry in entries:
        if _by_identity(entry, now) or _by_document(entry, open_ones, now):
            matched += 1
    return matched


def _by_identity(entry: BankEntry, now: datetime) -> bool:
    """Our own collections and payouts carry an identity that comes back."""
    if not entry.end_to_end_id:
        return False
    identity = from_file(entry.end_to_end_id)
    payout = Payout.objects.written_by(entry.author_id).filter(
        provider_ref=identity, amount_minor=abs(entry.amount_minor),
        currency=entry.currency,
    ).first()  # fmt: skip
    if payout is not None and (entry.amount_minor < 0 or entry.is_return):
        if entry.amount_minor < 0 and payout.state == Payout.State.FAILED:
            # It was said not to have arrived, or came back: a person looks before it is paid anew.
            return False
        note = note_paid_out if entry.amount_minor < 0 else note_payout_failed
        note(payout=payout, provider_ref="", now=now)
        return _matched(entry, now, payout=payout)
    if entry.amount_minor < 0 and not entry.is_return:
        given_back = note_booked(identity=identity, amount_minor=-entry.amount_minor, now=now)
        if given_back is not None:
            return _matched(entry, now, payment=given_back)
    payment = Payment.objects.written_by(entry.author_id).filter(
        provider_ref=identity, currency=entry.currency
    ).first()  # fmt: skip
    return payment is not None and _of_collection(entry, payment, now)


def _of_collection(
    entry: BankEntry, payment: Payment, now: datetime, decided_by: str = ""
) -> bool:  # fmt: skip
    """Collected as it was asked, or given back by the debtor's bank."""
    if entry.amount_minor == payment.amount_minor:
        incoming = _of(payment)
        record_payment(payment=incoming, state=Payment.State.SUCCEEDED, now=now)
        return _matched(entry, now, payment=payment, decided_by=decided_by)
    whole = -entry.amount_minor - payment.amount_minor
    if whole != 0 and not (entry.is_return and whole > 0):
        return False
    return _given_back(entry, payment, now, decided_by)


def _given_back(entry: BankEntry, payment: Payment, now: datetime, decided_by: str) -> bool:
    """What the payment has left; what the bank took beyond is noted on the entry.

    The bank takes the whole debit and its fee, also where a part was refunded before. False where
    nothing is left: that is for a person.
    """
    hold(payment.provider_ref)
    payment.refresh_from_db()
    left = payment.amount_minor - payment.refunded_minor
    if not left:
        return False
    if payment.settled_at is None:
        failed = Payment.State.FAILED
        record_payment(payment=_of(payment), state=failed, now=now, failure=entry.text)
    else:
        record_refund(
            payment=payment, provider_ref=f"bank:{entry.entry_ref}"[:120], now=now,
            amount_minor=left, kind=Refund.Kind.RETURN, reason=entry.text,
        )  # fmt: skip
    entry.rest_minor = -entry.amount_minor - left
    return _matched(entry, now, payment=payment, decided_by=decided_by)


def _of(payment: Payment) -> Incoming:
    return Incoming(
        provider_ref=payment.provider_ref, amount_minor=payment.amount_minor,
        currency=payment.currency, method=payment.method,
    )  # fmt: skip


def _by_document(entry: BankEntry, open_ones: list[Candidate], now: datetime) -> bool:
    """Money in that names exactly one open document, or noted payment, of this amount."""
    if entry.amount_minor <= 0 or entry.is_return:
        return False
    told = f"{entry.text} {entry.end_to_end_id}"
    found = match(told, entry.amount_minor, entry.currency, open_ones)
    if found is None:
        return False
    open_ones.remove(found)
    if not found.noted:
        _receive(entry, found.reference, now)
        return True
    return _matched(entry, now, payment=noted_by_hand().get(pk=decode(Payment.prefix, found.noted)))


def _receive(entry: BankEntry, reference: str, now: datetime, decided_by: str = "") -> Payment:
    """The entry is a payment for this document; what was expected is no longer open."""
    expected = ExpectedPayment.objects.written_by(entry.author_id).filter(
        reference=reference
    ).first()  # fmt: skip
    incoming = Incoming(
        provider_ref=f"bank:{entry.entry_ref}"[:120], amount_minor=entry.amount_minor,
        currency=entry.currency, method=Payment.Method.BANK_TRANSFER, reference=reference,
        title=expected.label if expected else "", payer_id=expected.payer_id if expected else None,
        payer_name=entry.other_name or (expected.payer_name if expected else ""),
    )  # fmt: skip
    payment = record_payment(payment=incoming, state=Payment.State.SUCCEEDED, now=now)
    if expected is not None and expected.is_open:
        expected.amount_minor -= min(entry.amount_minor, expected.amount_minor)
        expected.is_open = expected.amount_minor > 0
        expected.save(update_fields=["amount_minor", "is_open"])
    _matched(entry, now, payment=payment, decided_by=decided_by)
    return payment


def _matched(
    entry: BankEntry, now: datetime, *, payment: Payment | None = None,
    payout: Payout | None = None, decided_by: str = "",
) -> bool:  # fmt: skip
    entry.state, entry.payment, entry.payout = STATE.MATCHED, payment, payout
    entry.decided_at, entry.decided_by = now, decided_by[:200]
    BankEntry.objects.filter(pk=entry.pk).update(
        state=entry.state, payment=payment, payout=payout, decided_at=now,
        decided_by=entry.decided_by, rest_minor=entry.rest_minor,
    )  # fmt: skip
    return True


# --- by a person ----------------------------------------------------------------------------------


def _locked(entry: BankEntry) -> BankEntry:
    rows = BankEntry.objects.written_by(current_company()).select_for_update(of=("self",))
    found: BankEntry = rows.get(pk=entry.pk)
    return found


@transaction.atomic
def match_entry(*, entry: BankEntry, reference: str, now: datetime, actor: Any) -> Payment:
    """A person says which document money is for, or which payment noted by hand it is (its public
    id): then nothing is received anew. Of a return: which payment came back. Twice is once.

    Raises ValidationError for other money that went out, an entry that is decided otherwise, a
    document that is not expected, or a noted payment of another amount or booked already.
    """
    row = _locked(entry)
    if row.state == STATE.MATCHED and row.payment is not None:
        if reference in (row.payment.reference, row.payment.public_id):
            return row.payment
        raise ValidationError(_("This entry is assigned already."))
    if row.state != STATE.UNMATCHED:
        raise ValidationError(_("This entry is decided already."))
    if row.amount_minor < 0:
        return _take_back(row, reference, now, actor)
    noted = _noted(row, reference)
    if noted is not None:
        _matched(row, now, payment=noted, decided_by=str(actor))
        record(action="payments.entry_joined", subject=row.public_id, now=now, actor=actor)
        return noted
    expected = ExpectedPayment.objects.written_by(row.author_id).filter(reference=reference)
    if not expected.filter(currency=row.currency).exists():
        raise ValidationError(_("Choose one of your documents in the same currency."))
    payment = _receive(row, reference, now, str(actor))
    record(action="payments.entry_matched", subject=row.public_id, now=now, actor=actor)
    return payment


def _take_back(entry: BankEntry, choice: str, now: datetime, actor: Any) -> Payment:
    if not entry.is_return:
        raise ValidationError(_("Money that went out is not a payment to you. Set it aside."))
    try:
        found = returnable(entry).filter(pk=decode(Payment.prefix, choice)).first()
    except BadId:
        found = None
    if found is None or not _given_back(entry, found, now, str(actor)):
        raise ValidationError(_("Choose a payment of at most this amount that did not come back."))
    record(action="payments.entry_returned", subject=entry.public_id, now=now, actor=actor)
    return found


def _noted(entry: BankEntry, choice: str) -> Payment | None:
    """The payment noted by hand; None for a document. Raises ValidationError where it does not fit."""
    try:
        key = decode(Payment.prefix, choice)
    except BadId:
        return None
    rows = Payment.objects.written_by(entry.author_id).select_for_update(of=("self",))
    found: Payment | None = rows.filter(pk=key, method=Payment.Method.NOTED).first()
    if found is None or found.bank_entries.exists() or found.state != Payment.State.SUCCEEDED:
        raise ValidationError(_("This noted payment is gone or booked already."))
    if (found.amount_minor, found.currency) != (entry.amount_minor, entry.currency):
        raise ValidationError(
            _("The noted payment has another amount. Take it back first, then assign the entry.")
        )
    return found


@transaction.atomic
def set_entry_aside(*, entry: BankEntry, now: datetime, actor: Any) -> BankEntry:
    """The entry is no customer's payment (a fee, wages, a payment noted elsewhere). Twice is once."""
    row = _locked(entry)
    if row.state == STATE.MATCHED:
        raise ValidationError(_("This entry is assigned already."))
    if row.state == STATE.UNMATCHED:
        row.state, row.decided_at, row.decided_by = STATE.IGNORED, now, str(actor)[:200]
        row.save(update_fields=["state", "decided_at", "decided_by"])
        record(action="payments.entry_set_aside", subject=row.public_id, now=now, actor=actor)
    return row
