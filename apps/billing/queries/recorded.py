"""What the documents of billed periods say so far."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from apps.billing.domain.corrections import in_order_of_issue, key_of, recorded_line
from apps.billing.domain.rating import in_billing_order
from apps.billing.models import Correction, DisputeAnswer, Invoice, InvoiceLine
from apps.metering.models import BilledPeriod, UsageRecord
from apps.pricing.difference import Granted, RecordedLine
from apps.tenancy.context import current_company


@dataclass(slots=True)
class PeriodBooks:
    """One billed period: the lines of its documents, its corrections and its usage records."""

    period: BilledPeriod
    lines: list[InvoiceLine] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    records: list[UsageRecord] = field(default_factory=list)
    granted: list[Granted] = field(default_factory=list)

    @property
    def first_invoice(self) -> Invoice | None:
        """The invoice the period was billed with first, in whatever state; None without lines."""
        return next((line.invoice for line in self.lines if line.generation == 0), None)

    @property
    def open_correction(self) -> Correction | None:
        """The one that is not issued yet."""
        return next(
            (item for item in self.corrections if item.state != Correction.State.ISSUED), None
        )

    @property
    def next_generation(self) -> int:
        issued = [item for item in self.corrections if item.state == Correction.State.ISSUED]
        return 1 + max((item.generation for item in issued), default=0)

    def issued_lines(self, before: int | None = None) -> list[InvoiceLine]:
        """Lines of issued documents in the order of issue; of corrections before that number."""
        lines = [line for line in self.lines if line.invoice.state == Invoice.State.ISSUED]
        return in_order_of_issue(
            line for line in lines if before is None or line.generation < before
        )

    def recorded(self) -> list[RecordedLine]:
        """The issued lines by their keys in the database."""
        return [
            recorded_line(line, str(line.id), str(line.corrects_id or ""))
            for line in self.issued_lines()
        ]

    def newest_records(self) -> list[UsageRecord]:
        """The newest record of each item and collector, in billing order."""
        newest: dict[tuple[UUID, int], UsageRecord] = {}
        for row in self.records:
            key = (row.item_id, row.author_id)
            if key not in newest or newest[key].generation < row.generation:
                newest[key] = row
        return in_billing_order(newest.values())  # type: ignore[return-value]

    def settled_records(self) -> dict[UUID, UsageRecord]:
        """By item the record that stands behind the issued documents."""
        known = {row.id: row for row in self.records}
        used = {
            UUID(key)
            for line in self.lines
            if line.generation == 0
            for key in line.explanation["usage_records"]
        }
        settled = {known[key].item_id: known[key] for key in used if key in known}
        for correction in sorted(self.corrections, key=lambda item: item.generation):
            if correction.state == Correction.State.ISSUED:
                for cause in correction.causes:
                    settled[UUID(cause["item"])] = known[UUID(cause["after"])]
        return settled


def books_of(periods: Iterable[BilledPeriod]) -> dict[UUID, PeriodBooks]:
    """By billed period, of the current company's own documents. Four queries."""
    books = {period.id: PeriodBooks(period) for period in periods}
    own = current_company()
    lines = InvoiceLine.objects.written_by(own).filter(billed_period__in=list(books))
    for line in lines.select_related("invoice").order_by("generation", "position"):
        books[line.billed_period_id].lines.append(line)
    for correction in Correction.objects.written_by(own).filter(billed_period__in=list(books)):
        books[correction.billed_period_id].corrections.append(correction)
    for record in UsageRecord.objects.filter(billed_period__in=list(books)):
        books[record.billed_period_id].records.append(record)
    answers = DisputeAnswer.objects.written_by(own).filter(
        outcome=DisputeAnswer.Outcome.ACCEPTED, dispute__line__billed_period__in=list(books)
    )
    for answer in answers.select_related("dispute__line").order_by("answered_at", "id"):
        line = answer.dispute.line
        books[line.billed_period_id].granted.append(
            Granted(key_of(line), answer.granted_minor, answer.dispute.public_id)
        )
    return books
