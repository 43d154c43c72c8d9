"""Value added tax on the platform's own fees, by where operator and company are.

A service between businesses is taxed where the buyer is (Directive 2006/112/EC, Art. 44); inside the EU the
buyer with a VAT id owes it (Art. 196).
"""

from dataclasses import dataclass
from decimal import Decimal

# fmt: off
EU = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class FeeTax:
    """`percent` on top of the fee; `is_reversed`: the company owes the tax itself."""

    percent: Decimal
    is_reversed: bool = False


def tax_on_fee(*, operator: str, rate: Decimal, country: str, vat_id: str) -> FeeTax:
    """Of a company in `country` (ISO 3166) with or without a VAT id; `rate` is the operator's, in percent."""
    if country == operator:
        return FeeTax(rate)
    if country in EU and operator in EU:
        return FeeTax(Decimal(0), True) if vat_id.strip() else FeeTax(rate)
    return FeeTax(Decimal(0))


def tax_id_of(*, country: str, vat_id: str) -> dict[str, str]:
    """A VAT id as the provider takes it (docs.stripe.com/billing/customer/tax-ids); empty where the EU gave none.

    An invoice whose buyer owes the tax names the buyer's id (Directive 2006/112/EC, Art. 226).
    """
    value = "".join(vat_id.split()).upper()
    return {"type": "eu_vat", "value": value} if value and country in EU else {}
