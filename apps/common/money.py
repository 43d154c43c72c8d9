"""Money in minor units, its one rounding and its one division into parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from math import lcm

from apps.common.quantity import EXACT, format_number, plain

# ISO 4217: code -> digits after the point.
CURRENCIES: dict[str, int] = {
    "AED": 2, "AUD": 2, "BGN": 2, "BHD": 3, "BRL": 2, "CAD": 2, "CHF": 2, "CLP": 0,
    "CNY": 2, "COP": 2, "CZK": 2, "DKK": 2, "EGP": 2, "EUR": 2, "GBP": 2, "HKD": 2,
    "HUF": 2, "IDR": 2, "ILS": 2, "INR": 2, "ISK": 0, "JOD": 3, "JPY": 0, "KRW": 0,
    "KWD": 3, "MAD": 2, "MXN": 2, "MYR": 2, "NOK": 2, "NZD": 2, "OMR": 3, "PHP": 2,
    "PLN": 2, "RON": 2, "RSD": 2, "SAR": 2, "SEK": 2, "SGD": 2, "THB": 2, "TND": 3,
    "TRY": 2, "TWD": 2, "UAH": 2, "USD": 2, "VND": 0, "ZAR": 2,
}  # fmt: skip

_ROUNDING = Context(prec=80, rounding=ROUND_HALF_UP)


class UnknownCurrency(ValueError):
    """The code is not in the table of currencies."""


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum or comparison."""


def minor_digits(currency: str) -> int:
    """Digits after the point: 2 for EUR, 0 for JPY, 3 for TND. Raises UnknownCurrency."""
    try:
        return CURRENCIES[currency]
    except KeyError:
        raise UnknownCurrency(f"unknown currency {currency!r}") from None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents for EUR, yen for JPY) of one currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        minor_digits(self.currency)
        if type(self.minor) is not int:
            raise TypeError(f"minor units are whole numbers, not {type(self.minor).__name__}")

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} never meet")
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def to_decimal(self) -> Decimal:
        """The amount in the currency's main unit: 369 cents are Decimal('3.69')."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency), EXACT)

    def __str__(self) -> str:
        return f"{self.to_decimal():f} {self.currency}"


def zero(currency: str) -> Money:
    return Money(0, currency)


def total(parts: Iterable[Money], currency: str) -> Money:
    """Sum of the parts; the currency is named so that an empty sum has one too."""
    result = zero(currency)
    for part in parts:
        result = result + part
    return result


def round_half_up(amount: Decimal, currency: str) -> Money:
    """The one rounding of money: to the minor unit, halves away from zero (3.685 -> 3.69)."""
    return Money(rounded_minor(amount.scaleb(minor_digits(currency), EXACT)), currency)


def rounded_minor(minor: Decimal) -> int:
    """A broken number of minor units to whole ones, halves away from zero."""
    return int(minor.quantize(Decimal(1), context=_ROUNDING))


def rounded_fraction(minor: Fraction) -> int:
    """An exact fraction of minor units to whole ones, halves away from zero; the same for x and -x."""
    if minor < 0:
        return -rounded_fraction(-minor)
    return (2 * minor.numerator + minor.denominator) // (2 * minor.denominator)


def allocate(total_minor: int, weights: Sequence[Decimal | int | Fraction]) -> list[int]:
    """Divide minor units by weight so that the parts sum to the whole exactly.

    Largest remainder; equal remainders go to the earlier weight. Symmetric:
    `allocate(-x, w) == [-part for part in allocate(x, w)]`. A weight of zero gets nothing.
    Raises ValueError for a negative weight, or when no weight is positive and x is not 0.
    """
    if total_minor < 0:
        return [-part for part in allocate(-total_minor, weights)]
    exact = [Fraction(weight) for weight in weights]
    # On their common denominator everything is whole numbers, a fifth of the time.
    common = lcm(*(weight.denominator for weight in exact))
    whole_weights = [weight.numerator * (common // weight.denominator) for weight in exact]
    whole = sum(whole_weights)
    if any(weight < 0 for weight in whole_weights):
        raise ValueError("weights are never negative")
    if not whole:
        if total_minor:
            raise ValueError("nobody to allocate to: all weights are zero")
        return [0] * len(exact)
    divided = [divmod(total_minor * weight, whole) for weight in whole_weights]
    parts = [part for part, _remainder in divided]
    by_remainder = sorted(range(len(parts)), key=lambda index: -divided[index][1])
    for index in by_remainder[: total_minor - sum(parts)]:
        parts[index] += 1
    return parts


def format_money(money: Money, language: str) -> str:
    """For people: '1.234,50 EUR' in German, '1,234.50 EUR' in English."""
    return f"{format_number(money.to_decimal(), language)}\u00a0{money.currency}"


def format_unit_price(value: Decimal, currency: str, language: str) -> str:
    """For people: at least the currency's minor digits ('1.20 EUR'), more when it has more."""
    price = plain(value)
    exponent = price.as_tuple().exponent
    if isinstance(exponent, int) and -exponent < minor_digits(currency):
        price = price.quantize(Decimal(1).scaleb(-minor_digits(currency)), context=_ROUNDING)
    return f"{format_number(price, language)}\u00a0{currency}"
