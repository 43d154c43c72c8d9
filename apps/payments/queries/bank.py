"""Bank entries and what they may be."""

from django.db.models import QuerySet

from apps.payments.domain.matching import Candidate
from apps.payments.models import BankEntry, ExpectedPayment, Payment
from apps.tenancy.context import current_company

# More open documents than this are searched by reference alone on the page.
MOST = 50_000


def candidates() -> list[Candidate]:
    """What the current company still expects, and what was noted by hand and is not booked yet."""
    rows = ExpectedPayment.objects.written_by(current_company()).filter(is_open=True)
    fields = ("reference", "label", "amount_minor", "currency", "payer_name")
    expected = rows.order_by("due_on", "id").values_list(*fields)[:MOST]
    return [*(Candidate(*row) for row in expected), *map(_noted, noted_by_hand()[:MOST])]


def noted_by_hand() -> QuerySet[Payment]:
    """Own payments a person noted that no bank entry has told of."""
    rows: QuerySet[Payment] = Payment.objects.written_by(current_company())
    return rows.filter(
        method=Payment.Method.NOTED, state=Payment.State.SUCCEEDED, bank_entries=None
    ).order_by("noted_at", "id")


def _noted(row: Payment) -> Candidate:
    return Candidate(
        row.reference, row.title, row.amount_minor, row.currency, row.payer_name, row.public_id
    )


def returnable(entry: BankEntry) -> QuerySet[Payment]:
    """Own payments by bank that a return may be of, the nearest amount first: the bank takes no less
    than the payment. Of a debit through the provider the provider tells.
    """
    rows: QuerySet[Payment] = Payment.objects.written_by(current_company()).filter(
        method__in=[Payment.Method.SEPA_DEBIT, Payment.Method.BANK_TRANSFER],
        state__in=[Payment.State.PENDING, Payment.State.SUCCEEDED],
        currency=entry.currency, amount_minor__lte=-entry.amount_minor,
    )  # fmt: skip
    return rows.exclude(provider_ref__startswith="pi_").order_by("-amount_minor", "-noted_at", "id")


def own_entries() -> QuerySet[BankEntry]:
    rows: QuerySet[BankEntry] = BankEntry.objects.written_by(current_company())
    return rows


def unmatched_count() -> int:
    return own_entries().filter(state=BankEntry.State.UNMATCHED).count()
