"""Groups: members' quantities become one, with each member in the arithmetic."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from apps.common.quantity import BadValue
from apps.pricing.explain import sentences
from apps.pricing.groups import GROUP_AGGREGATES, Group, combined, priced_usage
from apps.pricing.plan import PricePlan, price
from apps.pricing.values import AssetUsage, PricingError, ServiceDays

HALL = "4c0e3c1e-0000-5000-8000-000000000001"


def group(aggregate: str, level: str | None = None, unit: str = "kW") -> Group:
    return Group(HALL, "Hall 3", aggregate, unit, None if level is None else Decimal(level))


def used(name: str, quantity: str, unit: str = "kW") -> AssetUsage:
    return AssetUsage(name, name.title(), Decimal(quantity), unit)


MEMBERS = [used("a", "40"), used("b", "75.5"), used("c", "75.5"), used("d", "9")]


@pytest.mark.parametrize(
    ("of", "quantity"),
    [
        (group("sum"), "200"), (group("maximum"), "75.5"), (group("mean"), "50"),
        (group("count_above", "40", "{machine}"), "2"), (group("count_above", "0", "1"), "4"),
    ],
)  # fmt: skip
def test_what_is_made_of_the_members(of: Group, quantity: str) -> None:
    found = combined(of, MEMBERS)
    assert (found.quantity, found.unit, found.asset_id, found.label) == (
        Decimal(quantity), of.unit, HALL, "Hall 3",
    )  # fmt: skip


def test_the_mean_is_rounded_once_and_over_members_that_are_there() -> None:
    third = combined(group("mean"), [used("a", "1"), used("b", "0"), used("c", "0")])
    assert third.quantity == Decimal("0.333333333333")
    assert combined(group("mean"), [used("a", "1")]).quantity == 1


def test_a_group_stands_where_its_first_member_does_and_others_by_themselves() -> None:
    found = priced_usage([
        ("peak", None, used("x", "1")), ("peak", group("maximum"), used("a", "3")),
        ("peak", None, used("y", "2")), ("peak", group("maximum"), used("b", "5")),
    ])  # fmt: skip
    assert [(item.label, item.quantity) for item in found["peak"]] == [
        ("X", 1), ("Hall 3", 5), ("Y", 2),
    ]  # fmt: skip


def test_two_records_of_one_member_are_one_member() -> None:
    """A component that two companies' hosts carried."""
    rows = [("km", group("mean"), used("a", "3")), ("km", group("mean"), used("b", "5"))]
    found = priced_usage([*rows, ("km", group("mean"), used("a", "4"))])
    assert [item.quantity for item in found["km"]] == [6]
    with pytest.raises(PricingError, match="units_of_one_asset_differ"):
        priced_usage([*rows, ("km", group("mean"), used("a", "4", "m"))])


def test_the_sum_keeps_windows_apart() -> None:
    night = {"tariff": {"day": Decimal(1), "night": Decimal(2)}}
    members = [AssetUsage(name, name, Decimal(3), "kW.h", night) for name in ("a", "b")]
    assert combined(group("sum"), members).windows == {"tariff": {"day": 2, "night": 4}}
    assert combined(group("maximum"), members).windows is None


def test_a_line_names_the_group_and_tells_every_member() -> None:
    plan = PricePlan.from_dict({
        "name": "Peak", "currency": "EUR", "charges": [
            {"code": "peak", "model": "per_unit", "title": "Peak", "meter": "peak", "unit": "kW",
             "unit_price": "8.5"},
        ],
    })  # fmt: skip
    usage = priced_usage(("peak", group("maximum"), item) for item in MEMBERS[:2])
    (line,) = price(plan, usage, ServiceDays(31, 31)).lines
    assert (line.asset_id, line.asset_label, line.net_minor) == (HALL, "Hall 3", 64175)
    assert sentences(line, "en")[:3] == [
        "A: 40\u00a0kW.", "B: 75.5\u00a0kW.", "Hall 3: the highest of 2 members is 75.5\u00a0kW.",
    ]  # fmt: skip
    assert (
        sentences(line, "de")[2] == "Hall 3: Der höchste Wert von 2 Mitgliedern ist 75,5\u00a0kW."
    )


def test_a_group_reads_back_what_it_writes_and_nonsense_is_refused() -> None:
    of = group("count_above", "2.5", "1")
    assert Group.from_dict(of.to_dict()) == of
    assert Group.from_dict(None) is None
    for aggregate, level, reason in (
        ("median", None, "bad_group_aggregate"), ("count_above", None, "missing_group_level"),
        ("sum", "1", "needless_group_level"),
    ):  # fmt: skip
        with pytest.raises(BadValue) as refused:
            group(aggregate, level)
        assert refused.value.reason == reason


@given(
    some.lists(some.integers(0, 10**6), min_size=1, max_size=9), some.sampled_from(GROUP_AGGREGATES)
)
def test_the_order_of_members_does_not_matter(values: list[int], aggregate: str) -> None:
    of = group(aggregate, "500" if aggregate == "count_above" else None)
    members = [used(f"m{place}", str(value)) for place, value in enumerate(values)]
    assert combined(of, members).quantity == combined(of, members[::-1]).quantity
