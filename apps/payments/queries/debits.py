"""What may be collected by direct debit, and the runs that do it."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet, Sum

from apps.payments.domain.accounts import in_groups
from apps.payments.models import (
    Debit,
    DebitRun,
    ExpectedPayment,
    Mandate,
    OnlineDebit,
    Payment,
    SavedMandate,
)
from apps.payments.queries.accounts import mandates_held, saved_held
from apps.tenancy.context import current_company

METHOD = DebitRun.Method


@dataclass(frozen=True, slots=True)
class Collectable:
    """An open document in euros whose payer gave a mandate; what is disputed is left out, in cents."""

    reference: str
    label: str
    payer_id: int
    payer_name: str
    amount_minor: int
    due_on: date
    mandate_reference: str
    iban: str
    shown_account: str
    saved_mandate: SavedMandate | None = None


def collectables(
    *, lock: bool = False, beside: DebitRun | None = None, method: str = METHOD.SEPA
) -> list[Collectable]:
    """By due day, without what is under way or stands in a drafted run (`beside` excepted)."""
    own = current_company()
    held = saved_held() if method == METHOD.STRIPE else mandates_held()
    mandates: dict[int, Mandate | SavedMandate] = {row.author_id: row for row in held}
    rows = ExpectedPayment.objects.written_by(own).filter(
        is_open=True, currency="EUR", payer__in=mandates
    )
    rows = rows.select_for_update(of=("self",)) if lock else rows
    open_ones = list(rows.order_by("due_on", "id"))
    # Read after the lock: a run that was drafted while this one waited counts.
    busy = _under_way() | _drafted(beside) | _asked()
    return [
        _collectable(row, mandates[row.payer_id or 0])
        for row in open_ones
        if row.reference not in busy and row.collectable_minor > 0
    ]  # fmt: skip


def _collectable(row: ExpectedPayment, mandate: Mandate | SavedMandate) -> Collectable:
    known = (
        row.reference, row.label, mandate.author_id, row.payer_name, row.collectable_minor,
        row.due_on, mandate.reference,
    )  # fmt: skip
    if isinstance(mandate, SavedMandate):
        return Collectable(*known, "", mandate.shown_account, mandate)
    return Collectable(*known, mandate.iban, in_groups(mandate.iban))


def _asked() -> set[str]:
    """Approved, and the provider has not begun them yet."""
    rows = OnlineDebit.objects.written_by(current_company()).filter(state=OnlineDebit.State.ASKED)
    return set(rows.values_list("reference", flat=True))


def _under_way() -> set[str]:
    rows = Payment.objects.written_by(current_company()).filter(state=Payment.State.PENDING)
    return set(rows.values_list("reference", flat=True))


def _drafted(beside: DebitRun | None) -> set[str]:
    rows = Debit.objects.written_by(current_company()).filter(run__state=DebitRun.State.DRAFTED)
    rows = rows.exclude(run=beside) if beside else rows
    return set(rows.values_list("reference", flat=True))


def paid_besides(run: DebitRun) -> dict[str, Payment]:
    """By reference what pays a document of the run another way: under way, or noted since the draft.

    A payment by the mandate of the debit is its own, perhaps told before we noted it.
    """
    mandates = dict(run.debits.values_list("reference", "mandate_reference"))
    counted = Q(state=Payment.State.PENDING) | Q(
        state=Payment.State.SUCCEEDED, noted_at__gte=run.drafted_at
    )
    rows = Payment.objects.written_by(run.author_id).filter(counted, reference__in=mandates)
    return {
        row.reference: row for row in rows if row.mandate_reference != mandates[row.reference]
    }  # fmt: skip


def own_debit_runs() -> QuerySet[DebitRun]:
    """With `debit_count` and `total_minor`, in cents."""
    rows: QuerySet[DebitRun] = DebitRun.objects.written_by(current_company())
    return rows.annotate(debit_count=Count("debits"), total_minor=Sum("debits__amount_minor"))
