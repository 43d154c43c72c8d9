"""Minor units as Stripe counts them (docs.stripe.com/currencies, “Special cases”)."""

# Zero-decimal by ISO 4217, but counted in hundredths by Stripe.
COUNTED_IN_HUNDREDTHS = {"ISK"}
# Three decimals, of which Stripe takes two.
LAST_DIGIT_ZERO = {"BHD", "JOD", "KWD", "OMR", "TND"}


class NotPayable(ValueError):
    """The provider cannot move exactly this amount."""


def to_provider(minor: int, currency: str) -> int:
    """Our minor units as Stripe's number. Raises NotPayable where it would have to be rounded."""
    if currency in COUNTED_IN_HUNDREDTHS:
        return minor * 100
    if currency in LAST_DIGIT_ZERO and minor % 10:
        raise NotPayable(f"{minor} {currency}")
    return minor


def from_provider(number: int, currency: str) -> int:
    """Stripe's number as our minor units. Raises NotPayable for a part of one."""
    if currency not in COUNTED_IN_HUNDREDTHS:
        return number
    if number % 100:
        raise NotPayable(f"{number} {currency}")
    return number // 100
