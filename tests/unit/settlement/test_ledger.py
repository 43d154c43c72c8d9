"""Entries of the ledger: balances keep their sign, and what comes back is settled first."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.settlement.domain.ledger import (
    Claim,
    Entry,
    Purpose,
    TooMuch,
    made_payable,
    paid_out,
    recognised,
    returned,
)
from apps.settlement.domain.payable import gross_payable, payable_of

SUMS = st.integers(-(10**6), 10**6)


def apply(balances: Counter[Purpose], entries: list[Entry]) -> None:
    for entry in entries:
        assert entry.amount > 0
        balances[entry.debit] -= entry.amount
        balances[entry.credit] += entry.amount


@given(st.lists(st.tuples(st.sampled_from(["share", "pay", "out", "back"]), SUMS), max_size=30))
def test_signs_hold_whatever_comes(steps: list[tuple[str, int]]) -> None:
    balances: Counter[Purpose] = Counter()
    for kind, amount in steps:
        if kind == "share":
            apply(balances, recognised(amount))
        elif kind == "pay":
            apply(
                balances,
                made_payable(amount, balances[Purpose.PAYABLE], balances[Purpose.DUE_BACK]),
            )
        elif kind == "out" and balances[Purpose.PAYABLE] > 0:
            apply(balances, [paid_out(balances[Purpose.PAYABLE], balances[Purpose.PAYABLE])])
        elif kind == "back" and balances[Purpose.IN_PAYOUT]:
            apply(
                balances, returned(balances[Purpose.IN_PAYOUT], balances[Purpose.DUE_BACK], False)
            )
        assert sum(balances.values()) == 0
        assert min(balances[Purpose.PAYABLE], balances[Purpose.IN_PAYOUT]) >= 0
        assert balances[Purpose.DUE_BACK] <= 0
        assert not (balances[Purpose.PAYABLE] and balances[Purpose.DUE_BACK])


def test_paid_too_much_is_settled_by_the_next_payable_sum() -> None:
    balances: Counter[Purpose] = Counter()
    apply(balances, recognised(10_000))
    apply(balances, made_payable(10_000, 0, 0))
    apply(balances, [paid_out(10_000, 10_000)])
    apply(balances, recognised(-3_000))
    apply(balances, made_payable(-3_000, 0, 0))
    assert (balances[Purpose.DUE_BACK], balances[Purpose.OWED]) == (-3_000, 0)
    apply(balances, recognised(5_000))
    apply(balances, made_payable(5_000, 0, -3_000))
    assert (balances[Purpose.DUE_BACK], balances[Purpose.PAYABLE]) == (0, 2_000)


def test_a_payout_never_exceeds_what_is_payable() -> None:
    with pytest.raises(TooMuch):
        paid_out(101, 100)
    with pytest.raises(TooMuch):
        paid_out(0, 100)


def test_payable_in_proportion_with_the_invoice_and_held() -> None:
    claims = [Claim(1, 3_094), Claim(2, 55, "invoiced"), Claim(3, 1_000, held_minor=400)]
    assert payable_of(claims, 10_369, Fraction(1, 2)) == {1: 1_547, 2: 55, 3: 300}


def test_the_tax_is_payable_with_its_net_and_whole_at_the_end() -> None:
    assert gross_payable(1_547, 3_094, 588) == 1_547 + 294
    assert gross_payable(3_094, 3_094, 588) == 3_682
    assert gross_payable(0, 0, 1) == 1
    assert gross_payable(0, 3_094, 588) == 0


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_tax_stays_between_nothing_and_the_whole(net: int, tax: int, paid: int) -> None:
    payable = min(paid, net)
    assert payable <= gross_payable(payable, net, tax) <= payable + tax
    assert gross_payable(-payable, -net, -tax) == -gross_payable(payable, net, tax)


def test_payable_by_rank() -> None:
    claims = [Claim(1, 6_000, rank=1), Claim(2, 3_000, rank=2), Claim(3, 1_000, rank=2)]
    assert payable_of(claims, 12_000, Fraction(1, 2)) == {1: 6_000, 2: 0, 3: 0}
    assert payable_of(claims, 12_000, Fraction(2, 3)) == {1: 6_000, 2: 1_500, 3: 500}
    assert payable_of(claims, 12_000, Fraction(1)) == {1: 6_000, 2: 3_000, 3: 1_000}


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 3)), max_size=6),
    st.fractions(0, 1),
)
def test_never_more_than_recognised_and_all_when_paid(
    rows: list[tuple[int, int]], paid: Fraction
) -> None:
    claims = [Claim(party, minor, rank=rank) for party, (minor, rank) in enumerate(rows)]
    net = sum(claim.minor for claim in claims)
    found = payable_of(claims, net, paid)
    assert all(0 <= found[claim.party] <= claim.minor for claim in claims)
    assert payable_of(claims, net, Fraction(1)) == {c.party: c.minor for c in claims}
