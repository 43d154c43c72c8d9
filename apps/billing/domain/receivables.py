"""What is owed on a document: how payments, credits and write-offs move it, and back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

OPEN, PART_PAID, PAID, CREDITED, WRITTEN_OFF = (
    "open", "part_paid", "paid", "credited", "written_off",
)  # fmt: skip
# Which of a receivable's sums an allocation of this source moves.
SUMS = {
    "payment": "paid", "refund": "paid", "reversal": "paid", "credit": "paid",
    "credit_note": "credited", "write_off": "written_off", "recovery": "written_off",
}  # fmt: skip


class Overdrawn(ValueError):
    """More would be allocated than is open, or more taken back than was allocated."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one document, in minor units of its currency; no part is ever below zero."""

    gross: int
    paid: int = 0
    credited: int = 0
    written_off: int = 0

    def __post_init__(self) -> None:
        if min(self.gross, self.paid, self.credited, self.written_off, self.open) < 0:
            raise Overdrawn(f"{self} has a part below zero")

    @property
    def open(self) -> int:
        return self.gross - self.paid - self.credited - self.written_off

    @property
    def state(self) -> str:
        """While something is open: open or part_paid; else by what settled the last of it."""
        if self.open:
            return PART_PAID if self.paid else OPEN
        if self.written_off:
            return WRITTEN_OFF
        return CREDITED if self.credited and not self.paid else PAID

    @property
    def paid_share(self) -> Fraction:
        """Paid ÷ (gross − credited): the part of what the document still says that was paid."""
        due = self.gross - self.credited
        return Fraction(self.paid, due) if due else Fraction(1)

    def moved(self, source: str, amount: int) -> "Standing":
        """After an allocation. Raises Overdrawn."""
        name = SUMS[source]
        return replace(self, **{name: getattr(self, name) + amount})


@dataclass(frozen=True, slots=True)
class Incoming:
    """Where an amount that comes in goes: `recovered` of what was written off, `applied`, `over`."""

    recovered: int
    applied: int
    over: int


def place(amount: int, standing: Standing) -> Incoming:
    """A payment settles what is open, then brings back what was written off; the rest is over."""
    applied = min(amount, standing.open + standing.written_off)
    return Incoming(max(0, applied - standing.open), applied, amount - applied)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a payment: `where` it went, and how much of it is there still."""

    where: object
    amount: int


def take_back(amount: int, parts: Sequence[Part]) -> list[Part]:
    """What each part gives back, in their order. Raises Overdrawn where they do not suffice."""
    found = []
    for part in parts:
        given = min(amount, part.amount)
        if given > 0:
            found.append(Part(part.where, given))
            amount -= given
    if amount:
        raise Overdrawn(f"{amount} minor units more than the payment has left")
    return found
