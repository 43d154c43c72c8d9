from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.quantity import BadValue
from apps.common.units import UNITS, convert, convertible, format_with_unit, unit


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("1", "[mi_i]", "km", "1.609344"),
        ("113.9952", "m/s", "km/h", "410.38272"),
        ("60", "[mi_i]/h", "km/h", "96.56064"),
        ("1", "kW.h", "MJ", "3.6"),
        ("1", "m3", "L", "1000"),
        ("2.5", "h", "min", "150"),
        ("1", "s", "h", "0.000277777778"),
        ("20", "Cel", "[degF]", "68"),
        ("-40", "[degF]", "Cel", "-40"),
        ("0", "Cel", "K", "273.15"),
        ("2", "a", "mo", "24"),
        ("50", "%", "1", "0.5"),
    ],
)
def test_conversion(value: str, source: str, target: str, expected: str) -> None:
    assert convert(Decimal(value), source, target) == Decimal(expected)


@pytest.mark.parametrize(
    ("code", "rec20"),
    [
        ("km", "KMT"), ("h", "HUR"), ("L", "LTR"), ("m3", "MTQ"), ("kW.h", "KWH"), ("1", "C62"),
        ("{cycle}", "C62"), ("min", "MIN"), ("s", "SEC"), ("d", "DAY"), ("mo", "MON"),
        ("kg", "KGM"), ("t", "TNE"), ("m", "MTR"), ("[mi_i]", "SMI"),
    ],
)  # fmt: skip
def test_codes_for_invoices(code: str, rec20: str) -> None:
    assert unit(code).rec20 == rec20


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [("furlong", "km", "unknown_unit"), ("km", "kg", "unit_mismatch"),
     ("{cycle}", "{piece}", "unit_mismatch"), ("mo", "d", "unit_mismatch")],
)  # fmt: skip
def test_refused(source: str, target: str, reason: str) -> None:
    with pytest.raises(BadValue) as refused:
        convert(Decimal(1), source, target)
    assert refused.value.reason == reason


def test_a_unit_may_be_any_object_and_is_only_refused() -> None:
    with pytest.raises(BadValue):
        unit(["km"])  # type: ignore[arg-type]


@given(st.sampled_from(sorted(UNITS)), st.decimals(-1000, 1000, places=3))
def test_a_unit_converts_to_itself_without_a_change(code: str, value: Decimal) -> None:
    assert convertible(code, code)
    assert convert(value, code, code) == value


def test_every_unit_is_whole() -> None:
    assert len(UNITS) >= 60
    for item in UNITS.values():
        assert item.rec20
        assert item.name("de")
        assert item.name("en")
        assert item.factor > 0


def test_shown_with_its_symbol() -> None:
    assert format_with_unit(Decimal("105"), "{cycle}", "de") == "105\u00a0Zyklen"
    assert format_with_unit(Decimal("1234.5"), "kW.h", "en") == "1,234.5\u00a0kWh"
    assert format_with_unit(Decimal("1"), "1", "en") == "1"


def test_one_of_what_is_counted() -> None:
    assert unit("{wash}").one("en") == "wash"
    assert unit("{wash}").one("de-at") == "Waschgang"
    assert unit("kW.h").one("de") == "kWh"
    assert unit("1").one("en") == "one"
