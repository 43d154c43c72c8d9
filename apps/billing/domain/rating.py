"""From a period's usage and plan to taxed lines and totals: values in, values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Protocol

from apps.common.period import Period, local_days
from apps.common.quantity import canonical
from apps.pricing.changes import UsageWindows
from apps.pricing.circumstances import Circumstances
from apps.pricing.groups import Group, priced_usage
from apps.pricing.plan import NOTHING_ELSE, Ahead, PricePlan, price
from apps.pricing.tax import TaxedNet, TaxTotal, Totals, document_totals, tax_totals
from apps.pricing.values import AssetUsage, PricedLine, PricingError, ServiceDays


class Measured(Protocol):
    """What rating needs of a usage record, final or provisional."""

    @property
    def meter(self) -> str: ...
    @property
    def asset_id(self) -> object: ...
    @property
    def asset_label(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def windows(self) -> UsageWindows: ...
    @property
    def group(self) -> Group | None: ...


@dataclass(frozen=True, slots=True)
class Tax:
    """A category (UNCL 5305) and its rate in percent."""

    category: str
    percent: Decimal


OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Taxes:
    """What the lines of a contract carry: the contract's own, and by nature what charges name.

    `coming`: what fees of the coming period carry; None: the same.
    """

    usual: Tax
    by_nature: Mapping[str, Tax] = field(default_factory=dict)
    coming: "Taxes | None" = None

    def of(self, nature: str) -> Tax:
        return self.by_nature.get(nature, self.usual)

    def to_dict(self) -> dict[str, object]:
        coming = {} if self.coming is None else {"tax_coming": self.coming.to_dict()}
        return {"tax": _tax_dict(self.usual), **self._natures(), **coming}

    def _natures(self) -> dict[str, object]:
        found = {nature: _tax_dict(tax) for nature, tax in self.by_nature.items()}
        return {"tax_natures": found} if found else {}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Taxes":
        natures, coming = data.get("tax_natures", {}), data.get("tax_coming")
        return cls(
            _tax_of(data["tax"]), {name: _tax_of(tax) for name, tax in natures.items()},
            None if coming is None else cls.from_dict(coming),
        )  # fmt: skip

    def of_line(self, line: PricedLine, plan: PricePlan, ahead: Ahead | None) -> Tax:
        """By the charge it is of; of a fee in advance that of the coming period, and of its plan."""
        if ahead is None or not line.service:
            return self.of(plan.charge(line.charge).tax)
        return (self.coming or self).of(ahead.plan.charge(line.charge).tax)


def _tax_dict(tax: Tax) -> dict[str, object]:
    return {"category": tax.category, "percent": canonical(tax.percent)}


def _tax_of(data: Mapping[str, Any]) -> Tax:
    return Tax(str(data["category"]), Decimal(data["percent"]))


@dataclass(frozen=True, slots=True)
class RatedPeriod:
    """One contract and period, priced and taxed; amounts in minor units of `currency`."""

    currency: str
    service: ServiceDays
    lines: tuple[PricedLine, ...]
    tax: Taxes
    # Of each line, in their order.
    line_taxes: tuple[Tax, ...]
    taxes: tuple[TaxTotal, ...]
    totals: Totals
    circumstances: Circumstances = NOTHING_ELSE
    ahead: Ahead | None = None

    def service_of(self, line: PricedLine) -> Period | None:
        """The coming period for its fees; None: the billed period itself."""
        return self.ahead.coming.period if self.ahead and line.service else None


def rate(
    plan: PricePlan,
    measured: Iterable[Measured],
    service: ServiceDays,
    tax: Taxes,
    circumstances: Circumstances = NOTHING_ELSE,
    ahead: Ahead | None = None,
) -> RatedPeriod:
    """The one way from usage to an invoice's figures. Raises PricingError.

    What is outside the scope of tax shares no document with what is in it (EN 16931, BR-O-11).
    """
    usage = usage_by_meter(measured)
    priced = price(plan, usage, service, circumstances=circumstances, ahead=ahead)
    _refuse_repeated_lines(priced.lines)
    of_lines = tuple(tax.of_line(line, plan, ahead) for line in priced.lines)
    _refuse_mixed(priced.lines, of_lines)
    taxes = tax_totals(
        TaxedNet(found.category, found.percent, line.net_minor)
        for line, found in zip(priced.lines, of_lines, strict=True)
    )
    return RatedPeriod(
        plan.currency, service, priced.lines, tax, of_lines, tuple(taxes), document_totals(taxes),
        circumstances, ahead,
    )  # fmt: skip


def _refuse_mixed(lines: Sequence[PricedLine], taxes: Sequence[Tax]) -> None:
    outside = [
        line.charge for line, tax in zip(lines, taxes, strict=True) if tax.category == OUTSIDE
    ]
    if outside and len(outside) < len(lines):
        raise PricingError("outside_mixed", charge=outside[0])


def usage_by_meter(measured: Iterable[Measured]) -> Mapping[str, Sequence[AssetUsage]]:
    """Per meter the usage of each asset or group, in order, each once (as the evidence does)."""
    return priced_usage(
        (record.meter, record.group, AssetUsage(
            str(record.asset_id), record.asset_label, record.quantity, record.unit, record.windows
        ))
        for record in measured
    )  # fmt: skip


@lru_cache(maxsize=4096)
def service_days(period: Period, zone: str, starts_on: date, ends_on: date | None) -> ServiceDays:
    """Local days of the period, and those of them the contract covers (`ends_on` exclusive)."""
    days = local_days(period, zone)
    covered = sum(1 for day in days if starts_on <= day and (ends_on is None or day < ends_on))
    return ServiceDays(len(days), covered)


def in_billing_order(records: Iterable[Measured]) -> list[Measured]:
    """By meter, label and asset: the order in which usage is priced and shown, always."""
    return sorted(records, key=lambda item: (item.meter, item.asset_label, str(item.asset_id)))


def tier_number(line: PricedLine) -> int:
    """0 for a line without tiers."""
    return line.tier or 0


def _refuse_repeated_lines(lines: Sequence[PricedLine]) -> None:
    seen: set[object] = set()
    for line in lines:
        if (line.key, line.service) in seen:
            raise PricingError("line_twice", charge=line.charge, asset=line.asset_label)
        seen.add((line.key, line.service))
