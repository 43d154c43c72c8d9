"""The waterfall: from the net lines of a contract's period to each company's share, to the cent.

Parts of a line are exact fractions until they are brought to minor units once, by largest remainder,
ties by the order of the parties. So the shares of a line sum to the line and those of a period to its
net, always; `divide_line(-x) = -divide_line(x)`.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from apps.common.money import CurrencyMismatch, allocate, minor_digits, rounded_fraction
from apps.contracts.domain.split import ContractStep, LineStep, Part, Split

# Codes of shares that no step of the split makes.
REST, BORNE = "rest", "borne"
WHOLE = Fraction(1)
Keys = Mapping[str, Mapping[int, Decimal]]
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class RevenueLine:
    """What a (charge, tier, asset, service) of the period comes to over all its documents."""

    key: Hashable
    charge: str
    quantity: Decimal
    net_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class LineShare:
    """A company's part of one line, by the step that gave it."""

    line: Hashable
    step: str
    party: int
    minor: int


@dataclass(frozen=True, slots=True)
class ContractShare:
    """What a contract step moves from the residual party to another; negative: back."""

    step: str
    party: int
    minor: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Shares of lines and of the contract sum to the net of the lines.

    `lines` holds the residual party's rest too; `residual_minor` is what it keeps in the end.
    `carried`: by step what could not be paid and is due in the next period.
    """

    currency: str
    lines: tuple[LineShare, ...]
    contract: tuple[ContractShare, ...]
    residual_minor: int
    carried: Mapping[str, int] = field(default_factory=dict)

    def by_party(self) -> dict[int, int]:
        """What each company gets of the period; the residual party after all contract steps."""
        totals: dict[int, int] = {}
        for share in self.lines:
            totals[share.party] = totals.get(share.party, 0) + share.minor
        for moved in self.contract:
            totals[moved.party] = totals.get(moved.party, 0) + moved.minor
        return totals


def waterfall(
    split: Split, lines: Sequence[RevenueLine], keys: Keys | None = None,
    carried: Mapping[str, int] | None = None, part: Fraction = WHOLE,
) -> Outcome:  # fmt: skip
    """Divide a period's lines. `keys`: by meter each company's own quantity; `carried`: by step what
    earlier periods owe, in minor units; `part`: how much of the period the contract covers, by days,
    which amounts of a period follow. Raises CurrencyMismatch.
    """
    period = _Period(split, keys or {}, part)
    for line in lines:
        period.divide(line)
    period.make_up(carried or {})
    for step in split.contract_steps:
        period.apply(step, (carried or {}).get(step.code, 0))
    return period.outcome()


def divide_line(
    split: Split, line: RevenueLine, keys: Keys
) -> tuple[list[LineShare], list[tuple[str, Fraction]]]:
    """The shares of one line, and what its steps lacked on it (by step, broken minor units)."""
    if line.currency != split.currency:
        raise CurrencyMismatch(f"{line.currency} and {split.currency} never meet")
    bearers = split.bearer_of(line.charge)
    if bearers:
        return _borne(line, bearers), []
    if line.net_minor < 0:
        # A reduction nobody is named for never reaches a company that did not cause it.
        return [LineShare(line.key, REST, split.residual, line.net_minor)], []
    wanted, lacking = _wanted(split, line, keys)
    parts = allocate(line.net_minor, [exact for _step, _party, exact in wanted])
    return [
        LineShare(line.key, step, party, minor)
        for (step, party, _exact), minor in zip(wanted, parts, strict=True)
        if minor
    ], lacking


def _borne(line: RevenueLine, parts: Sequence[Part]) -> list[LineShare]:
    minors = allocate(line.net_minor, [part.weight for part in parts])
    return [
        LineShare(line.key, BORNE, part.party, minor)
        for part, minor in zip(parts, minors, strict=True)
        if minor
    ]


Wanted = list[tuple[str, int, Fraction]]


def _wanted(
    split: Split, line: RevenueLine, keys: Keys
) -> tuple[Wanted, list[tuple[str, Fraction]]]:
    """Exact parts of a line in the order of the steps, the rest last, and what was lacking."""
    remaining, wanted, lacking = Fraction(line.net_minor), Wanted(), []
    for step in split.line_steps:
        if not step.takes_from(line.charge):
            continue
        holders = _holders(step, keys)
        if not holders:
            continue
        due = _due(step, line, remaining, split.currency)
        taken = min(due, remaining)
        if taken < due:
            lacking.append((step.code, due - taken))
        wanted += [(step.code, party, taken * weight) for party, weight in holders]
        remaining -= taken
    return [*wanted, (REST, split.residual, remaining)], lacking


def _due(step: LineStep, line: RevenueLine, remaining: Fraction, currency: str) -> Fraction:
    if step.kind == "percent":
        return remaining * Fraction(step.figure) / 100
    quantity = max(Fraction(line.quantity), Fraction(0))
    return Fraction(step.figure) * quantity * 10 ** minor_digits(currency)


def _holders(step: LineStep, keys: Keys) -> list[tuple[int, Fraction]]:
    """Companies of a step with their part of it; who has no quantity of the key gets nothing."""
    if len(step.parts) == 1 and not step.key:
        return [(step.parts[0].party, Fraction(1))]
    measured = keys.get(step.key, {})
    weights = [
        Fraction(measured.get(part.party, Decimal(0)) if step.key else part.weight)
        for part in step.parts
    ]
    whole = sum(weights, Fraction(0))
    if not whole:
        return []
    return [
        (part.party, weight / whole)
        for part, weight in zip(step.parts, weights, strict=True)
        if weight
    ]


class _Period:
    """One run of the waterfall: what each company has so far, and what the rest party still has."""

    def __init__(self, split: Split, keys: Keys, part: Fraction) -> None:
        self.split, self.keys, self.part = split, keys, part
        self.lines: list[LineShare] = []
        self.contract: list[ContractShare] = []
        self.lacking: dict[str, Fraction] = {}
        self.totals: dict[int, int] = {}
        self.pool = 0
        self.carried: dict[str, int] = {}

    def divide(self, line: RevenueLine) -> None:
        shares, lacking = divide_line(self.split, line, self.keys)
        self.lines += shares
        for share in shares:
            self.totals[share.party] = self.totals.get(share.party, 0) + share.minor
            if share.party == self.split.residual:
                self.pool += share.minor
        for step, minor in lacking:
            self.lacking[step] = self.lacking.get(step, Fraction(0)) + minor

    def make_up(self, carried: Mapping[str, int]) -> None:
        """What lines lacked, now or in earlier periods, comes from the rest, in the steps' order."""
        for step in self.split.line_steps:
            due = carried.get(step.code, 0) + rounded_fraction(
                self.lacking.get(step.code, Fraction(0))
            )
            holders = _holders(step, self.keys)
            taken = self._take(due if holders else 0)
            if due > taken:
                self.carried[step.code] = due - taken
            for (party, _weight), minor in zip(
                holders, allocate(taken, [weight for _party, weight in holders]), strict=True
            ):
                self._move(step.code, party, minor)

    def apply(self, step: ContractStep, carried: int) -> None:
        whole = Fraction(step.amount.scaleb(minor_digits(self.split.currency)))
        amount = rounded_fraction(whole * self.part)
        has = self.totals.get(step.party, 0)
        if step.kind == "cap":
            self._move(step.code, step.party, -max(has - amount, 0))
        elif step.kind == "reserve":
            part = rounded_fraction(Fraction(max(self.pool, 0)) * Fraction(step.percent) / 100)
            self._move(step.code, step.party, min(part, amount))
        else:
            due = carried + (amount if step.kind == "fixed" else max(amount - has, 0))
            taken = self._take(due)
            if due > taken:
                self.carried[step.code] = due - taken
            self._move(step.code, step.party, taken)

    def _take(self, due: int) -> int:
        return min(max(self.pool, 0), due)

    def _move(self, step: str, party: int, minor: int) -> None:
        if not minor or party == self.split.residual:
            return
        self.contract.append(ContractShare(step, party, minor))
        self.totals[party] = self.totals.get(party, 0) + minor
        self.totals[self.split.residual] = self.totals.get(self.split.residual, 0) - minor
        self.pool -= minor

    def outcome(self) -> Outcome:
        back = sum(share.minor for share in self.contract)
        residual = self.split.residual
        moved = [ContractShare(REST, residual, -back)] if back else []
        return Outcome(
            self.split.currency, tuple(self.lines), (*self.contract, *moved), self.pool,
            dict(self.carried),
        )  # fmt: skip


def difference(target: Mapping[K, int], recorded: Mapping[K, int]) -> dict[K, int]:
    """What has to be posted so that the records say the target; nothing where they agree."""
    keys = dict.fromkeys([*recorded, *target])
    found = {key: target.get(key, 0) - recorded.get(key, 0) for key in keys}
    return {key: minor for key, minor in found.items() if minor}
