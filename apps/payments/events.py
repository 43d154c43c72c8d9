"""What this app publishes. Payloads carry keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PaymentsReceived:
    """Payments are settled; for the payee."""

    payments: Sequence[UUID]
    name: ClassVar[str] = "payments.received"

    @property
    def payload(self) -> dict[str, Any]:
        return {"payments": [str(key) for key in self.payments]}


class PaymentsFailed(PaymentsReceived):
    """Payments under way came to nothing; for the payee."""

    name: ClassVar[str] = "payments.failed"


@dataclass(frozen=True, slots=True)
class PaymentsRefunded:
    """Money of settled payments went back, by refund or by the bank; for the payee."""

    refunds: Sequence[UUID]
    name: ClassVar[str] = "payments.refunded"

    @property
    def payload(self) -> dict[str, Any]:
        return {"refunds": [str(key) for key in self.refunds]}


@dataclass(frozen=True, slots=True)
class PaidOut:
    """Payouts have reached their payees' bank or account; for the payer."""

    payouts: Sequence[UUID]
    name: ClassVar[str] = "payments.paid_out"

    @property
    def payload(self) -> dict[str, Any]:
        return {"payouts": [str(key) for key in self.payouts]}


@dataclass(frozen=True, slots=True)
class PayoutsDrafted:
    """A batch waits for the approval of a person who did not draft it; for the payer."""

    batch: UUID
    name: ClassVar[str] = "payments.payouts_drafted"

    @property
    def payload(self) -> dict[str, Any]:
        return {"batch": str(self.batch)}


@dataclass(frozen=True, slots=True)
class DebitsDrafted:
    """A run of debits waits for the approval of a person who did not draft it; for the payee."""

    run: UUID
    name: ClassVar[str] = "payments.debits_drafted"

    @property
    def payload(self) -> dict[str, Any]:
        return {"run": str(self.run)}


@dataclass(frozen=True, slots=True)
class RefundAsked:
    """A refund waits for the approval of a person who did not ask for it; for who gives back."""

    request: UUID
    name: ClassVar[str] = "payments.refund_asked"

    @property
    def payload(self) -> dict[str, Any]:
        return {"request": str(self.request)}


class PayoutFailed(PaidOut):
    """Payouts came back or were refused; for the payer."""

    name: ClassVar[str] = "payments.payout_failed"


class PayoutDiscarded(PaidOut):
    """Payouts were drafted and given up before they were sent; for the payer."""

    name: ClassVar[str] = "payments.payout_discarded"
