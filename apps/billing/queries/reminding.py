"""Which documents are to be reminded of today, and what would be asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import F

from apps.billing.domain.dunning import (
    Accrual,
    Rate,
    Terms,
    accruals,
    balances_of,
    interest_minor,
    next_level,
    terms_of,
)
from apps.billing.models import Allocation, Receivable, ReferenceRate, Reminder
from apps.common.period import local_date
from apps.tenancy.context import current_company

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DueReminder:
    """A reminder that is due; amounts in minor units of the receivable's currency."""

    receivable: Receivable
    level: int
    terms: Terms
    asked_minor: int
    fee_minor: int
    fees_minor: int
    accruals: Sequence[Accrual]
    # Interest that earlier reminders charged, and what is open of all they charged.
    charged_minor: int = 0
    earlier_minor: int = 0

    @property
    def interest_minor(self) -> int:
        """Of all days, at least what was charged for so far."""
        return max(interest_minor(self.accruals), self.charged_minor)

    @property
    def new_interest_minor(self) -> int:
        return self.interest_minor - self.charged_minor

    @property
    def total_minor(self) -> int:
        return self.asked_minor + self.earlier_minor + self.fee_minor + self.new_interest_minor


def reminders_due(
    today: date, receivables: Iterable[Receivable] | None = None
) -> list[DueReminder]:
    """Of the current company's own documents (or of these), in the order in which they were due.

    A document whose open amount is disputed as a whole is left out; of another only the rest is
    asked for; what is charged for late payment bears no interest itself. Four queries.
    """
    own = current_company()
    rows = list(
        Receivable.objects.written_by(own).of_documents().filter(
            open_minor__gt=F("disputed_minor"), due_on__lt=today
        ).select_related("invoice").order_by("due_on", "id")
        if receivables is None else receivables
    )  # fmt: skip
    keys = [row.id for row in rows]
    reminders, steps, rates = _reminders(keys), _steps(keys, own.time_zone), reference_rates()
    found = [
        _due(row, reminders.get(row.id, []), steps.get(row.id, []), rates, today) for row in rows
    ]
    return [item for item in found if item is not None]


def _due(
    row: Receivable, sent: Sequence[Reminder], steps: Sequence[tuple[date, int]],
    rates: dict[str, list[Rate]], today: date,
) -> DueReminder | None:  # fmt: skip
    facts = row.invoice.facts
    terms = terms_of(facts["issuer"]["country"], facts["terms"].get("dunning") or {})
    last_on = max((item.sent_on for item in sent), default=None)
    level = next_level(terms, row.level, row.due_on, last_on, today)
    asked = row.open_minor - row.disputed_minor
    if level is None or asked <= 0:
        return None
    fee = terms.fee(level, row.currency)
    return DueReminder(
        row, level, terms, asked, fee, fee + sum(item.fee_minor for item in sent),
        late_interest(row, terms, steps, rates, today),
        sum(item.new_interest_minor for item in sent),
        sum(item.charge.open_minor for item in sent if hasattr(item, "charge")),
    )  # fmt: skip


def late_interest(
    row: Receivable, terms: Terms, steps: Sequence[tuple[date, int]],
    rates: dict[str, list[Rate]], until: date,
) -> list[Accrual]:  # fmt: skip
    """From the day after it was due up to the day before `until`, on what is not disputed."""
    if not terms.points:
        return []
    balances = balances_of(row.issued_on, row.gross_minor, steps, row.disputed_minor)
    known = rates.get(terms.statute.series, []) or [Rate(date.min, Decimal(0))]
    start = max(row.due_on + DAY, known[0].valid_from)
    return accruals(balances, known, terms.points, start, until) if start < until else []


def _reminders(keys: Sequence[UUID]) -> dict[UUID, list[Reminder]]:
    found: dict[UUID, list[Reminder]] = {}
    for item in Reminder.objects.filter(receivable__in=keys).select_related("charge"):
        found.setdefault(item.receivable_id, []).append(item)
    return found


def _steps(keys: Sequence[UUID], zone: str) -> dict[UUID, list[tuple[date, int]]]:
    """By document the day each step counts from, and its amount."""
    found: dict[UUID, list[tuple[date, int]]] = {}
    rows = Allocation.objects.filter(receivable__in=keys).order_by("at", "id")
    for step in rows.only("receivable_id", "valued_on", "at", "amount_minor"):
        day = step.valued_on or local_date(step.at, zone)
        found.setdefault(step.receivable_id, []).append((day, step.amount_minor))
    return found


def reference_rates() -> dict[str, list[Rate]]:
    """By series in the order of their days."""
    found: dict[str, list[Rate]] = {}
    for row in ReferenceRate.objects.order_by("series", "valid_from"):
        found.setdefault(row.series, []).append(Rate(row.valid_from, row.percent))
    return found
