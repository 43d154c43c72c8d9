"""What of money that goes out waits for a second person, in one statement."""

from typing import Any

from apps.tenancy.queries import one_row

_SQL = """
select
    (select count(*) from (
        select from payments_payoutbatch where author_id = %(own)s and state = 'drafted'
        and drafted_by_id <> %(person)s limit %(most)s
    ) found) payouts,
    (select count(*) from (
        select from payments_payoutloss where author_id = %(own)s and state = 'asked'
        and asked_by_id <> %(person)s limit %(most)s
    ) found) losses,
    (select count(*) from (
        select from payments_debitrun where author_id = %(own)s and state = 'drafted'
        and drafted_by_id <> %(person)s limit %(most)s
    ) found) debits,
    (select count(*) from (
        select from payments_refundrequest where author_id = %(own)s and state = 'asked'
        and asked_by_id <> %(person)s limit %(most)s
    ) found) refunds
"""


def approval_counts(person: int, most: int) -> dict[str, Any]:
    """Of the current company, what this person may approve since somebody else asked for it;
    nothing is counted beyond `most`. Keys: `payouts`, `losses`, `debits`, `refunds`."""
    return one_row(_SQL, person=person, most=most)
