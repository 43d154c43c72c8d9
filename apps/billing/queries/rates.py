"""What many contracts are rated with: plans in force, tax rates, customers; a query each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.billing.domain.rating import (
    OUTSIDE,
    Measured,
    RatedPeriod,
    Tax,
    Taxes,
    in_billing_order,
    rate,
    service_days,
)
from apps.billing.models import TaxRate
from apps.billing.queries.years import YearNotComplete, contract_years
from apps.common.period import Period, local_date, midnight, period_of
from apps.contracts.models import Contract, PlanVersion
from apps.contracts.queries import IndexBook, index_book
from apps.pricing.ahead import ComingPeriod
from apps.pricing.circumstances import Circumstances, ContractYear
from apps.pricing.plan import Ahead, PricePlan
from apps.pricing.values import PricingError
from apps.tenancy.models import Company

STANDARD = Contract.TaxCategory.STANDARD
# In the table of rates alone (UNCL 5305 “lower rate”): EN 16931 writes every rate above zero as S.
REDUCED = "AA"
# Natures that charge no tax, whatever the contract says.
UNTAXED = {"exempt": "E", "outside": OUTSIDE}
_INSTANT = timedelta(microseconds=1)


@dataclass(slots=True)
class Conditions:
    """Plans, tax rates and companies of a set of contracts, read at once."""

    versions: dict[UUID, list[PlanVersion]]
    rates: dict[tuple[str, str], list[tuple[date, Decimal]]]
    providers: dict[int, Company]
    customers: dict[int, Company]
    years: dict[tuple[UUID, datetime], ContractYear | YearNotComplete]
    indices: IndexBook
    _documents: Mapping[str, Any] = field(default_factory=dict)
    _plans: dict[str, PricePlan] = field(default_factory=dict)

    def plan(self, contract: Contract, period: Period) -> tuple[PlanVersion, PricePlan]:
        """The version in force when the period begins. Raises PricingError, PlanError."""
        day = max(local_date(period.start, contract.time_zone), contract.starts_on)
        found = [item for item in self.versions.get(contract.id, []) if item.valid_from <= day]
        if not found:
            raise PricingError("no_plan", day=day.isoformat())
        version = max(found, key=lambda item: (item.valid_from, item.number))
        return version, self._parsed(version, contract)

    def _parsed(self, version: PlanVersion, contract: Contract) -> PricePlan:
        plan = self._plans.get(version.plan_sha256)
        if plan is None:
            plan = self._plans[version.plan_sha256] = PricePlan.from_dict(
                self._documents[version.plan_sha256]
            )
        if plan.currency != contract.currency:
            raise PricingError("currencies_differ", plan=plan.currency, contract=contract.currency)
        return plan

    def taxes(self, contract: Contract, period: Period, natures: Iterable[str]) -> Taxes:
        """The contract's category and what charges of these natures carry instead.

        Rates are the supplier's country's on the last day of the service period. Where the contract's category
        charges no tax (reverse charge, exempt, outside …), standard and reduced are that category.
        """
        country = self.providers[contract.author_id].country
        day = local_date(period.end - _INSTANT, contract.time_zone)

        def tax(nature: str) -> Tax:
            if nature in UNTAXED:
                return Tax(UNTAXED[nature], Decimal(0))
            if contract.tax_category != STANDARD:
                return Tax(contract.tax_category, Decimal(0))
            return Tax(STANDARD, self._percent(country, nature, day))

        return Taxes(tax(""), {nature: tax(nature) for nature in natures})

    def _percent(self, country: str, nature: str, day: date) -> Decimal:
        kind = REDUCED if nature == "reduced" else STANDARD
        known = self.rates.get((country, kind), [])
        found = [percent for since, percent in known if since <= day]
        if not found:
            reason = "no_reduced_rate" if kind == REDUCED else "no_tax_rate"
            raise PricingError(reason, country=country, day=day.isoformat())
        return found[-1]

    def rate(self, contract: Contract, period: Period, measured: Iterable[Measured]) -> RatedPeriod:
        """The period's lines, tax and totals. Raises PricingError or PlanError."""
        _, plan = self.plan(contract, period)
        service = service_days(period, contract.time_zone, contract.starts_on, contract.ends_on)
        around, ahead = (
            self.circumstances(contract, period, plan),
            self.ahead(contract, period, plan),
        )
        natures = sorted({*plan.tax_natures, *(ahead.plan.tax_natures if ahead else ())})
        tax = self.taxes(contract, period, natures)
        if ahead is not None:
            tax = replace(tax, coming=self.taxes(contract, ahead.coming.period, natures))
        return rate(plan, in_billing_order(measured), service, tax, around, ahead)

    def following(self, contract: Contract, period: Period) -> tuple[PlanVersion, PricePlan]:
        """The version in force when the coming period begins. Raises PricingError, PlanError."""
        return self.plan(contract, period_of(contract.period_kind, contract.time_zone, period.end))

    def ahead(self, contract: Contract, period: Period, plan: PricePlan) -> Ahead | None:
        """The coming period with the plan that holds in it; None where no fee is in advance."""
        if len(self.versions[contract.id]) == 1 and not plan.is_ahead:
            return None
        zone = contract.time_zone
        coming = period_of(contract.period_kind, zone, period.end)
        _, following = self.following(contract, period)
        if not (plan.is_ahead or following.is_ahead):
            return None
        days = service_days(coming, zone, contract.starts_on, contract.ends_on)
        kept = service_days(coming, zone, contract.starts_on, None)
        day = local_date(coming.start, zone)
        known = self.indices.known(contract.author_id, following.series, day)
        return Ahead(following, ComingPeriod(coming, days, kept, Circumstances(known)))

    def circumstances(self, contract: Contract, period: Period, plan: PricePlan) -> Circumstances:
        """What the plan's prices depend on besides usage and days. Raises PricingError.

        Of a price index the last value published before the period begins.
        """
        year = self.years.get((contract.id, period.start)) if plan.needs_year else None
        if isinstance(year, YearNotComplete):
            raise year
        day = local_date(period.start, contract.time_zone)
        used = contract.opening_balances.included_used if _comes_in(contract, period) else {}
        return Circumstances(self.indices.known(contract.author_id, plan.series, day), year, used)


def _comes_in(contract: Contract, period: Period) -> bool:
    """Whether the contract begins within the period."""
    return midnight(contract.starts_on, contract.time_zone) in period


def conditions_of(wanted: Sequence[tuple[Contract, Period]]) -> Conditions:
    """Five queries, however many contracts; a plan that many share is read once.

    A few more where plans have yearly minimums or price indices.
    """
    contracts = [contract for contract, _ in wanted]
    versions: dict[UUID, list[PlanVersion]] = {}
    found = PlanVersion.objects.filter(contract__among=[item.id for item in contracts])
    for version in found.defer("plan"):
        versions.setdefault(version.contract_id, []).append(version)
    documents = found.order_by("plan_sha256").distinct("plan_sha256")
    plans: dict[str, Any] = dict(documents.values_list("plan_sha256", "plan"))
    yearly = _yearly(versions, plans)
    providers = Company.objects.in_bulk({contract.author_id for contract in contracts})
    return Conditions(
        versions=versions,
        rates=tax_rates({company.country for company in providers.values()}),
        providers=providers,
        customers=Company.objects.in_bulk({contract.customer_id for contract in contracts}),
        years=contract_years([pair for pair in wanted if pair[0].id in yearly]),
        indices=index_book(providers, _series(plans.values())),
        _documents=plans,
    )


def _yearly(versions: Mapping[UUID, list[PlanVersion]], plans: Mapping[str, Any]) -> set[UUID]:
    """Contracts with a yearly minimum; asked of the dicts: a plan is parsed when it is priced."""
    looking = {
        key
        for key, plan in plans.items()
        if any(charge["model"] == "yearly_minimum" for charge in plan["charges"])
    }
    return {
        contract
        for contract, found in versions.items()
        if looking and any(version.plan_sha256 in looking for version in found)
    }


def _series(plans: Iterable[Mapping[str, Any]]) -> set[str]:
    return {
        charge["index"]["series"]
        for plan in plans
        for charge in plan["charges"]
        if charge.get("index")
    }


def tax_rates(countries: Iterable[str]) -> dict[tuple[str, str], list[tuple[date, Decimal]]]:
    """By country and kind of rate (standard, reduced), oldest first."""
    found: dict[tuple[str, str], list[tuple[date, Decimal]]] = {}
    rows = TaxRate.objects.filter(country__in=set(countries), category__in=[STANDARD, REDUCED])
    for row in rows.order_by("country", "valid_from"):
        found.setdefault((row.country, row.category), []).append((row.valid_from, row.percent))
    return found
