"""What the payments app reports is allocated, and what is owed is told to it."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from apps.billing.models import Receivable
from apps.billing.operations.receivables.allocating import Incoming, allocate_payment
from apps.billing.operations.receivables.returning import take_payment_back
from apps.common.period import local_date
from apps.payments.models import Payment, Refund
from apps.payments.operations import Expected, expect_payments
from apps.tenancy.context import current_company


@transaction.atomic
def allocate_received(*, payment_ids: Iterable[UUID], now: datetime) -> int:
    """Settled payments to the current company, each once. Returns how much in minor units."""
    own = Payment.objects.written_by(current_company())
    settled = own.filter(id__in=list(payment_ids), settled_at__isnull=False).order_by("id")
    return sum(allocate_payment(payment=_incoming(row), now=now).applied_minor for row in settled)


def _incoming(row: Payment) -> Incoming:
    return Incoming(
        row.pk, row.reference, row.amount_minor, row.currency, row.payer_id, _received_on(row)
    )


def _received_on(row: Payment) -> date:
    """The day it counts: that of a direct debit, else the day it settled in the company's zone."""
    assert row.settled_at is not None
    return row.collected_on or local_date(row.settled_at, current_company().time_zone)


@transaction.atomic
def return_refunded(*, refund_ids: Iterable[UUID], now: datetime) -> int:
    """Money of settled payments that went back: by refund, or returned by the bank; each once.

    Returns what is open again, in minor units. A refund that is heard of first allocates its
    payment before.
    """
    own = Refund.objects.written_by(current_company()).select_related("payment")
    back = 0
    for refund in own.filter(id__in=list(refund_ids)).order_by("id"):
        allocate_received(payment_ids=[refund.payment_id], now=now)
        back += take_payment_back(
            payment_id=refund.payment_id, cause_id=refund.pk, amount_minor=refund.amount_minor,
            now=now, is_return=refund.kind != Refund.Kind.REFUND,
        )  # fmt: skip
    return back


@transaction.atomic
def expect_receivables(*, document_ids: Iterable[UUID]) -> int:
    """Tell the payments app what is open on own documents, so that bank entries find them."""
    rows = Receivable.objects.written_by(current_company()).select_related("invoice", "reminder")
    found = rows.filter(id__in=list(document_ids)).order_by("id")
    return expect_payments(items=[_expected(row) for row in found])


def _expected(row: Receivable) -> Expected:
    paper = row.paper
    return Expected(
        reference=paper.public_id, label=paper.number or "", payer_id=row.customer_id,
        payer_name=row.invoice.facts["recipient"]["name"], amount_minor=row.open_minor,
        currency=row.currency, due_on=row.due_on, disputed_minor=row.disputed_minor,
    )  # fmt: skip
