"""A document between two companies as EN 16931 sees it: one frozen value for writing and reading.

Field names are ours; the business terms of EN 16931-1 (BT-…, BG-…) stand beside them. Amounts are
minor units of the document's currency, quantities and unit prices exact decimals, days are calendar
days, and a period includes both of its days.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from apps.common.money import minor_digits
from apps.common.units import unit as unit_of
from apps.pricing.tax import TaxedNet, tax_totals


class Kind(StrEnum):
    """The UNTDID 1001 codes the portal writes; a document that is read may carry another one."""

    INVOICE = "380"
    CREDIT_NOTE = "381"
    CORRECTED = "384"
    SELF_BILLED = "389"
    SELF_BILLED_CREDIT = "261"


# UNTDID 1001 codes whose positive amounts the seller owes the buyer (EN 16931: credit notes), and
# those the buyer writes in the seller's name.
CREDIT_KINDS = frozenset(
    {"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "502", "503", "532"}
)
SELF_BILLED_KINDS = frozenset({"389", "261", "471", "473", "500", "501", "502", "527"})


@dataclass(frozen=True, slots=True)
class Party:
    """Seller (BG-4) or buyer (BG-7). `legal_scheme` is an ISO 6523 code, `endpoint_scheme` an EAS code."""

    name: str
    country: str
    street: str = ""
    street_more: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    trading_name: str = ""
    vat_id: str = ""
    tax_number: str = ""
    legal_id: str = ""
    legal_scheme: str = ""
    legal_form: str = ""
    identifier: str = ""
    endpoint: str = ""
    endpoint_scheme: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """How to pay (BG-16): UNTDID 4461 code, account, and what to write on the transfer (BT-83)."""

    code: str
    iban: str = ""
    bic: str = ""
    account_name: str = ""
    reference: str = ""
    mandate: str = ""
    creditor_id: str = ""
    debited_iban: str = ""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An allowance or a charge of the whole document (BG-20, BG-21) or of a line (BG-27, BG-28).

    The amount is positive; `is_charge` says which way it goes. Of a line the tax is the line's.
    """

    is_charge: bool
    amount_minor: int
    reason: str = ""
    reason_code: str = ""
    tax_category: str = ""
    tax_percent: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One line (BG-25). `unit` is UCUM where we know it, `rec20` what stands in the XML (BT-130).

    `group` heads lines that have a subtotal; `asset` is the label of the thing (BT-128 when written).
    """

    id: str
    title: str
    quantity: Decimal
    unit_price: Decimal
    net_minor: int
    tax_category: str
    tax_percent: Decimal
    unit: str = ""
    rec20: str = ""
    note: str = ""
    description: str = ""
    price_base: Decimal = Decimal(1)
    first_day: date | None = None
    last_day: date | None = None
    asset: str = ""
    group: str = ""
    cost_centre: str = ""
    order_line: str = ""
    seller_item: str = ""
    buyer_item: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()

    @property
    def unit_code(self) -> str:
        """The Recommendation 20 code: as given, else that of the UCUM unit. Raises BadValue."""
        return self.rec20 or unit_of(self.unit).rec20


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """One category (UNCL 5305) and rate (BG-23), with why nothing is charged and its VATEX code."""

    category: str
    percent: Decimal
    net_minor: int
    tax_minor: int
    reason: str = ""
    reason_code: str = ""


@dataclass(frozen=True, slots=True)
class Preceding:
    """An earlier document this one belongs to (BG-3)."""

    number: str
    issued_on: date | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A supporting document (BG-24): embedded (`content`) or somewhere else (`location`)."""

    id: str
    description: str = ""
    location: str = ""
    mime: str = ""
    file_name: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Sums:
    """Document totals (BG-22): lines − allowances + charges = net; net + tax = gross; due is the rest.

    `due = gross − paid + rounding`.
    """

    line_net_minor: int
    net_minor: int
    tax_minor: int
    gross_minor: int
    due_minor: int
    allowance_minor: int = 0
    charge_minor: int = 0
    paid_minor: int = 0
    rounding_minor: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice, credit note or self-billed document; amounts of a credit note are positive.

    Of a self-billed document the seller is the partner that is paid; the buyer wrote it.
    `language` (de, en) is what its texts are in; it is no business term and stays empty when read.
    """

    kind: str
    number: str
    issued_on: date
    currency: str
    seller: Party
    buyer: Party
    lines: tuple[DocumentLine, ...]
    taxes: tuple[TaxTotal, ...]
    sums: Sums
    language: str = ""
    due_on: date | None = None
    tax_point_on: date | None = None
    delivered_on: date | None = None
    delivery_country: str = ""
    first_day: date | None = None
    last_day: date | None = None
    buyer_reference: str = ""
    order_number: str = ""
    sales_order: str = ""
    contract: str = ""
    project: str = ""
    cost_centre: str = ""
    payee: str = ""
    payments: tuple[Payment, ...] = ()
    payment_terms: str = ""
    preceding: tuple[Preceding, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    notes: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    tax_currency: str = ""
    tax_in_tax_currency_minor: int | None = None
    profile: str = ""
    process: str = ""

    @property
    def is_credit(self) -> bool:
        return self.kind in CREDIT_KINDS

    @property
    def is_self_billed(self) -> bool:
        return self.kind in SELF_BILLED_KINDS

    @property
    def has_xml(self) -> bool:
        """EN 16931 allows two decimals in amounts; a currency with three has no such XML."""
        return minor_digits(self.currency) <= 2


Reasons = Mapping[str, tuple[str, str]]
NO_REASONS: Reasons = {}


def taxes_of(
    lines: Iterable[DocumentLine],
    adjustments: Iterable[Adjustment] = (),
    reasons: Reasons = NO_REASONS,
) -> tuple[TaxTotal, ...]:
    """Tax on the sum per category and rate. `reasons`: category -> (text, VATEX code)."""
    taxed = [TaxedNet(line.tax_category, line.tax_percent, line.net_minor) for line in lines]
    taxed += [TaxedNet(item.tax_category, item.tax_percent, _signed(item)) for item in adjustments]
    return tuple(
        TaxTotal(
            total.category, total.rate, total.base_minor, total.tax_minor,
            *reasons.get(total.category, ("", "")),
        )
        for total in tax_totals(taxed)
    )  # fmt: skip


def sums_of(
    lines: Iterable[DocumentLine],
    taxes: Iterable[TaxTotal],
    adjustments: Iterable[Adjustment] = (),
    paid_minor: int = 0,
) -> Sums:
    """The totals that lines, taxes and adjustments come to (EN 16931, BR-CO-10 to BR-CO-16)."""
    of_lines = sum(line.net_minor for line in lines)
    amounts = [_signed(item) for item in adjustments]
    net, tax = of_lines + sum(amounts), sum(total.tax_minor for total in taxes)
    return Sums(
        line_net_minor=of_lines, net_minor=net, tax_minor=tax, gross_minor=net + tax,
        due_minor=net + tax - paid_minor,
        allowance_minor=-sum(amount for amount in amounts if amount < 0),
        charge_minor=sum(amount for amount in amounts if amount > 0),
        paid_minor=paid_minor,
    )  # fmt: skip


def _signed(item: Adjustment) -> int:
    return item.amount_minor if item.is_charge else -item.amount_minor
