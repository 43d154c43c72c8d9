"""Bank entries and what they may be."""

from django.db.models import QuerySet

from apps.payments.domain.matching import Candidate
from apps.payments.models import BankEntry, ExpectedPayment
from apps.tenancy.context import current_company

# More open documents than this are searched by reference alone on the page.
MOST = 50_000


def candidates() -> list[Candidate]:
    """What the current company still expects."""
    rows = ExpectedPayment.objects.written_by(current_company()).filter(is_open=True)
    fields = ("reference", "label", "amount_minor", "currency", "payer_name")
    return [Candidate(*row) for row in rows.order_by("due_on", "id").values_list(*fields)[:MOST]]


def own_entries() -> QuerySet[BankEntry]:
    rows: QuerySet[BankEntry] = BankEntry.objects.written_by(current_company())
    return rows


def unmatched_count() -> int:
    return own_entries().filter(state=BankEntry.State.UNMATCHED).count()
