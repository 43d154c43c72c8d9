"""What corrects a billed period: `difference(target, recorded)`, the one way to a correction.

Target are the lines of the period priced over everything known now; recorded are the lines of all
its issued documents. What falls becomes lines of a credit note, each naming the line it takes from;
what rises becomes lines of an additional invoice. recorded + difference = target, to the cent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from apps.common.money import Money, round_half_up
from apps.common.quantity import add, multiply, subtract

ONE_UNIT = "1"


class LineKey(NamedTuple):
    """What makes two lines the same service: `asset` and `service` are empty where there is none.

    The tax belongs to it, because a document states tax per category and rate.
    """

    charge: str
    tier: int
    asset: str
    service: str
    tax_category: str
    tax_rate: str


class Settled(NamedTuple):
    """A key's quantity and unit price as the documents have it so far."""

    quantity: Decimal
    unit: str
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class TargetLine:
    """A line as billing once with full knowledge would write it; net in minor units."""

    key: LineKey
    settled: Settled
    net_minor: int


@dataclass(frozen=True, slots=True)
class RecordedLine:
    """A line of an issued document, known by `name`; `net_minor` as printed.

    `settled` is where the key stands with it. A credit line names the line it `corrects`, or
    nothing (empty) when it takes more than any line gave.
    """

    name: str
    key: LineKey
    quantity: Decimal
    unit: str
    net_minor: int
    settled: Settled
    is_credit: bool = False
    corrects: str = ""

    @property
    def effect(self) -> int:
        """What the line adds to its key, in minor units."""
        return -self.net_minor if self.is_credit else self.net_minor


@dataclass(frozen=True, slots=True)
class Granted:
    """A credit the issuer granted on a key (an accepted dispute), net in minor units, above 0."""

    key: LineKey
    net_minor: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a correction: quantity, unit price and net are positive in both directions.

    `before` and `after` are the key's states, `net_before` and `net_after` its sums over all
    documents in minor units, the whole correction included.
    """

    key: LineKey
    is_credit: bool
    corrects: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    net_minor: int
    before: Settled
    after: Settled
    net_before: int
    net_after: int


class _Piece(NamedTuple):
    corrects: str
    net_minor: int
    quantity: Decimal | None


def less_granted(target: Iterable[TargetLine], granted: Iterable[Granted]) -> list[TargetLine]:
    """The lines less what was granted on them; never more than a line has.

    A key the period is not charged for any more has nothing left to grant on.
    """
    given: dict[LineKey, int] = {}
    for item in granted:
        given[item.key] = given.get(item.key, 0) + item.net_minor
    return [
        replace(
            line, net_minor=line.net_minor - min(given.get(line.key, 0), max(0, line.net_minor))
        )
        for line in target
    ]


def difference(
    target: Iterable[TargetLine], recorded: Sequence[RecordedLine], currency: str
) -> list[Change]:
    """Changes in the order of the target's lines, then of lines the target has no more.

    `recorded` is in the order of issue. A key whose net stays makes no change, whatever its
    quantity. Applying the result and asking again gives nothing.
    """
    wanted = {line.key: line for line in target}
    standing: dict[LineKey, list[RecordedLine]] = {key: [] for key in wanted}
    for line in recorded:
        standing.setdefault(line.key, []).append(line)
    return [
        change
        for key, lines in standing.items()
        for change in _changes(key, wanted.get(key), lines, currency)
    ]


def _changes(
    key: LineKey, wanted: TargetLine | None, lines: Sequence[RecordedLine], currency: str
) -> list[Change]:
    net_before = sum(line.effect for line in lines)
    net_after = wanted.net_minor if wanted else 0
    if net_before == net_after:
        return []
    before, after = _states(wanted, lines)
    moved = subtract(after.quantity, before.quantity)
    is_credit = net_after < net_before
    # A line states quantity × price only where the price is the old one and both fall or rise.
    same_price = (before.unit, before.unit_price) == (after.unit, after.unit_price)
    quantity = abs(moved) if same_price and moved and (moved < 0) == is_credit else None
    if is_credit:
        pieces = _credits(lines, net_before - net_after, quantity)
    else:
        pieces = [_Piece(_first_charge(lines), net_after - net_before, quantity)]
    return [
        Change(
            key, is_credit, piece.corrects, *_stated(piece, after, currency), piece.net_minor,
            before, after, net_before, net_after,
        )
        for piece in pieces
    ]  # fmt: skip


def _states(wanted: TargetLine | None, lines: Sequence[RecordedLine]) -> tuple[Settled, Settled]:
    """Where the key stands and where it should; a side that has no line has a quantity of 0."""
    if wanted is None:
        before = lines[-1].settled
        return before, before._replace(quantity=Decimal(0))
    if not lines:
        return wanted.settled._replace(quantity=Decimal(0)), wanted.settled
    return lines[-1].settled, wanted.settled


def _first_charge(lines: Sequence[RecordedLine]) -> str:
    return next((line.name for line in lines if not line.is_credit), "")


def _credits(lines: Sequence[RecordedLine], amount: int, quantity: Decimal | None) -> list[_Piece]:
    """Taken from the newest line first, from each at most what credits have left of it."""
    pieces: list[_Piece] = []
    for line in reversed([item for item in lines if not item.is_credit]):
        taken = [item for item in lines if item.is_credit and item.corrects == line.name]
        part = min(amount, line.net_minor - sum(item.net_minor for item in taken))
        if part <= 0:
            continue
        amount -= part
        share = quantity if amount == 0 else _left(line, taken)
        if quantity is not None:
            quantity = None if share is None else subtract(quantity, share)
        pieces.append(_Piece(line.name, part, share if quantity is not None else None))
    if amount:
        pieces.append(_Piece("", amount, quantity))
    return pieces


def _left(line: RecordedLine, taken: Sequence[RecordedLine]) -> Decimal | None:
    """What credits have left of a line's quantity; None where they count something else."""
    if any(item.unit != line.unit for item in taken):
        return None
    return subtract(line.quantity, add(Decimal(0), *(item.quantity for item in taken)))


def _stated(piece: _Piece, settled: Settled, currency: str) -> tuple[Decimal, str, Decimal]:
    """Quantity, unit and unit price of a line: the real ones where they give its net.

    Both sides were rounded, so their difference may be a minor unit off quantity × price.
    """
    if piece.quantity is not None and piece.quantity > 0:
        product = round_half_up(multiply(piece.quantity, settled.unit_price), currency).minor
        if abs(product - piece.net_minor) <= 1:
            return piece.quantity, settled.unit, settled.unit_price
    return Decimal(1), ONE_UNIT, Money(piece.net_minor, currency).to_decimal()
