"""Bank details, checked as far as they can be without a bank.

The register of banks is loaded by the first IBAN that is given.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schwifty import IBAN

# Payouts to new bank details wait as long, so that a stolen log-in cannot lead money away unseen.
COOL_DOWN = timedelta(hours=72)


class BadIban(ValueError):
    """The number is no IBAN: length, country, or check digits (ISO 13616, ISO 7064 mod 97-10)."""


@dataclass(frozen=True, slots=True)
class BankDetails:
    """IBAN without spaces; BIC where the country's register of banks tells it, else empty."""

    iban: str
    bic: str


def bank_details(text: str) -> BankDetails:
    """Raises BadIban."""
    from schwifty import IBAN
    from schwifty.exceptions import SchwiftyException

    compact = "".join(text.split()).upper()
    if not compact.isascii() or not 15 <= len(compact) <= 34:
        raise BadIban("no IBAN")
    try:
        iban = IBAN(compact)
        return BankDetails(str(iban), _bic(iban))
    except (SchwiftyException, ValueError) as error:
        raise BadIban(str(error)) from None


def _bic(iban: "IBAN") -> str:
    from schwifty.exceptions import SchwiftyException

    try:
        return str(iban.bic or "")
    except (SchwiftyException, ValueError):
        return ""


def is_creditor_id(text: str) -> bool:
    """SEPA creditor identifier: country, two check digits, business code, national part.

    Check digits by ISO 7064 mod 97-10 over national part, country and digits, without the
    business code (EPC262-08).
    """
    compact = "".join(text.split()).upper()
    if not compact.isascii() or not compact.isalnum() or not 8 <= len(compact) <= 35:
        return False
    turned = compact[7:] + compact[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def in_groups(iban: str) -> str:
    """For people: DE89 3704 0044 0532 0130 00."""
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


def cooled_down_at(changed_at: datetime) -> datetime:
    """From when on money may go to bank details that were changed then."""
    return changed_at + COOL_DOWN
