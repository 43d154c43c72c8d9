"""Bounded decimals: how numbers come in, how they are written, how they are shown."""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation

INTEGER_DIGITS = 18
FRACTION_DIGITS = 12
_LONGEST_TEXT = 64
_LARGEST_EXPONENT = 40

# Sums and products of bounded values fit 80 digits; anything that does not raises Inexact.
EXACT = Context(prec=80, traps=[Inexact, InvalidOperation])
_DIVISION = Context(prec=60, rounding=ROUND_HALF_UP, traps=[DivisionByZero, InvalidOperation])
_FINEST = Decimal(1).scaleb(-FRACTION_DIGITS)

_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?")
_SEPARATORS = {"de": (".", ","), "en": (",", ".")}


class BadValue(ValueError):
    """A value is refused: a reason code a program can read, and its parameters."""

    def __init__(self, reason: str, params: Mapping[str, str] | None = None) -> None:
        self.reason = reason
        self.params = dict(params or {})
        super().__init__(reason + (f" {self.params}" if self.params else ""))


def parse_decimal(text: object) -> Decimal:
    """A decimal of at most 18 integer and 12 fraction digits; -0 becomes 0.

    Takes text, int or Decimal. The size is judged on the text, before any arithmetic.
    Raises BadValue: not_a_number, too_long, exponent_too_large, too_large, too_precise.
    """
    if isinstance(text, bool) or not isinstance(text, (str, int, Decimal)):
        raise BadValue("not_a_number", {"type": type(text).__name__})
    if isinstance(text, int) and abs(text) >= 10**INTEGER_DIGITS:
        raise BadValue("too_large", {"digits": str(INTEGER_DIGITS)})
    return _bounded(str(text))


def _bounded(text: str) -> Decimal:
    if len(text) > _LONGEST_TEXT:
        raise BadValue("too_long", {"characters": str(_LONGEST_TEXT)})
    sign, whole, fraction, exponent = _parts(text)
    if exponent is not None and abs(int(exponent)) > _LARGEST_EXPONENT:
        raise BadValue("exponent_too_large", {"value": text})
    digits = (whole + fraction).lstrip("0")
    scale = len(fraction) - int(exponent or 0)
    shortened = digits.rstrip("0")
    scale -= len(digits) - len(shortened)
    if shortened and len(shortened) - scale > INTEGER_DIGITS:
        raise BadValue("too_large", {"digits": str(INTEGER_DIGITS)})
    if shortened and scale > FRACTION_DIGITS:
        raise BadValue("too_precise", {"digits": str(FRACTION_DIGITS)})
    value = Decimal(shortened or "0").scaleb(-scale if shortened else 0, EXACT)
    return plain(value.copy_negate() if sign == "-" else value)


def _parts(text: str) -> tuple[str, str, str, str | None]:
    match = _NUMBER.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        # An exponent of five digits and more is still a number, only far out of bounds.
        if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?[eE][+-]?[0-9]{5,}", text):
            raise BadValue("exponent_too_large", {"value": text})
        raise BadValue("not_a_number", {"value": text})
    return match[1], match[2], match[3] or "", match[4]


def plain(value: Decimal) -> Decimal:
    """The same value without exponent, trailing zeros or a negative zero."""
    return Decimal(canonical(value))


def canonical(value: Decimal) -> str:
    """One text per value: '1200', '0.5', '0'; no exponent, no trailing zeros, no '-0'."""
    if not value.is_finite():
        raise BadValue("not_a_number", {"value": str(value)})
    # Without an exponent both say the same, and `str` does so in a third of the time.
    text = str(value)
    if "E" in text:
        text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def divide(dividend: Decimal, divisor: Decimal) -> Decimal:
    """The one division of quantities: 60 digits, rounded half up, the same everywhere."""
    return _DIVISION.divide(dividend, divisor)


def multiply(*factors: Decimal) -> Decimal:
    """An exact product, whatever the caller's decimal context. Raises Inexact past 80 digits."""
    product = Decimal(1)
    for factor in factors:
        product = EXACT.multiply(product, factor)
    return product


def subtract(minuend: Decimal, subtrahend: Decimal) -> Decimal:
    """An exact difference, whatever the caller's decimal context."""
    return EXACT.subtract(minuend, subtrahend)


def bounded(value: Decimal) -> Decimal:
    """A computed value brought to 12 fraction digits, half up. Raises BadValue too_large."""
    if not value.is_finite():
        raise BadValue("not_a_number", {"value": str(value)})
    if value.adjusted() >= INTEGER_DIGITS:
        raise BadValue("too_large", {"digits": str(INTEGER_DIGITS)})
    return plain(value.quantize(_FINEST, context=_DIVISION))


def add(*parts: Decimal) -> Decimal:
    """An exact sum, whatever the caller's decimal context. Raises Inexact past 80 digits."""
    result = Decimal(0)
    for part in parts:
        result = EXACT.add(result, part)
    return result


def format_number(value: Decimal, language: str) -> str:
    """Digits grouped as the language does: '1.234,5' in German, '1,234.5' in English."""
    group, point = _SEPARATORS.get(language[:2], _SEPARATORS["en"])
    text = f"{value:,f}"
    return text.translate({ord(","): group, ord("."): point})


def format_quantity(value: Decimal, language: str) -> str:
    """A quantity for people: grouped, without trailing zeros."""
    return format_number(plain(value), language)
