"""The waterfall: exact to the cent, symmetric, and nobody pays for what another caused."""

import random
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.money import CurrencyMismatch, allocate
from apps.contracts.domain.split import Split
from apps.contracts.domain.waterfall import Outcome, difference, divide_line, waterfall
from tests.unit.contracts.splits import (
    FINANCIER,
    LARGE,
    LINES,
    MAKER,
    PLATFORM,
    PROVIDER,
    WORKSHOP,
    line,
    of_contract,
    per_unit,
    percent,
    split_of,
    splits,
)


def sums(outcome: Outcome) -> dict[int, int]:
    return {party: minor for party, minor in outcome.by_party().items() if minor}


def test_who_gets_what_of_a_thousand_and_in_which_order() -> None:
    split = split_of(
        per_unit("maker", "0.012", MAKER, charges=["km"]),
        percent("finance", "35", FINANCIER),
        percent("platform", "2.5", PLATFORM),
        contract=[of_contract("care", "fixed", WORKSHOP, "120.00")],
    )
    lines = [line("km", 90_000, "20000"), line("base", 10_000, "1")]
    outcome = waterfall(split, lines)
    # km: 240.00 to the maker; 35 % of 660.00; 2.5 % of 429.00 = 10.725; 418.275 are left.
    # base: 35 % of 100.00; 2.5 % of 65.00 = 1.625; 63.375 are left; 120.00 of both rests.
    assert sums(outcome) == {
        MAKER: 24_000, FINANCIER: 26_600, PLATFORM: 1_236, WORKSHOP: 12_000, PROVIDER: 36_164,
    }  # fmt: skip
    assert outcome.residual_minor == 36_164
    assert outcome.carried == {}


def test_three_equal_shares_of_ten_cents() -> None:
    split = split_of(percent("equal", "100", MAKER, FINANCIER, WORKSHOP))
    assert sums(waterfall(split, [line("km", 10)])) == {MAKER: 4, FINANCIER: 3, WORKSHOP: 3}


def test_a_line_that_is_too_small_gives_what_it_has_and_the_rest_makes_it_up() -> None:
    split = split_of(per_unit("maker", "0.10", MAKER, charges=["km"]))
    alone = waterfall(split, [line("km", 600, "100")])
    assert (sums(alone), alone.carried) == ({MAKER: 600}, {"maker": 400})
    made_up = waterfall(split, [line("km", 600, "100"), line("base", 300)])
    assert (sums(made_up), made_up.carried) == ({MAKER: 900}, {"maker": 100})


def test_a_shortfall_is_paid_by_a_later_period_first() -> None:
    split = split_of(
        per_unit("maker", "0.10", MAKER, charges=["km"]),
        contract=[of_contract("care", "fixed", WORKSHOP, "5.00")],
    )
    first = waterfall(split, [line("km", 600, "100"), line("base", 0)])
    assert first.carried == {"maker": 400, "care": 500}
    second = waterfall(split, [line("base", 1_200)], carried=first.carried)
    assert (sums(second), second.carried) == ({MAKER: 400, WORKSHOP: 800}, {"care": 200})


def test_floor_cap_and_reserve_work_once_on_what_is_left() -> None:
    split = split_of(
        percent("maker", "10", MAKER),
        percent("finance", "50", FINANCIER),
        contract=[
            of_contract("least", "floor", MAKER, "15.00"),
            of_contract("most", "cap", FINANCIER, "40.00"),
            of_contract("later", "reserve", PLATFORM, "9.00", percent="50"),
        ],
    )
    outcome = waterfall(split, [line("km", 10_000)])
    assert sums(outcome) == {MAKER: 1_500, FINANCIER: 4_000, PLATFORM: 900, PROVIDER: 3_600}


def test_amounts_of_a_period_follow_the_days_that_are_covered() -> None:
    split = split_of(
        percent("finance", "50", FINANCIER),
        contract=[
            of_contract("care", "fixed", WORKSHOP, "150.00"),
            of_contract("least", "floor", MAKER, "15.50"),
            of_contract("most", "cap", FINANCIER, "31.00"),
            of_contract("later", "reserve", PLATFORM, "3.10", percent="50"),
        ],
    )
    # 16 of 31 days: 77.419… are 77.42; 8.00; at most 16.00; at most 1.60.
    outcome = waterfall(split, [line("km", 40_000)], part=Fraction(16, 31))
    assert sums(outcome) == {
        MAKER: 800, FINANCIER: 1_600, WORKSHOP: 7_742, PLATFORM: 160, PROVIDER: 29_698,
    }  # fmt: skip


def test_makers_are_paid_by_their_own_kilometres() -> None:
    split = split_of(percent("tires", "10", MAKER, FINANCIER, WORKSHOP, key="tire"))
    keys = {"tire": {MAKER: Decimal(2000), FINANCIER: Decimal(1000), WORKSHOP: Decimal(0)}}
    outcome = waterfall(split, [line("km", 10_000)], keys)
    assert sums(outcome) == {MAKER: 667, FINANCIER: 333, PROVIDER: 9_000}
    assert sums(waterfall(split, [line("km", 10_000)], {"tire": {}})) == {PROVIDER: 10_000}


def test_two_currencies_never_meet() -> None:
    with pytest.raises(CurrencyMismatch):
        waterfall(split_of(percent("maker", "10", MAKER)), [line("km", 100, currency="USD")])


@LARGE
@given(splits(), LINES, st.integers(0, 10**6))
def test_shares_sum_to_the_lines_exactly(split: Split, lines: list, malus: int) -> None:
    outcome = waterfall(split, [*lines, line("uptime", -malus, "-1")])
    net = sum(item.net_minor for item in lines) - malus
    assert sum(outcome.by_party().values()) == net
    assert outcome.by_party().get(PROVIDER, 0) == outcome.residual_minor
    for item in lines:
        parts = [share.minor for share in outcome.lines if share.line == item.key]
        assert sum(parts) == item.net_minor
        assert all(part > 0 for part in parts)


@LARGE
@given(splits(), LINES, st.integers(1, 10**6))
def test_a_malus_never_reaches_who_did_not_bear_it(split: Split, lines: list, malus: int) -> None:
    without = {(s.line, s.party, s.step): s.minor for s in waterfall(split, lines).lines}
    outcome = waterfall(split, [*lines, line("uptime", -malus, "-1")])
    borne = {share.party: share.minor for share in outcome.lines if share.line == "uptime"}
    assert set(borne) <= {MAKER, WORKSHOP}
    assert sum(borne.values()) == -malus
    rest = {(s.line, s.party, s.step): s.minor for s in outcome.lines if s.line != "uptime"}
    assert rest == without


@LARGE
@given(splits(), st.integers(1, 10**6))
def test_a_reduction_nobody_is_named_for_stays_with_the_rest(split: Split, minor: int) -> None:
    shares, lacking = divide_line(split, line("goodwill", -minor, "-3"), {})
    assert ([(s.party, s.minor) for s in shares], lacking) == ([(PROVIDER, -minor)], [])


@LARGE
@given(splits(), LINES, st.dictionaries(st.sampled_from(["l0", "l1", "c0"]), st.integers(0, 10**6)))
def test_a_shortfall_is_never_lost(split: Split, lines: list, carried: dict[str, int]) -> None:
    fixed = {step.code for step in split.contract_steps if step.kind == "fixed"}
    fixed |= {step.code for step in split.line_steps}
    owed = {code: minor for code, minor in carried.items() if code in fixed}
    nothing = waterfall(split, [line("km", 0)], carried=owed)
    for code, minor in owed.items():
        assert nothing.carried.get(code, 0) >= minor
    outcome = waterfall(split, lines, carried=owed)
    assert all(minor > 0 for minor in outcome.carried.values())


@LARGE
@given(splits(), LINES, LINES)
def test_recorded_and_difference_make_the_target(split: Split, before: list, after: list) -> None:
    recorded, target = waterfall(split, before).by_party(), waterfall(split, after).by_party()
    step = difference(target, recorded)
    assert all(step.values())
    for party in {*recorded, *target}:
        assert recorded.get(party, 0) + step.get(party, 0) == target.get(party, 0)


@LARGE
@given(
    st.dictionaries(st.sampled_from((MAKER, FINANCIER, WORKSHOP)), st.decimals(0, 10**6, places=3)),
    st.integers(0, 10**7),
)
def test_measured_parts_sum_and_zero_gets_nothing(quantities: dict, net: int) -> None:
    split = split_of(percent("all", "100", MAKER, FINANCIER, WORKSHOP, key="tire"))
    shares, _ = divide_line(split, line("km", net), {"tire": quantities})
    assert sum(share.minor for share in shares) == net
    assert all(quantities.get(s.party, 0) > 0 for s in shares if s.party != PROVIDER)


def split_cents(rounds: int, seed: int) -> None:
    """0.01 among 7, paid and given back at random: sums exact, cents taken back where they went."""
    luck, balance, weights = random.Random(seed), Counter[int](), [1] * 7
    open_cents = 0
    for _ in range(rounds):
        minor = -1 if open_cents and luck.random() < 0.4 else 1
        parts = allocate(minor, weights)
        assert parts == [-part for part in allocate(-minor, weights)]
        balance.update(dict(enumerate(parts)))
        open_cents += minor
        assert sum(parts) == minor
    assert sum(balance.values()) == open_cents
    assert [balance[index] for index in range(7)] == [open_cents, 0, 0, 0, 0, 0, 0]


def test_a_cent_among_seven() -> None:
    split_cents(5_000, seed=7)


@pytest.mark.long
def test_a_cent_among_seven_a_million_times() -> None:
    split_cents(1_000_000, seed=11)
