"""recorded + difference(target, recorded) = target, to the cent, after any chain of corrections."""

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.common.money import round_half_up
from apps.pricing.difference import (
    Change,
    Granted,
    LineKey,
    RecordedLine,
    Settled,
    TargetLine,
    difference,
    less_granted,
)

KEY = LineKey("cycles", 0, "a", "", "S", "19")


def target(quantity: str, price: str = "0.067", key: LineKey = KEY) -> TargetLine:
    net = round_half_up(Decimal(quantity) * Decimal(price), "EUR").minor
    return TargetLine(key, Settled(Decimal(quantity), "{cycle}", Decimal(price)), net)


def invoiced(lines: Sequence[TargetLine]) -> list[RecordedLine]:
    """The first invoice: the lines as they were wanted then."""
    return [
        RecordedLine(
            f"RE-1/{place}", line.key, line.settled.quantity, line.settled.unit, line.net_minor,
            line.settled,
        )
        for place, line in enumerate(lines, start=1)
    ]  # fmt: skip


def written(changes: Sequence[Change], number: int) -> list[RecordedLine]:
    """The documents of a correction."""
    return [
        RecordedLine(
            f"{number}/{place}", change.key, change.quantity, change.unit, change.net_minor,
            change.after, change.is_credit, change.corrects,
        )
        for place, change in enumerate(changes, start=1)
    ]  # fmt: skip


def nets(lines: Sequence[RecordedLine]) -> dict[LineKey, int]:
    found: dict[LineKey, int] = {}
    for line in lines:
        found[line.key] = found.get(line.key, 0) + line.effect
    return {key: net for key, net in found.items() if net}


def shown(changes: Sequence[Change]) -> list[tuple[bool, str, str, str, int]]:
    return [
        (item.is_credit, item.corrects, f"{item.quantity:f} {item.unit}", f"{item.unit_price:f}",
         item.net_minor)
        for item in changes
    ]  # fmt: skip


def test_fewer_cycles_are_credited_on_their_line_at_their_price() -> None:
    recorded = invoiced([target("55")])  # 3.685 → 3.69
    # 40 cycles cost 2.68; 15 × 0.067 = 1.005 would be 1.01, as the difference is.
    (change,) = difference([target("40")], recorded, "EUR")
    assert shown([change]) == [(True, "RE-1/1", "15 {cycle}", "0.067", 101)]
    assert (change.net_before, change.net_after) == (369, 268)


def test_more_cycles_are_an_additional_line_that_names_the_original() -> None:
    recorded = invoiced([target("55")])
    changes = difference([target("60")], recorded, "EUR")  # 4.02 − 3.69; 5 × 0.067 = 0.335 → 0.34
    assert shown(changes) == [(False, "RE-1/1", "5 {cycle}", "0.067", 33)]


def test_what_stays_makes_nothing() -> None:
    assert difference([target("55")], invoiced([target("55")]), "EUR") == []
    # Half a unit of 0.0001: the quantity moves, the net does not.
    assert difference([target("55.5", "0.0001")], invoiced([target("55", "0.0001")]), "EUR") == []


def test_another_price_for_the_same_quantity_is_one_amount() -> None:
    changes = difference([target("100", "0.9")], invoiced([target("100", "1")]), "EUR")
    assert shown(changes) == [(True, "RE-1/1", "1 1", "10.00", 1000)]


def test_more_usage_at_a_lower_price_falls_as_one_amount() -> None:
    changes = difference([target("101", "0.9")], invoiced([target("100", "1")]), "EUR")
    assert shown(changes) == [(True, "RE-1/1", "1 1", "9.10", 910)]


def test_a_tier_that_is_not_reached_any_more_is_credited_whole() -> None:
    second = KEY._replace(tier=2)
    recorded = invoiced([target("10", "1"), target("0.5", "0.75", second)])
    changes = difference([target("10", "1")], recorded, "EUR")
    assert shown(changes) == [(True, "RE-1/2", "0.5 {cycle}", "0.75", 38)]


def test_a_tier_that_is_reached_now_names_no_line() -> None:
    second = KEY._replace(tier=2)
    wanted = [target("10", "1"), target("0.5", "0.75", second)]
    changes = difference(wanted, invoiced([target("10", "1")]), "EUR")
    assert shown(changes) == [(False, "", "0.5 {cycle}", "0.75", 38)]


def test_a_credit_takes_from_the_newest_line_first_and_never_more_than_it_has() -> None:
    recorded = invoiced([target("10", "1")])
    recorded += written(difference([target("15", "1")], recorded, "EUR"), 2)
    changes = difference([target("3", "1")], recorded, "EUR")
    assert shown(changes) == [
        (True, "2/1", "5 {cycle}", "1", 500), (True, "RE-1/1", "7 {cycle}", "1", 700),
    ]  # fmt: skip
    recorded += written(changes, 3)
    assert shown(difference([], recorded, "EUR")) == [(True, "RE-1/1", "3 {cycle}", "1", 300)]


def test_another_tax_rate_is_credited_and_billed_again() -> None:
    recorded = invoiced([target("10", "1")])
    changes = difference([target("10", "1", KEY._replace(tax_rate="16"))], recorded, "EUR")
    assert sorted(shown(changes)) == [
        (False, "", "10 {cycle}", "1", 1000), (True, "RE-1/1", "10 {cycle}", "1", 1000),
    ]  # fmt: skip


def test_a_malus_that_grows_is_credited_without_a_line_to_take_from() -> None:
    malus = TargetLine(KEY, Settled(Decimal(-1), "1", Decimal(10)), -1000)
    grown = TargetLine(KEY, Settled(Decimal(-1), "1", Decimal(15)), -1500)
    recorded = invoiced([malus])
    changes = difference([grown], recorded, "EUR")
    assert shown(changes) == [(True, "", "1 1", "5.00", 500)]
    assert difference([grown], recorded + written(changes, 2), "EUR") == []


quantities = st.decimals(0, 10**6, places=3)
prices = st.sampled_from(["0.067", "0.0001", "1", "12.3456", "0"])
keys = st.builds(
    LineKey, st.sampled_from(["base", "cycles"]), st.integers(0, 2), st.sampled_from(["", "a"]),
    st.just(""), st.just("S"), st.sampled_from(["19", "16"]),
)  # fmt: skip
periods = st.dictionaries(keys, st.tuples(quantities, prices), max_size=5).map(
    lambda lines: [target(f"{q:f}", price, key) for key, (q, price) in lines.items()]
)


@given(periods, st.lists(periods, max_size=5))
def test_after_any_chain_the_net_of_each_key_is_what_billing_once_gives(
    first: list[TargetLine], later: list[list[TargetLine]]
) -> None:
    recorded = invoiced(first)
    for number, wanted in enumerate(later, start=2):
        changes = difference(wanted, recorded, "EUR")
        recorded += written(changes, number)
        assert nets(recorded) == {line.key: line.net_minor for line in wanted if line.net_minor}
        assert difference(wanted, recorded, "EUR") == []
        for change in changes:
            assert change.net_minor > 0
            assert change.quantity > 0
            stated = round_half_up(change.quantity * change.unit_price, "EUR").minor
            assert abs(stated - change.net_minor) <= 1


@given(periods, st.lists(periods, max_size=5))
def test_credits_never_exceed_what_they_take_from(
    first: list[TargetLine], later: list[list[TargetLine]]
) -> None:
    recorded = invoiced(first)
    for number, wanted in enumerate(later, start=2):
        recorded += written(difference(wanted, recorded, "EUR"), number)
    charged = {line.name: line for line in recorded if not line.is_credit}
    credited: dict[str, int] = {}
    for line in recorded:
        if line.is_credit:
            assert charged[line.corrects].key == line.key
            credited[line.corrects] = credited.get(line.corrects, 0) + line.net_minor
    assert all(charged[name].net_minor >= taken for name, taken in credited.items())


def test_a_granted_credit_takes_from_its_line_and_stays() -> None:
    lines, granted = [target("55")], [Granted(KEY, 150, "dsp_1"), Granted(KEY, 100, "dsp_2")]
    recorded = invoiced(lines)
    changes = difference(less_granted(lines, granted), recorded, "EUR")
    assert shown(changes) == [(True, "RE-1/1", "1 1", "2.50", 250)]
    recorded += written(changes, 1)
    assert difference(less_granted(lines, granted), recorded, "EUR") == []
    # 60 × 0.067 = 4.02 less 2.50 are 1.52; 1.19 are charged so far.
    (more,) = difference(less_granted([target("60")], granted), recorded, "EUR")
    assert (more.is_credit, more.net_minor) == (False, 33)


@given(st.lists(st.integers(1, 10_000), max_size=4), st.lists(st.integers(0, 200), max_size=4))
def test_granted_credits_never_take_more_than_a_line_has(
    credits: list[int], usages: list[int]
) -> None:
    granted = [Granted(KEY, credit) for credit in credits]
    recorded = invoiced([target("55")])
    for number, usage in enumerate(usages):
        wanted = less_granted([target(str(usage))], granted)
        assert wanted[0].net_minor == max(0, target(str(usage)).net_minor - sum(credits))
        recorded += written(difference(wanted, recorded, "EUR"), number)
        assert nets(recorded).get(KEY, 0) == wanted[0].net_minor
