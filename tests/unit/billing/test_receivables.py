"""What is owed: sums never leave their bounds, whatever comes in and goes back."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing.domain.receivables import Overdrawn, Part, Standing, place, take_back

AMOUNTS = st.integers(0, 10**9)


def test_what_a_document_stands_at() -> None:
    assert Standing(12_339).state == "open"
    assert Standing(12_339, paid=339).state == "part_paid"
    assert Standing(12_339, paid=12_339).state == "paid"
    assert Standing(12_339, paid=12_000, credited=339).state == "paid"
    assert Standing(12_339, credited=12_339).state == "credited"
    assert Standing(12_339, paid=12_000, written_off=339).state == "written_off"
    assert Standing(0).state == "paid"


def test_the_paid_share_is_of_what_credits_leave() -> None:
    assert Standing(10_000, paid=5_000).paid_share == Fraction(1, 2)
    assert Standing(10_000, paid=4_000, credited=2_000).paid_share == Fraction(1, 2)
    assert Standing(10_000, paid=8_000, credited=2_000).paid_share == 1
    assert Standing(10_000, credited=10_000).paid_share == 1
    assert Standing(10_000, paid=2_500, written_off=7_500).paid_share == Fraction(1, 4)


def test_more_than_is_open_is_refused() -> None:
    standing = Standing(100, paid=60)
    with pytest.raises(Overdrawn):
        standing.moved("payment", 41)
    with pytest.raises(Overdrawn):
        standing.moved("refund", -61)
    assert standing.moved("payment", 40).open == 0


def test_a_payment_brings_back_what_was_written_off() -> None:
    placed = place(150, Standing(200, paid=80, written_off=100))
    assert (placed.recovered, placed.applied, placed.over) == (100, 120, 30)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_a_payment_is_placed_to_the_cent(gross: int, paid: int, off: int, amount: int) -> None:
    paid = min(paid, gross)
    before = Standing(gross, paid=paid, written_off=min(off, gross - paid))
    placed = place(amount, before)
    after = before.moved("recovery", -placed.recovered).moved("payment", placed.applied)
    assert placed.applied + placed.over == amount
    assert after.paid == before.paid + placed.applied
    assert placed.over == 0 or after.open == after.written_off == 0


@given(st.lists(st.integers(0, 10**6), max_size=6), st.integers(0, 10**7))
def test_taking_back_is_exact_or_refused(parts: list[int], amount: int) -> None:
    held = [Part(number, part) for number, part in enumerate(parts)]
    if amount > sum(parts):
        with pytest.raises(Overdrawn):
            take_back(amount, held)
        return
    taken = take_back(amount, held)
    assert sum(part.amount for part in taken) == amount
    assert all(0 < part.amount <= parts[part.where] for part in taken)  # type: ignore[call-overload]
    # Nothing is taken from a later part while an earlier one has something left.
    assert all(part.amount == parts[part.where] for part in taken[:-1])  # type: ignore[call-overload]
