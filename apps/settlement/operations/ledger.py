"""Posting: transfers in bulk, and the balances they move in the same transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from apps.common.fields import uuid7
from apps.settlement.domain.ledger import SHARED, Entry, Purpose
from apps.settlement.models import Account, Transfer
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company

MOVE = """
update public.settlement_account account set balance_minor = balance_minor + moved.minor
from unnest(%s::uuid[], %s::bigint[]) as moved(id, minor) where account.id = moved.id
"""


class Pair(NamedTuple):
    """A partner of the current company and a currency; its name as it is written down."""

    partner: int
    currency: str


class Posting(NamedTuple):
    """One entry between two purposes of a pair, for a reason."""

    pair: Pair
    entry: Entry
    cause: str
    cause_id: UUID


class TransferRow(NamedTuple):
    id: UUID
    author_id: int
    parties: list[int]
    debit_id: UUID
    credit_id: UUID
    amount_minor: int
    currency: str
    cause: str
    cause_id: UUID
    at: datetime


Books = dict[tuple[Pair, Purpose], Account]


def locked_books(
    pairs: Iterable[Pair], names: dict[int, str], purposes: Sequence[Purpose] = SHARED
) -> Books:
    """The accounts of these pairs, made where they lack, locked in the order of their keys."""
    own = current_company()
    wanted = sorted(set(pairs))
    known = set(_accounts(wanted).values_list("partner", "currency", "purpose"))
    missing = [
        Account(
            author=own, parties=sorted([own.pk, pair.partner]), partner_id=pair.partner,
            partner_name=names[pair.partner], owner_name=own.name, purpose=purpose,
            currency=pair.currency,
        )
        for pair in wanted
        for purpose in purposes
        if (pair.partner, pair.currency, purpose.value) not in known
    ]  # fmt: skip
    Account.objects.bulk_create(missing, ignore_conflicts=True)
    rows = _accounts(wanted).select_for_update(of=("self",)).order_by("id")
    return {(Pair(row.partner_id, row.currency), Purpose(row.purpose)): row for row in rows}


def _accounts(pairs: Sequence[Pair]):  # type: ignore[no-untyped-def]
    rows = Account.objects.written_by(current_company())
    return rows.filter(
        partner__in={pair.partner for pair in pairs}, currency__in={pair.currency for pair in pairs}
    )


def post(*, books: Books, postings: Sequence[Posting], now: datetime) -> int:
    """Write the transfers and move the balances of locked accounts. Returns how many."""
    rows = [_row(books, posting, now) for posting in postings]
    insert_all(Transfer, rows)
    moved: dict[UUID, int] = {}
    for row in rows:
        moved[row.debit_id] = moved.get(row.debit_id, 0) - row.amount_minor
        moved[row.credit_id] = moved.get(row.credit_id, 0) + row.amount_minor
    changed = {key: minor for key, minor in moved.items() if minor}
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [list(changed), list(changed.values())])
        if cursor.rowcount != len(changed):
            raise RuntimeError(f"{len(changed)} accounts to move, {cursor.rowcount} moved")
    for account in books.values():
        account.balance_minor += changed.get(account.id, 0)
    return len(rows)


def _row(books: Books, posting: Posting, now: datetime) -> TransferRow:
    debit = books[posting.pair, posting.entry.debit]
    credit = books[posting.pair, posting.entry.credit]
    return TransferRow(
        uuid7(), debit.author_id, debit.parties, debit.id, credit.id, posting.entry.amount,
        posting.pair.currency, posting.cause, posting.cause_id, now,
    )  # fmt: skip
