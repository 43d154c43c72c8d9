"""The evaluator: what formulas mean, what they refuse, and that no text makes it run away."""

import time
from decimal import Decimal, getcontext, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.formula import Formula, parse_formula, work_out
from apps.common.formula_grammar import DEEPEST, LONGEST_FORMULA, BadFormula
from apps.common.formula_nodes import MOST_STEPS
from apps.common.formula_words import FORMULA_REASONS, formula_sentence
from tests.unit.common.hostile_formulas import HOSTILE

INPUTS = {"x": Decimal("2.5"), "y": Decimal(4), "zero": Decimal(0), "missing": None}


def value(text: str, step: str = "0.000000000001") -> Decimal | None:
    return work_out(parse_formula(text), INPUTS, Decimal(step)).value


def none(text: str) -> tuple[str, int]:
    found = work_out(parse_formula(text), INPUTS)
    assert found.value is None
    return found.reason, found.position


def refusal(text: str) -> tuple[str, int]:
    with pytest.raises(BadFormula) as caught:
        parse_formula(text)
    return caught.value.reason, caught.value.position


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 3 - 2", "5"),
        ("100 / 8 / 5", "2.5"),
        ("-2 ** 2", "-4"),
        ("(-2) ** 3", "-8"),
        ("zero ** 0", "1"),
        ("0.1 + 0.2", "0.3"),
        ("1 / 3", "0.333333333333"),
        ("1 / 3 * 3", "1"),
        ("2 / 3", "0.666666666667"),
        ("x * y", "10"),
        ("x > y", "0"),
        ("x < y and not (x == 3)", "1"),
        ("1 if x > y else 2 if y > 9 else 3", "3"),
        ("if(x >= 2.5, y, 1/0)", "4"),
        ("min(x, y, 3)", "2.5"),
        ("max(x, y, 3)", "4"),
        ("abs(x - y)", "1.5"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(1.005, 2)", "1.01"),
        ("floor(-0.5)", "-1"),
        ("ceil(-0.5)", "0"),
        ("or_else(missing, 7)", "7"),
        ("or_else(1 / zero, x)", "2.5"),
        ("zero > 1 and missing > 1", "0"),
        ("zero < 1 or missing > 1", "1"),
        ("999999999999999999 + 0.000000000001", "999999999999999999.000000000001"),
        ("0.000000000001 * 0.000000000001 * 1000000000000 * 1000000000000", "1"),
    ],
)
def test_a_formula_has_one_value(text: str, expected: str) -> None:
    assert value(text) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "step", "expected"),
    [
        ("2.345", "0.01", "2.35"),
        ("-2.345", "0.01", "-2.35"),
        ("1.125", "0.25", "1.25"),
        ("7", "5", "5"),
        ("7.5", "5", "10"),
        ("1/3", "1", "0"),
    ],
)
def test_the_result_is_rounded_to_its_step(text: str, step: str, expected: str) -> None:
    assert value(text, step) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("missing + 1", "missing_input", 1),
        ("1 + absent", "missing_input", 5),
        ("x / zero", "division_by_zero", 3),
        ("0 / 0", "division_by_zero", 3),
        ("999999999999999999 ** 3", "too_large", 20),
        ("999999999999999999 + 1", "too_large", 1),
    ],
)
def test_no_value_has_a_reason_and_a_place(text: str, reason: str, position: int) -> None:
    assert none(text) == (reason, position)


def test_what_costs_too_much_has_no_value_and_no_fallback() -> None:
    tower = "(" * 21 + "1" + "**9)" * 21
    dear = " + ".join([tower] * 7)
    assert none(dear)[0] == "too_many_steps"
    assert none(f"or_else({dear}, 1)")[0] == "too_many_steps"
    assert value(tower) == 1


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("", "empty", 1),
        ("1 +", "unfinished", 4),
        ("1 + * 2", "unexpected", 5),
        ("(1 + 2", "unfinished", 7),
        ("min(1; 2)", "bad_character", 6),
        ("min(1 2)", "expected", 7),
        ("x.y", "bad_character", 2),
        ("__class__", "bad_character", 1),
        ("1e400", "bad_number", 1),
        ("0x10", "bad_number", 1),
        ("٣", "bad_character", 1),
        ("9999999999999999999", "number_out_of_bounds", 1),
        ("4000000**4000000", "bad_exponent", 10),
        ("9**9**9", "chained_power", 5),
        ("2**x", "bad_exponent", 4),
        ("1 < 2 < 3", "chained", 7),
        ("1 and 2", "not_a_condition", 1),
        ("(1 < 2) + 1", "not_an_amount", 4),
        ("eval(1)", "unknown_function", 1),
        ("Power", "bad_name", 1),
        ("min(1)", "wrong_arguments", 1),
        ("round(1, 13)", "bad_digits", 10),
        ("x" * (LONGEST_FORMULA + 1), "too_long", LONGEST_FORMULA + 1),
        ("(" * DEEPEST + "1", "too_deep", DEEPEST + 1),
        ("2-" * 101 + "1", "too_many_parts", 200),
    ],
)
def test_a_refusal_names_place_and_reason(text: str, reason: str, position: int) -> None:
    assert refusal(text) == (reason, position)


def test_only_known_inputs() -> None:
    assert parse_formula("b + a * b", {"a", "b"}).inputs == ("b", "a")
    with pytest.raises(BadFormula) as caught:
        parse_formula("a + c", {"a", "b"})
    assert (caught.value.reason, caught.value.position) == ("unknown_name", 5)


def test_there_are_500_hostile_formulas() -> None:
    assert len(HOSTILE) >= 500


def outcome(text: str) -> tuple[object, ...]:
    """What becomes of a text: refused, no value or a value, all within bounds."""
    try:
        formula = parse_formula(text)
    except BadFormula as bad:
        return bad.reason, bad.position, tuple(bad.params.items())
    found = work_out(formula, INPUTS)
    assert found.steps <= MOST_STEPS + 1
    assert (found.value is None) == bool(found.reason)
    assert found.value is None or (found.value.is_finite() and abs(found.value) < 10**18)
    return found.value, found.reason, found.position, tuple(found.params.items())


def test_hostile_formulas_are_refused_or_bounded_and_the_same_twice() -> None:
    first = [outcome(text) for text in HOSTILE]
    with localcontext() as context:
        context.prec, context.rounding = 5, "ROUND_DOWN"
        assert [outcome(text) for text in HOSTILE] == first
    assert getcontext().prec == 28


@pytest.mark.long
def test_each_hostile_formula_ends_within_50_milliseconds() -> None:
    for text in HOSTILE:
        took = min(_seconds(text) for _ in range(3))
        assert took < 0.05, text[:80]


def _seconds(text: str) -> float:
    begun = time.process_time()
    outcome(text)
    return time.process_time() - begun


def test_every_reason_has_its_words() -> None:
    for text in HOSTILE:
        found = outcome(text)
        reason, position, params = found if len(found) == 3 else found[1:]
        if not reason:
            continue
        assert 1 <= int(str(position)) <= len(text) + 1
        for language, begin in (("en", "At character"), ("de-at", "Bei Zeichen")):
            said = formula_sentence(str(reason), int(str(position)), dict(params), language)  # type: ignore[call-overload]
            assert said.startswith(f"{begin} {position}: ")
            assert "{" not in said or "{" in text
    assert {len(words) for words in FORMULA_REASONS.values()} == {2}


@given(st.text(max_size=60))
def test_any_text_is_refused_or_bounded(text: str) -> None:
    outcome(text)


@given(st.text(alphabet="x1.+-*/<>=(), andotrif\n", max_size=80))
def test_any_text_of_signs_is_refused_or_bounded(text: str) -> None:
    outcome(text)


_AMOUNTS = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=6)


@given(_AMOUNTS, _AMOUNTS)
def test_sums_and_products_are_exact(a: Decimal, b: Decimal) -> None:
    with localcontext() as context:
        context.prec = 80
        expected = (a + b, a * b, a - b)
    inputs = {"a": a, "b": b}
    found = tuple(
        work_out(parse_formula(text), inputs).value for text in ("a + b", "a * b", "a - b")
    )
    if all(abs(item) < 10**18 for item in expected):
        assert found == expected


def test_a_formula_is_a_value() -> None:
    assert parse_formula("x + 1") == parse_formula("x + 1")
    assert isinstance(parse_formula("x + 1"), Formula)
    with pytest.raises(ValueError, match="step"):
        work_out(parse_formula("x"), INPUTS, Decimal(0))
