"""Charge models by name. A model is one file in `models/` that registers its charge class."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from apps.common.quantity import add, bounded, multiply
from apps.pricing.circumstances import Circumstances
from apps.pricing.index import PriceIndex, indexed
from apps.pricing.source import PlanError as PlanError
from apps.pricing.source import Source as Source
from apps.pricing.values import AssetUsage, Measure, PricedLine, ServiceDays, Step, rounded
from apps.pricing.windows import WindowCalendar

POOLINGS = ("each", "pooled")
# The tax nature of a charge; empty: as the contract says.
TAX_NATURES = ("standard", "reduced", "exempt", "outside")


@dataclass(frozen=True, slots=True)
class PricingContext:
    """What a charge is priced with: the usage of its meter, the days, and what stands above it.

    `advance` are the days of the period that fees in advance are for. `priced` are the lines of
    the charges before this one in the plan.
    """

    currency: str
    usage: Sequence[AssetUsage]
    service: ServiceDays
    advance: ServiceDays
    circumstances: Circumstances
    priced: Sequence[PricedLine]


@dataclass(frozen=True, slots=True)
class Charge(ABC):
    """What every charge has. A model adds its prices, `read`, `write` and `price`."""

    model: ClassVar[str] = ""
    # Whether an index may modify the model's prices.
    indexable: ClassVar[bool] = False
    # Whether it looks at the contract year so far.
    yearly: ClassVar[bool] = False
    code: str
    title: Mapping[str, str]
    meter: str | None
    index: PriceIndex | None
    # One of TAX_NATURES, or empty; the country's rates are not the plan's business.
    tax: str

    @classmethod
    @abstractmethod
    def read(cls, source: Source, head: dict[str, Any]) -> Self:
        """The charge of a dict; `head` holds code, title, meter, index, tax. Raises PlanError."""

    @abstractmethod
    def write(self) -> dict[str, object]:
        """The model's own values for `to_dict`."""

    @abstractmethod
    def price(self, context: PricingContext) -> list[PricedLine]:
        """The charge's lines, in order. Raises PricingError."""

    @property
    def is_ahead(self) -> bool:
        """Whether it is billed in advance, with the period before the one it is for."""
        return False

    @property
    def is_kept(self) -> bool:
        """Whether an end within a period that is paid ahead gives nothing back."""
        return False

    @property
    def calendar(self) -> WindowCalendar | None:
        """The windows of the week that usage is told apart by; None: it is one quantity."""
        return None

    def indexed(self, price: Decimal, context: PricingContext) -> tuple[Decimal, tuple[Step, ...]]:
        """One of the charge's prices after its index, with the steps that show it."""
        return indexed(price, self.index, context.circumstances, context.currency)

    def line(
        self, context: PricingContext, steps: Sequence[Step], *, quantity: Decimal, unit: str,
        unit_price: Decimal, flat: Decimal = Decimal(0), amount: Decimal | None = None,
        tier: int | None = None, measure: Measure | None = None, timing: str = "arrears",
        title: Mapping[str, str] | None = None,
    ) -> PricedLine:  # fmt: skip
        """The line fixed: `amount` (None: quantity × unit price + flat) rounded once."""
        if amount is None:
            amount = add(multiply(quantity, unit_price), flat)
        net, rounding = rounded(amount, context.currency)
        return PricedLine(
            charge=self.code, tier=tier,
            asset_id=None if measure is None else measure.asset_id,
            asset_label="" if measure is None else measure.label,
            quantity=quantity, unit=unit, unit_price=unit_price, flat=flat, amount=amount, net=net,
            timing=timing, title=title or self.title, steps=(*steps, rounding),
        )  # fmt: skip

    def amount_line(
        self, context: PricingContext, steps: Sequence[Step], amount: Decimal,
        measure: Measure | None = None, timing: str = "arrears",
    ) -> PricedLine:  # fmt: skip
        """An amount as a line: quantity 1, or −1 where it is taken off; no price is negative."""
        sign = Decimal(-1 if amount < 0 else 1)
        return self.line(
            context, steps, quantity=sign, unit="1", unit_price=bounded(abs(amount)),
            amount=amount, measure=measure, timing=timing,
        )  # fmt: skip


CHARGE_MODELS: dict[str, type[Charge]] = {}


def charge_model(name: str) -> Callable[[type[Charge]], type[Charge]]:
    """Register a charge class under the name that plans use."""

    def register(kind: type[Charge]) -> type[Charge]:
        if name in CHARGE_MODELS:
            raise ValueError(f"charge model {name!r} is registered twice")
        kind.model = name
        CHARGE_MODELS[name] = kind
        return kind

    return register
