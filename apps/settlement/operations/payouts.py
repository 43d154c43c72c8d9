"""Payouts: what is payable is set aside in the ledger and handed to `payments`, whose two people pay it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.common.ids import decode
from apps.payments.models import Payout, PayoutBatch
from apps.payments.operations.payouts import PayoutItem, draft_payouts
from apps.settlement.domain.ledger import Entry, Purpose, paid_out, returned
from apps.settlement.models import Account, PayoutRequest, Transfer
from apps.settlement.operations.ledger import Pair, Posting, locked_books, post
from apps.settlement.queries.paid_documents import documents_to_pay, in_one_line
from apps.settlement.queries.payables import payable_now
from apps.tenancy.context import current_company

STATE = PayoutRequest.State


@transaction.atomic
def draft_payable(
    *, method: str, currency: str, now: datetime, drafted_by: Any
) -> PayoutBatch | None:
    """A batch of everything that can be paid in the currency now; None when nothing can.

    What `queries.payables` holds is left out: so one partner's new account never stops the others.

    Clicked twice it is one: what is set aside is not payable any more. Raises ValidationError of
    `payments`, and then nothing is set aside.
    """
    own = current_company()
    wanted = Account.objects.written_by(own).filter(
        purpose=Purpose.PAYABLE, currency=currency, balance_minor__gt=0
    )
    names = dict(wanted.values_list("partner", "partner_name"))
    books = locked_books({Pair(partner, currency) for partner in names}, names)
    accounts = [
        account for (_pair, purpose), account in sorted(books.items(), key=lambda item: item[1].id)
        if purpose == Purpose.PAYABLE
    ]  # fmt: skip
    sums = payable_now(accounts, currency, method, now)
    payable = [account for account in accounts if account.partner_id in sums]
    requests = [_request(row, sums[row.partner_id], now) for row in payable]
    documents = documents_to_pay(sums, currency)
    PayoutRequest.objects.bulk_create(requests)
    postings = [
        Posting(
            Pair(request.partner_id, currency),
            paid_out(request.amount_minor, account.balance_minor), Transfer.Cause.PAYOUT,
            request.id,
        )
        for request, account in zip(requests, payable, strict=True)
    ]  # fmt: skip
    post(books=books, postings=postings, now=now)
    if not requests:
        return None
    items = [_item(request, documents[request.partner_id]) for request in requests]
    return draft_payouts(
        items=items, method=method, currency=currency, now=now, drafted_by=drafted_by
    )


def _request(account: Account, amount_minor: int, now: datetime) -> PayoutRequest:
    return PayoutRequest(
        author_id=account.author_id, parties=account.parties, partner_id=account.partner_id,
        partner_name=account.partner_name, owner_name=account.owner_name,
        amount_minor=amount_minor, currency=account.currency, requested_at=now,
        moved_at=now,
    )  # fmt: skip


def _item(request: PayoutRequest, documents: list[str]) -> PayoutItem:
    """Named by what it pays, so that the payee's bank statement says so too."""
    return PayoutItem(
        payee=request.partner, reference=request.public_id,
        title=in_one_line(documents) or _("Shares of %(name)s") % {"name": request.owner_name},
        amount_minor=request.amount_minor,
    )  # fmt: skip


@transaction.atomic
def note_payouts(*, payout_ids: Iterable[UUID], arrived: bool, now: datetime) -> int:
    """Follow what became of payouts: arrived, or returned and payable again. Twice is once.

    Payouts for other references are left alone. Returns how many moved.
    """
    requests = _requests_of(payout_ids, [STATE.REQUESTED] if arrived else
                            [STATE.REQUESTED, STATE.PAID])  # fmt: skip
    names = {request.partner_id: request.partner_name for request in requests}
    books = locked_books({_pair_of(request) for request in requests}, names)
    for request in requests:
        _move(books, request, arrived, now)
    PayoutRequest.objects.bulk_update(requests, ["state", "moved_at"])
    return len(requests)


def _requests_of(payout_ids: Iterable[UUID], states: Sequence[str]) -> list[PayoutRequest]:
    payouts = Payout.objects.written_by(current_company()).filter(id__in=list(payout_ids))
    prefix = f"{PayoutRequest.prefix}_"
    keys = [
        decode(PayoutRequest.prefix, reference)
        for reference in payouts.values_list("reference", flat=True)
        if reference.startswith(prefix)
    ]
    rows = PayoutRequest.objects.written_by(current_company()).filter(id__in=keys, state__in=states)
    return list(rows.select_for_update(of=("self",)).order_by("id"))


def _pair_of(request: PayoutRequest) -> Pair:
    return Pair(request.partner_id, request.currency)


def _move(books: Any, request: PayoutRequest, arrived: bool, now: datetime) -> None:
    pair, was_paid = _pair_of(request), request.state == STATE.PAID
    if arrived:
        cause = Transfer.Cause.PAID_OUT
        entries = [Entry(Purpose.IN_PAYOUT, Purpose.PAID, request.amount_minor)]
        request.state = STATE.PAID
    else:
        cause = Transfer.Cause.PAYOUT_FAILED
        due_back = books[pair, Purpose.DUE_BACK].balance_minor
        entries = returned(request.amount_minor, due_back, was_paid)
        request.state = STATE.RETURNED
    request.moved_at = now
    postings = [Posting(pair, entry, cause, request.id) for entry in entries]
    post(books=books, postings=postings, now=now)
