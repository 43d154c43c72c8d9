"""Where money stands between a company and its partner, and the entries that move it.

An entry takes `amount` from one purpose (debit) and gives it to another (credit): a balance is credits
less debits, and all balances of a pair and currency sum to zero.

    tax ──self-billed document──▶ owed
    cost ──share──▶ owed ──customer pays──▶ payable ──payout──▶ in_payout ──done──▶ paid
                      ◀──taken back── payable, then due_back (paid too much)
"""

from dataclasses import dataclass
from enum import StrEnum

from apps.settlement.domain.deposits import Step


class Purpose(StrEnum):
    COST = "cost"
    TAX = "tax"
    OWED = "owed"
    PAYABLE = "payable"
    DUE_BACK = "due_back"
    IN_PAYOUT = "in_payout"
    PAID = "paid"
    DEPOSIT = "deposit"
    CUSTODY = "custody"


# Of a customer; the others are of partners.
DEPOSITS = (Purpose.DEPOSIT, Purpose.CUSTODY)
SHARED = tuple(purpose for purpose in Purpose if purpose not in DEPOSITS)


@dataclass(frozen=True, slots=True)
class Entry:
    """Between two purposes of one pair; `amount` above zero, in minor units."""

    debit: Purpose
    credit: Purpose
    amount: int


class TooMuch(ValueError):
    """A payout of more than is payable."""


def recognised(amount: int) -> list[Entry]:
    """A share of that amount; a negative one takes back or is a malus the partner bears."""
    if amount < 0:
        return [Entry(Purpose.OWED, Purpose.COST, -amount)]
    return [Entry(Purpose.COST, Purpose.OWED, amount)] if amount else []


def taxed(amount: int) -> list[Entry]:
    """The tax of a partner's self-billed document; a negative one is that of its credit note."""
    if amount < 0:
        return [Entry(Purpose.OWED, Purpose.TAX, -amount)]
    return [Entry(Purpose.TAX, Purpose.OWED, amount)] if amount else []


def made_payable(amount: int, payable: int, due_back: int) -> list[Entry]:
    """What becomes payable (negative: what is not any more), given where both accounts stand.

    What was paid too much is settled first; what is not there to be taken back is owed back.
    """
    if amount > 0:
        settled = min(amount, max(-due_back, 0))
        moves = [(Purpose.DUE_BACK, settled), (Purpose.PAYABLE, amount - settled)]
        return [Entry(Purpose.OWED, purpose, minor) for purpose, minor in moves if minor]
    taken = min(-amount, max(payable, 0))
    moves = [(Purpose.PAYABLE, taken), (Purpose.DUE_BACK, -amount - taken)]
    return [Entry(purpose, Purpose.OWED, minor) for purpose, minor in moves if minor]


def deposit_moved(step: Step, amount: int) -> Entry | None:
    """A customer's deposit that came (owed to it from then on), went back, or was drawn."""
    if step == Step.ASKED:
        return None
    came = step == Step.RECEIVED
    debit, credit = (
        (Purpose.CUSTODY, Purpose.DEPOSIT) if came else (Purpose.DEPOSIT, Purpose.CUSTODY)
    )
    return Entry(debit, credit, amount)


def paid_out(amount: int, payable: int) -> Entry:
    """A payout that is on its way. Raises TooMuch."""
    if not 0 < amount <= payable:
        raise TooMuch(f"{amount} of {payable}")
    return Entry(Purpose.PAYABLE, Purpose.IN_PAYOUT, amount)


def returned(amount: int, due_back: int, was_paid: bool) -> list[Entry]:
    """A payout that came back is payable again, less what is to be given back meanwhile."""
    source = Purpose.PAID if was_paid else Purpose.IN_PAYOUT
    settled = min(amount, max(-due_back, 0))
    moves = [(Purpose.DUE_BACK, settled), (Purpose.PAYABLE, amount - settled)]
    return [Entry(source, purpose, minor) for purpose, minor in moves if minor]


@dataclass(frozen=True, slots=True)
class Claim:
    """A partner's recognised sum of one document, and in which order it is served."""

    party: int
    minor: int
    payable: str = "paid"
    rank: int = 0
    held_minor: int = 0
