"""What goes into a price and what comes out: usage, days, lines and their steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from apps.common.money import Money, round_half_up
from apps.common.quantity import BadValue, add, canonical
from apps.common.units import convert


class PricingError(ValueError):
    """Usage that cannot be priced: a reason code and its parameters."""

    def __init__(self, reason: str, **params: str) -> None:
        self.reason = reason
        self.params = params
        super().__init__(f"{reason} {params}")


@dataclass(frozen=True, slots=True)
class AssetUsage:
    """What one asset used in the period; `unit` None means the charge's own unit.

    `windows`: by charge code the quantity in each of that charge's windows of the week. `steps`: how a
    group's quantity came about.
    """

    asset_id: str
    label: str
    quantity: Decimal
    unit: str | None = None
    windows: Mapping[str, Mapping[str, Decimal]] | None = None
    steps: tuple["Step", ...] = ()


Usage = Mapping[str, Sequence[AssetUsage]]


@dataclass(frozen=True, slots=True)
class ServiceDays:
    """Local days in the period and how many of them the contract covers."""

    in_period: int
    covered: int

    def __post_init__(self) -> None:
        if not 0 <= self.covered <= self.in_period or self.in_period < 1:
            raise PricingError("bad_days", covered=str(self.covered), days=str(self.in_period))


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the arithmetic, without language: a code and its figures."""

    code: str
    figures: Mapping[str, object]

    @property
    def params(self) -> dict[str, str]:
        """The figures as text. Written when asked for: most lines are never looked into."""
        return {name: _step_text(value) for name, value in self.figures.items()}

    def to_dict(self) -> dict[str, object]:
        return {"code": self.code, "params": self.params}


def step(code: str, **figures: object) -> Step:
    return Step(code, figures)


def _step_text(value: object) -> str:
    if isinstance(value, Money):
        return f"{value.to_decimal():f}"
    return canonical(value) if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line: `amount` is exact, `net` is it rounded once, half up.

    amount = quantity × unit_price + flat, but for a prorated fee, whose division is carried
    to 60 digits. `asset_id` None: pooled over the assets. `tier` counts from 1.
    """

    charge: str
    tier: int | None
    asset_id: str | None
    asset_label: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    flat: Decimal
    amount: Decimal
    net: Money
    timing: str
    title: Mapping[str, str]
    steps: tuple[Step, ...]
    # Of a fee in advance when the service begins; empty: the billed period itself.
    service: str = ""

    @property
    def key(self) -> tuple[str, int | None, str | None]:
        """What makes a line of one service the same line when the period is priced again."""
        return self.charge, self.tier, self.asset_id

    @property
    def net_minor(self) -> int:
        return self.net.minor

    def to_dict(self) -> dict[str, object]:
        """As in the evidence: decimals as text, net in minor units."""
        return {
            "charge": self.charge, "tier": self.tier, "asset": self.asset_id,
            "asset_label": self.asset_label, "quantity": canonical(self.quantity),
            "unit": self.unit, "unit_price": canonical(self.unit_price),
            "flat": canonical(self.flat), "amount": canonical(self.amount),
            "net_minor": self.net.minor, "timing": self.timing, "title": dict(self.title),
            **({"service": self.service} if self.service else {}),
            "steps": [item.to_dict() for item in self.steps],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class PricedPeriod:
    """All lines of one plan and period, in the order of the charges."""

    currency: str
    lines: tuple[PricedLine, ...]
    net: Money = field(init=False)

    def __post_init__(self) -> None:
        minor = sum(line.net.minor for line in self.lines)
        object.__setattr__(self, "net", Money(minor, self.currency))


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity to be priced as one: of one asset, or pooled over several."""

    asset_id: str | None
    label: str
    quantity: Decimal
    steps: tuple[Step, ...]


def measures(usages: Sequence[AssetUsage], unit: str, pooling: str) -> list[Measure]:
    """The quantities a charge prices, in its unit: one per asset, or one over all of them.

    Pooled without any usage is one measure of zero. Raises PricingError.
    """
    each = [_measure(usage, unit) for usage in usages]
    if pooling == "each":
        return each
    quantity = add(*(item.quantity for item in each))
    steps = [single for item in each for single in item.steps]
    if len(each) != 1:
        steps.append(step("pooled", quantity=quantity, unit=unit, assets=len(each)))
    return [Measure(None, "", quantity, tuple(steps))]


def _measure(usage: AssetUsage, unit: str) -> Measure:
    quantity, shown = usage.quantity, usage.unit or unit
    if not quantity.is_finite() or quantity < 0:
        raise PricingError("negative_usage", asset=usage.label, quantity=str(quantity))
    used = step("used", asset=usage.label, quantity=quantity, unit=shown)
    # What a group comes to was said with its members.
    steps = [*usage.steps] or [used]
    if shown != unit:
        quantity = in_unit(quantity, usage, unit)
        steps.append(step("converted", quantity=quantity, unit=unit))
    return Measure(usage.asset_id, usage.label, quantity, tuple(steps))


def in_unit(quantity: Decimal, usage: AssetUsage, unit: str) -> Decimal:
    """A quantity of the usage's unit in the charge's. Raises PricingError."""
    source = usage.unit or unit
    if source == unit:
        return quantity
    try:
        return convert(quantity, source, unit)
    except BadValue as problem:
        raise PricingError(problem.reason, asset=usage.label, **problem.params) from None


def rounded(amount: Decimal, currency: str) -> tuple[Money, Step]:
    """The line's net and the step that shows its rounding."""
    net = round_half_up(amount, currency)
    return net, step("rounded", amount=amount, net=net, currency=currency)
