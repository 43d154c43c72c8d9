"""Who gets what of a contract's revenue: the waterfall as a frozen value.

Line steps (per unit, percent of what remains) work on each line in their order. Contract steps (fixed
amount, floor, cap, reserve) work once per contract and period on what the lines left to the residual
party. A charge with a bearer never enters the waterfall.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.common.canonical import digest
from apps.common.money import CURRENCIES, minor_digits
from apps.common.quantity import EXACT, canonical
from apps.pricing.source import PlanError, Source

SCHEMA_VERSION = 1
MOST_STEPS, MOST_HOLDERS = 40, 40
LINE_KINDS = ("per_unit", "percent")
CONTRACT_KINDS = ("fixed", "floor", "cap", "reserve")
PAYABLE = ("paid", "invoiced")
HUNDRED = Decimal(100)


class SplitRefused(ValueError):
    """Every error of a split by its place: `steps[2].percent`, a reason code and parameters."""

    def __init__(self, errors: Sequence[PlanError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(str(error) for error in errors))


@dataclass(frozen=True, slots=True)
class Part:
    """A company's weight among those who divide something. Companies stand by their keys."""

    party: int
    weight: Decimal = Decimal(1)

    def to_dict(self) -> dict[str, object]:
        return {"party": self.party, "weight": canonical(self.weight)}


@dataclass(frozen=True, slots=True)
class LineStep:
    """Takes from each line of its charges (none named: of every charge without a bearer).

    `figure`: main units of the currency per unit of the line, or percent of what remains of it.
    With a `key` it is divided by each company's own quantity of that meter, else by weight.
    """

    code: str
    kind: str
    figure: Decimal
    parts: tuple[Part, ...]
    charges: tuple[str, ...] = ()
    key: str = ""

    def takes_from(self, charge: str) -> bool:
        return not self.charges or charge in self.charges

    @property
    def needs_price(self) -> bool:
        """Whether a company must see the line's price to recompute its share."""
        return self.kind == "percent"

    def to_dict(self) -> dict[str, object]:
        figure = "percent" if self.kind == "percent" else "rate"
        return {
            "code": self.code, "kind": self.kind, figure: canonical(self.figure),
            "parts": [part.to_dict() for part in self.parts],
            **({"charges": list(self.charges)} if self.charges else {}),
            **({"key": self.key} if self.key else {}),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContractStep:
    """Once per contract and period. `amount` in main units; of a reserve the most a period takes."""

    code: str
    kind: str
    party: int
    amount: Decimal
    percent: Decimal = Decimal(0)

    def to_dict(self) -> dict[str, object]:
        return {
            "code": self.code, "kind": self.kind, "party": self.party,
            "amount": canonical(self.amount),
            **({"percent": canonical(self.percent)} if self.kind == "reserve" else {}),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who bears a charge (malus, service credit, damage), alone or in fixed parts."""

    charge: str
    parts: tuple[Part, ...]

    def to_dict(self) -> dict[str, object]:
        return {"charge": self.charge, "parts": [part.to_dict() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class PayTerms:
    """When a company's share is payable: with the invoice, or as the customer pays.

    Among those paid as the customer pays a lower rank is served first, equal ranks pro rata.
    """

    party: int
    payable: str = "paid"
    rank: int = 0
    held_by_disputes: bool = True

    def to_dict(self) -> dict[str, object]:
        return {
            "party": self.party, "payable": self.payable, "rank": self.rank,
            "held_by_disputes": self.held_by_disputes,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Split:
    """The whole waterfall of a contract from a day on, in one currency."""

    currency: str
    residual: int
    line_steps: tuple[LineStep, ...] = ()
    contract_steps: tuple[ContractStep, ...] = ()
    bearers: tuple[Bearer, ...] = ()
    terms: tuple[PayTerms, ...] = ()

    @classmethod
    def from_dict(cls, data: object) -> "Split":
        """Raises SplitRefused with every error and its place."""
        return _read(data)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready; decimals as text. `from_dict(split.to_dict()) == split`."""
        return {
            "schema": SCHEMA_VERSION, "currency": self.currency, "residual": self.residual,
            "line_steps": [step.to_dict() for step in self.line_steps],
            "contract_steps": [step.to_dict() for step in self.contract_steps],
            "bearers": [bearer.to_dict() for bearer in self.bearers],
            "terms": [terms.to_dict() for terms in self.terms],
        }  # fmt: skip

    @property
    def hash(self) -> str:
        return digest(self.to_dict())

    @property
    def parties(self) -> tuple[int, ...]:
        """Companies in the order they are first named, the residual one last."""
        named = [part.party for step in self.line_steps for part in step.parts]
        named += [step.party for step in self.contract_steps]
        named += [part.party for bearer in self.bearers for part in bearer.parts]
        others = (party for party in dict.fromkeys(named) if party != self.residual)
        return (*others, self.residual)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of all steps, those of lines first."""
        lines = [step.code for step in self.line_steps]
        return (*lines, *(step.code for step in self.contract_steps))

    @property
    def keys(self) -> tuple[str, ...]:
        """Meters whose measured quantities divide a step, each once."""
        return tuple(dict.fromkeys(step.key for step in self.line_steps if step.key))

    def bearer_of(self, charge: str) -> tuple[Part, ...]:
        return next((item.parts for item in self.bearers if item.charge == charge), ())

    def terms_of(self, party: int) -> PayTerms:
        return next((item for item in self.terms if item.party == party), PayTerms(party))

    def sees_price(self, party: int, charge: str) -> bool:
        """Only a share that is a percentage, a rest or a part of the line shows its price."""
        if party == self.residual or any(part.party == party for part in self.bearer_of(charge)):
            return True
        return any(
            step.needs_price and step.takes_from(charge)
            for step in self.line_steps
            if any(part.party == party for part in step.parts)
        )

    def view_of(self, party: int) -> dict[str, Any]:
        """What one partner agrees to: its own steps, parts and terms, and nobody else."""
        return {
            "schema": SCHEMA_VERSION, "currency": self.currency, "party": party,
            "takes_the_rest": party == self.residual,
            "line_steps": [
                _own_part(step.to_dict(), step.parts, party, bool(step.key))
                for step in self.line_steps
                if any(part.party == party for part in step.parts)
            ],
            "contract_steps": [s.to_dict() for s in self.contract_steps if s.party == party],
            "bears": [
                _own_part(bearer.to_dict(), bearer.parts, party, False)
                for bearer in self.bearers
                if any(part.party == party for part in bearer.parts)
            ],
            "terms": self.terms_of(party).to_dict(),
        }  # fmt: skip


def _own_part(
    written: dict[str, object], parts: Sequence[Part], party: int, measured: bool
) -> dict[str, object]:
    """The step without the other companies: own weight of the whole, unless it is measured."""
    written = {name: value for name, value in written.items() if name != "parts"}
    own = sum((part.weight for part in parts if part.party == party), Decimal(0))
    whole = sum((part.weight for part in parts), Decimal(0))
    shared = measured or own != whole
    return written | {
        "divided": "measured" if measured else "by_parts" if shared else "alone",
        **({} if measured or not shared else {"own": canonical(own), "of": canonical(whole)}),
    }


class _Errors:
    """Collects refusals, so that a person sees all of them at once."""

    def __init__(self) -> None:
        self.found: list[PlanError] = []

    def each(self, items: Sequence[Source], read: Callable[[Source], Any]) -> tuple[Any, ...]:
        values = (self.taken(lambda item=item: _whole(item, read)) for item in items)  # type: ignore[misc]
        return tuple(value for value in values if value is not None)

    def taken(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except PlanError as error:
            self.found.append(error)
            return None


def _whole(source: Source, read: Callable[[Source], Any]) -> Any:
    value = read(source)
    source.finish()
    return value


def _read(data: object) -> Split:
    errors = _Errors()
    source = errors.taken(lambda: Source(data, ""))
    if source is None:
        raise SplitRefused(errors.found)
    source.get("schema")
    currency = errors.taken(lambda: _currency(source)) or "EUR"
    residual = errors.taken(lambda: _party(source, "residual"))
    split = Split(
        currency, residual or 0,
        errors.each(_items(source, "line_steps", errors), _line_step),
        errors.each(
            _items(source, "contract_steps", errors), lambda item: _contract_step(item, currency)
        ),
        errors.each(_items(source, "bearers", errors), _bearer),
        errors.each(_items(source, "terms", errors), _terms),
    )  # fmt: skip
    errors.taken(source.finish)
    if not errors.found:
        errors.found += _contradictions(split)
    if errors.found:
        raise SplitRefused(errors.found)
    return split


def _items(source: Source, key: str, errors: _Errors) -> Sequence[Source]:
    if not source.data.get(key):
        source.get(key)
        return ()
    return errors.taken(lambda: source.items(key, MOST_STEPS)) or ()


def _currency(source: Source) -> str:
    currency = source.text("currency", 8)
    if currency not in CURRENCIES:
        raise PlanError(source.at("currency"), "unknown_currency", currency=currency)
    return currency


def _party(source: Source, key: str = "party") -> int:
    value = source.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise PlanError(source.at(key), "missing_party")
    return value


def _percent(source: Source) -> Decimal:
    """0 < p ≤ 100, entered as percent: ten percent is 10, never 0.1 and never 1000."""
    source.positive("percent")
    return source.percent("percent")


def _parts(source: Source, measured: bool) -> tuple[Part, ...]:
    parts = tuple(_part(item) for item in source.items("parts", MOST_HOLDERS))
    parties = [part.party for part in parts]
    if len(set(parties)) != len(parties):
        raise PlanError(source.at("parts"), "party_twice")
    if measured and any(part.weight != 1 for part in parts):
        raise PlanError(source.at("parts"), "measured_or_weighted")
    return parts


def _part(source: Source) -> Part:
    weight = Decimal(1) if source.get("weight") is None else source.positive("weight")
    part = Part(_party(source), weight)
    source.finish()
    return part


def _line_step(source: Source) -> LineStep:
    kind = source.choice("kind", LINE_KINDS, "")
    figure = _percent(source) if kind == "percent" else source.positive("rate")
    key = source.code("key") if source.get("key") else ""
    return LineStep(
        source.code("code"), kind, figure, _parts(source, bool(key)),
        source.codes("charges", MOST_STEPS), key,
    )  # fmt: skip


def _contract_step(source: Source, currency: str) -> ContractStep:
    kind = source.choice("kind", CONTRACT_KINDS, "")
    percent = _percent(source) if kind == "reserve" else Decimal(0)
    amount = source.price("amount") if kind == "cap" else source.positive("amount")
    if amount.scaleb(minor_digits(currency), EXACT) % 1:
        raise PlanError(source.at("amount"), "finer_than_currency", currency=currency)
    return ContractStep(source.code("code"), kind, _party(source), amount, percent)


def _bearer(source: Source) -> Bearer:
    return Bearer(source.code("charge"), _parts(source, False))


def _terms(source: Source) -> PayTerms:
    held = source.get("held_by_disputes", True)
    if not isinstance(held, bool):
        raise PlanError(source.at("held_by_disputes"), "not_yes_or_no")
    rank = 0 if source.get("rank") is None else source.whole("rank", 0, 99)
    return PayTerms(_party(source), source.choice("payable", PAYABLE, "paid"), rank, held)


def _contradictions(split: Split) -> list[PlanError]:
    return [
        *_twice(split.codes, "line_steps"),
        *_twice([bearer.charge for bearer in split.bearers], "bearers"),
        *_twice([terms.party for terms in split.terms], "terms"),
        *_never_reached(split.line_steps),
        *_of_the_rest(split),
        *_floor_above_cap(split.contract_steps),
    ]


def _twice(values: Sequence[object], path: str) -> list[PlanError]:
    again = [value for place, value in enumerate(values) if value in values[:place]]
    return [PlanError(path, "named_twice", name=str(value)) for value in again]


def _never_reached(steps: Sequence[LineStep]) -> list[PlanError]:
    """Behind a step that takes all of a line's rest nothing is left to take."""
    found = []
    for place, step in enumerate(steps):
        for before in steps[:place]:
            takes_all = before.kind == "percent" and before.figure == HUNDRED
            covered = not before.charges or (
                step.charges and set(step.charges) <= set(before.charges)
            )
            if takes_all and covered:
                found.append(PlanError(f"line_steps[{place}]", "nothing_left", step=before.code))
                break
    return found


def _of_the_rest(split: Split) -> list[PlanError]:
    """The residual party takes what is left: it has no fixed sum, floor or cap of its own."""
    return [
        PlanError(f"contract_steps[{place}].party", "takes_the_rest")
        for place, step in enumerate(split.contract_steps)
        if step.party == split.residual
    ]


def _floor_above_cap(steps: Sequence[ContractStep]) -> list[PlanError]:
    caps: Mapping[int, Decimal] = {s.party: s.amount for s in steps if s.kind == "cap"}
    return [
        PlanError(f"contract_steps[{place}].amount", "floor_above_cap")
        for place, step in enumerate(steps)
        if step.kind == "floor" and step.party in caps and step.amount > caps[step.party]
    ]
