"""Payments and batches for pages."""

from typing import Any

from django.db.models import Count, QuerySet, Sum

from apps.payments.models import (
    OnlineDebit,
    Payment,
    Payout,
    PayoutBatch,
    PayoutLoss,
    Refund,
)
from apps.payments.models.payouts import Way
from apps.payments.queries.accounts import main_accounts, stripe_accounts
from apps.tenancy.context import current_company


def visible_payments() -> QuerySet[Payment]:
    """Received by the current company, and made by it to partners that noted them."""
    rows: QuerySet[Payment] = Payment.objects.select_related("author")
    return rows


# The reference of money that is here again is that of the refund which failed, and this.
FAILED = ":failed"


def origin_of(payment: Payment) -> Payment:
    """The payment that the money first came by, where it is here again after failed refunds."""
    while payment.provider_ref.endswith(FAILED):
        refunds = Refund.objects.written_by(payment.author_id).select_related("payment")
        refund = refunds.filter(provider_ref=payment.provider_ref.removesuffix(FAILED)).first()
        if refund is None:
            break
        payment = refund.payment
    return payment


def is_under_way(payee: Any, reference: str) -> bool:
    """Whether a payment for the document waits for the bank, or a direct debit is being asked for."""
    known = {"author": payee, "reference": reference}
    rows = Payment.objects.filter(**known, state=Payment.State.PENDING)
    asked = OnlineDebit.objects.filter(**known, state=OnlineDebit.State.ASKED)
    return bool(reference) and (rows.exists() or asked.exists())


def own_batches() -> QuerySet[PayoutBatch]:
    """With `payout_count` and `total_minor`."""
    rows: QuerySet[PayoutBatch] = PayoutBatch.objects.written_by(current_company())
    return rows.annotate(payout_count=Count("payouts"), total_minor=Sum("payouts__amount_minor"))


def sent_of(batch: PayoutBatch) -> QuerySet[Payout]:
    """What its bank file told the bank to pay and no statement has booked yet."""
    rows: QuerySet[Payout] = Payout.objects.filter(
        batch=batch, method=Way.SEPA, state=Payout.State.SENT
    )  # fmt: skip
    return rows.order_by("payee_name", "id")


def losses_of(batch: PayoutBatch) -> QuerySet[PayoutLoss]:
    """What people said did not arrive, the latest first."""
    rows: QuerySet[PayoutLoss] = PayoutLoss.objects.filter(payout__batch=batch)
    return rows.select_related("payout")


def payouts_of(batch: PayoutBatch) -> list[Payout]:
    """By payee. One that waits carries the account it would go to now, so that the second person
    sees it before approving; it is not saved. Two queries at most.
    """
    rows = list(Payout.objects.filter(batch=batch).order_by("payee_name", "id"))
    waiting = [row for row in rows if row.state == Payout.State.DRAFTED]
    if waiting and batch.method == Way.SEPA:
        accounts = main_accounts(row.payee_id for row in waiting)
        for row in waiting:
            account = accounts.get(row.payee_id)
            if account is not None:
                row.holder_name, row.iban = account.holder_name, account.iban
    elif waiting:
        connected = stripe_accounts(row.payee_id for row in waiting)
        for row in waiting:
            row.account_id = connected.get(row.payee_id, "")
    return rows
