"""From a period's usage and plan to taxed lines and totals: values in, values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from apps.common.period import Period, local_days
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
    """The category (UNCL 5305) and rate in percent that all lines of a contract carry."""

    category: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class RatedPeriod:
    """One contract and period, priced and taxed; amounts in minor units of `currency`."""

    currency: str
    service: ServiceDays
    lines: tuple[PricedLine, ...]
    tax: Tax
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
    tax: Tax,
    circumstances: Circumstances = NOTHING_ELSE,
    ahead: Ahead | None = None,
) -> RatedPeriod:
    """The one way from usage to an invoice's figures. Raises PricingError."""
    usage = usage_by_meter(measured)
    priced = price(plan, usage, service, circumstances=circumstances, ahead=ahead)
    _refuse_repeated_lines(priced.lines)
    taxes = tax_totals(TaxedNet(tax.category, tax.percent, line.net_minor) for line in priced.lines)
    return RatedPeriod(
        plan.currency, service, priced.lines, tax, tuple(taxes), document_totals(taxes),
        circumstances, ahead,
    )  # fmt: skip


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
