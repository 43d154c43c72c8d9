"""From usage and plan to taxed lines and totals, to the cent."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NamedTuple

import pytest

from apps.billing.domain.numbers import number_text, position_of, series_of
from apps.billing.domain.rating import Tax, Taxes, rate, service_days, usage_by_meter
from apps.common.period import Period
from apps.pricing.changes import UsageWindows
from apps.pricing.groups import Group
from apps.pricing.plan import PricePlan
from apps.pricing.registry import PlanError
from apps.pricing.values import PricingError, ServiceDays

MONTH = ServiceDays(31, 31)
STANDARD = Taxes(Tax("S", Decimal(19)))


class Used(NamedTuple):
    meter: str
    asset_id: str
    asset_label: str
    unit: str
    quantity: Decimal
    windows: UsageWindows = None
    group: Group | None = None


def plan(*charges: dict[str, object]) -> PricePlan:
    return PricePlan.from_dict({"name": "Plan", "currency": "EUR", "charges": list(charges)})


PER_UNIT = {
    "model": "per_unit",
    "code": "cycles",
    "title": "Cycles",
    "meter": "cycles",
    "unit": "{cycle}",
    "unit_price": "0.067",
}
FEE = {"model": "flat_fee", "code": "base", "title": "Base fee", "amount": "100"}


def used(quantity: str, asset: str = "a", unit: str = "{cycle}") -> Used:
    return Used("cycles", asset, f"Asset {asset}", unit, Decimal(quantity))


def test_55_cycles_at_0_067_are_3_69_and_tax_is_on_the_sum() -> None:
    rated = rate(plan(PER_UNIT), [used("55")], MONTH, STANDARD)
    assert [line.net_minor for line in rated.lines] == [369]
    assert (rated.totals.net_minor, rated.totals.tax_minor, rated.totals.gross_minor) == (
        369,
        70,
        439,
    )


def test_tax_is_rounded_once_on_the_sum_of_lines() -> None:
    three = [used("15", asset) for asset in "abc"]  # 1.005 → 1.01 each
    rated = rate(plan(PER_UNIT), three, MONTH, STANDARD)
    assert [line.net_minor for line in rated.lines] == [101, 101, 101]
    assert rated.totals.tax_minor == 58  # 19 % of 3.03 is 0.5757; three times 0.19 would be 0.57


def test_zero_usage_with_a_flat_fee_bills_the_fee() -> None:
    rated = rate(plan(FEE, PER_UNIT), [used("0")], MONTH, STANDARD)
    assert [(line.charge, line.net_minor) for line in rated.lines] == [
        ("base", 10000),
        ("cycles", 0),
    ]


def test_two_records_of_one_asset_and_meter_are_one_usage() -> None:
    found = usage_by_meter([used("10"), used("5")])
    assert [(item.asset_id, item.quantity) for item in found["cycles"]] == [("a", Decimal(15))]


def test_two_units_under_one_meter_of_an_asset_are_refused() -> None:
    with pytest.raises(PricingError, match="units_of_one_asset_differ"):
        usage_by_meter([used("10"), used("5", unit="h")])


def test_covered_days_count_from_the_contracts_first_to_its_last_day() -> None:
    zone = "Europe/Berlin"
    march = Period(datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC))
    assert service_days(march, zone, date(2026, 1, 1), None) == ServiceDays(31, 31)
    assert service_days(march, zone, date(2026, 3, 11), None) == ServiceDays(31, 21)
    assert service_days(march, zone, date(2026, 1, 1), date(2026, 3, 11)) == ServiceDays(31, 10)


def test_numbers_are_a_series_per_year_and_read_back() -> None:
    series = series_of(date(2026, 11, 2))
    assert number_text(series, 1) == "RE-2026-00001"
    assert number_text(series, 123456) == "RE-2026-123456"
    assert position_of(series, "RE-2026-00042") == 42
    with pytest.raises(ValueError, match="series"):
        position_of(series, "RE-2025-00042")


def test_a_charge_may_carry_another_tax_than_its_contract() -> None:
    taxes = Taxes(Tax("S", Decimal(19)), {"reduced": Tax("S", Decimal(7))})
    rated = rate(plan(FEE, {**PER_UNIT, "tax": "reduced"}), [used("55")], MONTH, taxes)
    assert [(total.rate, total.tax_minor) for total in rated.taxes] == [(7, 26), (19, 1_900)]
    assert Taxes.from_dict(taxes.to_dict()) == taxes


def test_outside_the_scope_never_shares_a_document() -> None:
    taxes = Taxes(Tax("S", Decimal(19)), {"outside": Tax("O", Decimal(0))})
    with pytest.raises(PricingError, match="outside_mixed"):
        rate(plan(FEE, {**PER_UNIT, "tax": "outside"}), [used("55")], MONTH, taxes)
    alone = rate(plan({**FEE, "tax": "outside"}), [], MONTH, taxes)
    assert [(total.category, total.tax_minor) for total in alone.taxes] == [("O", 0)]


def test_a_plan_keeps_the_tax_of_its_charges_and_refuses_an_unknown_one() -> None:
    kept = plan({**FEE, "tax": "reduced"})
    assert PricePlan.from_dict(kept.to_dict()) == kept
    assert "tax" not in plan(FEE).to_dict()["charges"][0]  # type: ignore[index]
    with pytest.raises(PlanError):
        plan({**FEE, "tax": "none"})
