"""How many invoices wait for what, and the latest ones, at a cost many invoices hardly raise."""

from datetime import date, timedelta
from typing import Any

from django.db.models.expressions import RawSQL

from apps.billing.models import Invoice
from apps.tenancy.context import current_company
from apps.tenancy.queries import one_row

_COUNTS = """
select
    (select count(*) from (
        select from billing_invoice where author_id = %(own)s and state = 'draft' limit %(most)s
    ) found) invoice_drafts,
    (select count(*) from (
        select from billing_invoice where author_id = %(own)s and state = 'approved' limit %(most)s
    ) found) invoices_approved,
    exists(select from billing_invoice where author_id = %(own)s and state = 'issued')
    or exists(select from billing_invoice where customer_id = %(own)s and state = 'issued') invoices,
    (select count(*) from (
        select from billing_runitem where state = 'parked' and run_id = (
            select id from billing_billingrun where author_id = %(own)s and not dry
            order by started_at desc limit 1
        )
        limit %(most)s
    ) found) parked,
    (select count(*) from (
        select from billing_receivable where customer_id = %(own)s and open_minor > disputed_minor
        and open_minor > 0 and due_on < %(today)s limit %(most)s
    ) found) bills_overdue,
    (select count(*) from (
        select from billing_receivable where customer_id = %(own)s and open_minor > disputed_minor
        and open_minor > 0 and due_on between %(today)s and %(soon)s limit %(most)s
    ) found) bills_due,
    (select count(*) from (
        select from billing_receivable where author_id = %(own)s and open_minor > disputed_minor
        and open_minor > 0 and due_on < %(today)s limit %(most)s
    ) found) overdue,
    (select count(*) from (
        select from billing_linedispute dispute
        where dispute.issuer_id = %(own)s and dispute.state = 'open'
        and not exists (select from billing_disputeanswer answer
            where answer.dispute_id = dispute.id)
        limit %(most)s
    ) found) disputes,
    (select count(*) from (
        select from billing_incomingdocument where author_id = %(own)s and state = 'received'
        limit %(most)s
    ) found) received
"""
# How many days before its last day a bill is named.
DUE_SOON = 7
_HEALTH = """
select
    (select count(*) from billing_receivable
     where author_id = %(own)s and open_minor > 0) open_invoices,
    (select count(*) from billing_receivable
     where author_id = %(own)s and open_minor > 0 and due_on < %(today)s) overdue_invoices,
    (select count(*) from billing_runitem where state = 'parked' and run_id = (
        select id from billing_billingrun where author_id = %(own)s and not dry
        order by started_at desc limit 1
    )) parked
"""
# Each side by an index of its own: together they would be sorted anew at each visit.
_LATEST = """
select id from (
    (select id, drafted_at from billing_invoice where author_id = %s
     order by drafted_at desc, id desc limit %s)
    union all
    (select id, drafted_at from billing_invoice where customer_id = %s and state = 'issued'
     order by drafted_at desc, id desc limit %s)
) found order by drafted_at desc, id desc limit %s
"""
_SHOWN = ("kind", "number", "state", "period_start", "time_zone", "gross_minor", "currency",
          "author__name", "customer__name")  # fmt: skip


def invoice_counts(today: date, most: int) -> dict[str, Any]:
    """Of the current company; nothing is counted beyond `most`.

    `invoices`: whether any is issued on either side; `parked`: contracts that the latest real run
    of the company had to put aside; `bills_due` (within DUE_SOON days) and `bills_overdue`: what it
    owes, `overdue`: what it is owed, each beyond what is disputed; `disputes`: of its lines, without
    an answer; `received`: e-invoices from outside it has not decided on.
    """
    soon = today + timedelta(days=DUE_SOON)
    return one_row(_COUNTS, today=today, soon=soon, most=most)


def billing_health(*, today: date) -> dict[str, int]:
    """`open_invoices` and `overdue_invoices` (what is owed to the current company, charges for late
    payment included) and `parked` (contracts its latest real run put aside). Figures only."""
    return one_row(_HEALTH, today=today)


def latest_invoices(most: int) -> list[Invoice]:
    """The newest the company wrote or received, with both names. One query."""
    own = current_company().pk
    keys = RawSQL(_LATEST, [own, most, own, most, most])  # noqa: S611 (no part of it is given)
    rows = Invoice.objects.select_related("author", "customer").only(*_SHOWN).filter(id__in=keys)
    return list(rows.order_by("-drafted_at", "-id"))
