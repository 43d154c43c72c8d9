"""What this app publishes besides `billing.issued`. Payloads carry keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ReceivableMoved:
    """Paid, part paid, credited, written off or taken back; for the issuer.

    A receivable has the key of its document.
    """

    receivables: Sequence[UUID]
    name: ClassVar[str] = "billing.receivable_moved"

    @property
    def payload(self) -> dict[str, Any]:
        return {"receivables": [str(key) for key in self.receivables]}


@dataclass(frozen=True, slots=True)
class IncomingAccepted:
    """A received document is accepted; for its receiver."""

    documents: Sequence[UUID]
    name: ClassVar[str] = "billing.incoming_accepted"

    @property
    def payload(self) -> dict[str, Any]:
        return {"documents": [str(key) for key in self.documents]}


@dataclass(frozen=True, slots=True)
class LinesDisputed:
    """A customer disputes lines; for both."""

    lines: Sequence[UUID]
    documents: Sequence[UUID]
    name: ClassVar[str] = "billing.disputed"

    @property
    def payload(self) -> dict[str, Any]:
        return {
            "lines": [str(key) for key in self.lines],
            "documents": [str(key) for key in self.documents],
        }


@dataclass(frozen=True, slots=True)
class RemindersSent:
    """What is overdue was asked for; for a customer."""

    reminders: Sequence[UUID]
    name: ClassVar[str] = "billing.reminded"

    @property
    def payload(self) -> dict[str, Any]:
        return {"reminders": [str(key) for key in self.reminders]}


@dataclass(frozen=True, slots=True)
class CorrectionsFound:
    """Billed periods have to be corrected, or cannot be and are put aside; for the issuer."""

    corrections: Sequence[UUID]
    name: ClassVar[str] = "billing.corrections_found"

    @property
    def payload(self) -> dict[str, Any]:
        return {"corrections": [str(key) for key in self.corrections]}


@dataclass(frozen=True, slots=True)
class PeriodsParked:
    """A run is through and has put periods aside; for the issuer."""

    run: UUID
    count: int
    name: ClassVar[str] = "billing.periods_parked"

    @property
    def payload(self) -> dict[str, Any]:
        return {"run": str(self.run), "count": self.count}


class DisputeSettled(LinesDisputed):
    """A dispute is answered or withdrawn; for both."""

    name: ClassVar[str] = "billing.dispute_settled"
