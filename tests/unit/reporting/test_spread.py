"""How unevenly the things of a product are used."""

from decimal import Decimal

from apps.reporting.queries.field import Product


def test_of_two_things_on_the_least_the_middle_and_the_most_used():
    product = Product("Tire", usages={"km": [Decimal("1800.4"), Decimal("9.5"), Decimal(120)]})
    [row] = product.spread
    assert row.about == (Decimal("9.50"), Decimal("120.00"), Decimal(1800))


def test_of_one_thing_nothing_is_said():
    assert Product("Tire", usages={"km": [Decimal(1)]}).spread == []
    assert Product("Tire").spread == []
