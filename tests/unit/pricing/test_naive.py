"""Every model against an independent computation with fractions, and back from its dict."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.pricing.circumstances import Circumstances, ContractYear, IndexValue
from apps.pricing.plan import PricePlan, price
from apps.pricing.registry import CHARGE_MODELS
from apps.pricing.values import AssetUsage, ServiceDays
from tests.unit.pricing.naive import Naive, Used
from tests.unit.pricing.plans import PEAK, REST, flat, index, metered, over, plan

amounts = st.decimals(0, 1000, places=4).map(str)
prices = st.decimals(0, 50, places=6).map(str)
quantities = st.decimals(0, 500, places=3)
poolings = st.sampled_from(["each", "pooled"])
indices = st.none() | st.fixed_dictionaries(
    {"series": st.just("steel"), "base": st.decimals("0.5", 200, places=2).map(str),
     "weight": st.decimals(0, 1, places=3).map(str)},
    optional={"low": st.just("0.9"), "high": st.just("1.1")},
)  # fmt: skip
EDGES = ("10", "100.5", None)


def with_index(charge: dict[str, Any], value: dict[str, str] | None) -> dict[str, Any]:
    return charge if value is None else {**charge, "index": value}


@st.composite
def measured_charges(draw: st.DrawFn) -> dict[str, Any]:
    model = draw(st.sampled_from(
        ["per_unit", "graduated", "volume", "package", "stairstep", "time_of_use",
         "shared_saving"]))  # fmt: skip
    values: dict[str, Any] = {
        "per_unit": {"unit_price": draw(prices)},
        "graduated": {"tiers": [{"up_to": edge, "unit_price": draw(prices), "flat": draw(amounts)}
                                for edge in EDGES]},
        "volume": {"tiers": [{"up_to": edge, "unit_price": draw(prices), "flat": draw(amounts)}
                             for edge in EDGES]},
        "package": {"size": draw(st.sampled_from(["0.3", "7", "100"])), "unit_price": draw(prices)},
        "stairstep": {"tiers": [{"up_to": edge, "amount": draw(amounts)} for edge in EDGES]},
        "time_of_use": {"windows": [{**PEAK, "unit_price": draw(prices)},
                                    {**REST, "unit_price": draw(prices)}]},
        "shared_saving": {"baseline": draw(amounts), "unit_price": draw(prices), "share": "33.3",
                          "floor": draw(st.sampled_from(["zero", "none"]))},
    }[model]  # fmt: skip
    if model != "time_of_use":
        values["pooling"] = draw(poolings)
    if model not in ("time_of_use", "shared_saving"):
        values["included"] = draw(st.sampled_from(["0", "5", "33.333"]))
    return with_index(metered(model, **values), draw(indices))


@st.composite
def whole_plans(draw: st.DrawFn) -> list[dict[str, Any]]:
    timing = draw(st.sampled_from(["arrears", "advance"]))
    of: list[str] = draw(st.sampled_from([[], ["use"]]))
    proration = draw(st.sampled_from(["days", "none"]))
    return [
        with_index(flat(draw(amounts), timing=timing), draw(indices)),
        draw(measured_charges()),
        over("percentage", "percent", percent=draw(amounts), of=of),
        with_index(over("minimum", "least", amount=draw(amounts), of=of, proration=proration),
                   draw(indices)),
        over("maximum", "most", amount=draw(amounts), proration=proration),
        over("yearly_minimum", "year", amount=draw(amounts), of=of),
    ]  # fmt: skip


@st.composite
def assets(draw: st.DrawFn) -> list[AssetUsage]:
    found = []
    for number in range(draw(st.integers(1, 3))):
        peak, rest = draw(quantities), draw(quantities)
        found.append(
            AssetUsage(f"ast_{number}", f"A{number}", peak + rest, None,
                       {"use": {"peak": peak, "rest": rest}})
        )  # fmt: skip
    return found


def fractions_of(usage: list[AssetUsage]) -> list[Used]:
    return [
        (item.asset_id, Fraction(item.quantity),
         {code: Fraction(part) for code, part in (item.windows or {})["use"].items()})
        for item in usage
    ]  # fmt: skip


@settings(max_examples=200)
@given(
    whole_plans(), assets(), st.integers(0, 30), st.decimals(0, 300, places=2),
    st.booleans(), st.integers(-10**5, 10**6), st.sampled_from(["EUR", "JPY", "TND"]),
)  # fmt: skip
def test_every_model_equals_its_naive_computation(
    charges: list[dict[str, Any]], usage: list[AssetUsage], covered: int, value: Decimal,
    closes: bool, so_far: int, currency: str,
) -> None:  # fmt: skip
    digits = {"EUR": 2, "JPY": 0, "TND": 3}[currency]
    days = ServiceDays(30, covered)
    around = Circumstances(
        (IndexValue("steel", "Steel", value, "2026-02", "2026-03-20"),),
        ContractYear(closes, ServiceDays(365, 200), {"use": so_far, "other": 17}),
    )
    given_plan = plan(*charges, currency=currency)
    priced = price(given_plan, {"m": usage}, days, circumstances=around)
    before = {"use": Fraction(so_far, 10**digits), "other": Fraction(17, 10**digits)}
    naive = Naive(
        fractions_of(usage), digits=digits, days=(30, covered),
        values={"steel": Fraction(value)}, year=(closes, Fraction(200, 365), before),
    )  # fmt: skip
    assert {line.key: line.net_minor for line in priced.lines} == naive.run(charges)
    assert len({line.key for line in priced.lines}) == len(priced.lines)
    assert all(line.unit_price >= 0 for line in priced.lines)
    assert PricePlan.from_dict(given_plan.to_dict()) == given_plan


@given(st.lists(st.decimals(0, 100, places=2), min_size=1, max_size=4), poolings, amounts)
def test_availability_equals_its_naive_computation(
    percents: list[Decimal], pooling: str, fee: str
) -> None:
    bands = [
        {"from": "0", "effect": "malus", "percent": "12.5"},
        {"from": "90", "effect": "malus", "amount": "7.777"},
        {"from": "95", "effect": "none"},
        {"from": "99.5", "effect": "bonus", "percent": "3"},
    ]
    charges = [
        flat(fee),
        metered("shared_saving", baseline="100", unit_price="1", share="50") | {"unit": "%"},
        over("availability", meter="m", unit="%", bands=bands, pooling=pooling),
    ]
    usage = [AssetUsage(f"ast_{n}", "A", percent) for n, percent in enumerate(percents)]
    priced = price(plan(*charges), {"m": usage}, ServiceDays(30, 30))
    naive = Naive([(item.asset_id, Fraction(item.quantity), {}) for item in usage])
    assert {line.key: line.net_minor for line in priced.lines} == naive.run(charges)


def test_every_model_is_computed_naively() -> None:
    assert {name for name in CHARGE_MODELS if not hasattr(Naive, name)} == set()


def test_a_plan_of_every_model_comes_back_from_its_dict() -> None:
    charges: list[dict[str, Any]] = [
        flat("49", index=index(low="0.9", high="1.1")),
        metered("per_unit", unit_price="1", included="5"),
        metered("graduated", tiers=[{"up_to": None, "unit_price": "1"}]),
        metered("volume", tiers=[{"up_to": None, "unit_price": "1", "flat": "2"}]),
        metered("package", size="10", unit_price="1"),
        metered("stairstep", tiers=[{"up_to": None, "amount": "1"}]),
        metered("time_of_use", windows=[PEAK, REST], holidays=["2026-12-25", "2026-01-01"]),
        metered("shared_saving", baseline="10", unit_price="1", share="50"),
        over("percentage", percent="5", of=["base"]),
        over("minimum", amount="5"),
        over("maximum", amount="500"),
        over("yearly_minimum", amount="5000", of=["base"]),
        over("availability", meter="up", unit="%", bands=[
            {"from": "0", "effect": "malus", "percent": "5"},
            {"from": "95", "effect": "none"}]),
    ]  # fmt: skip
    named = [{**charge, "code": f"c{n}"} for n, charge in enumerate(charges)]
    for charge in named:
        if charge.get("of"):
            charge["of"] = ["c0"]
    value = plan(*named)
    assert {charge.model for charge in value.charges} == set(CHARGE_MODELS)
    assert PricePlan.from_dict(value.to_dict()) == value
    assert (value.series, value.needs_year) == (("steel",), True)
    assert list(value.calendars) == ["m"]
