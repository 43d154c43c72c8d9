"""Quantity × price is the net, or the line is one piece."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing.domain.einvoice.prices import Priced, priced
from apps.common.money import round_half_up


@pytest.mark.parametrize(
    ("quantity", "price", "net_minor", "shown"),
    [
        # 55 × 0.067 = 3.685 -> 3.69
        ("55", "0.067", 369, Priced(Decimal(55), "km", Decimal("0.067"))),
        # A malus: the price turns positive, the quantity negative.
        ("3", "-12.5", -3750, Priced(Decimal(-3), "km", Decimal("12.5"))),
        # A fee within a tier: 10 × 2 + 5.
        ("10", "2", 2500, Priced(Decimal(1), "1", Decimal("25.00"), whole=True)),
        ("10", "2", -2500, Priced(Decimal(-1), "1", Decimal("25.00"), whole=True)),
        ("0", "0.067", 0, Priced(Decimal(0), "km", Decimal("0.067"))),
    ],
)
def test_a_line_says_what_makes_its_net(quantity, price, net_minor, shown):
    assert priced(Decimal(quantity), "km", Decimal(price), net_minor, "EUR") == shown


@given(
    st.decimals(-(10**6), 10**6, places=3), st.decimals(-(10**4), 10**4, places=4),
    st.integers(-(10**9), 10**9) | st.none(),
)  # fmt: skip
def test_no_price_is_negative_and_the_product_is_the_net(quantity, price, other):
    net = round_half_up(quantity * price, "EUR").minor if other is None else other
    shown = priced(quantity, "h", price, net, "EUR")
    assert shown.unit_price >= 0
    assert round_half_up(shown.quantity * shown.unit_price, "EUR").minor == net
