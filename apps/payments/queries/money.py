"""Payments and batches for pages."""

from django.db.models import Count, QuerySet, Sum

from apps.payments.models import Payment, Payout, PayoutBatch
from apps.tenancy.context import current_company


def visible_payments() -> QuerySet[Payment]:
    """Received by the current company, and made by it to partners that noted them."""
    rows: QuerySet[Payment] = Payment.objects.select_related("author")
    return rows


def own_batches() -> QuerySet[PayoutBatch]:
    """With `payout_count` and `total_minor`."""
    rows: QuerySet[PayoutBatch] = PayoutBatch.objects.written_by(current_company())
    return rows.annotate(payout_count=Count("payouts"), total_minor=Sum("payouts__amount_minor"))


def payouts_of(batch: PayoutBatch) -> QuerySet[Payout]:
    rows: QuerySet[Payout] = Payout.objects.filter(batch=batch)
    return rows.order_by("payee_name", "id")
