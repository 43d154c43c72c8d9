"""The document value: its sums, its kinds, its codes."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing.domain.einvoice.document import (
    Adjustment,
    Document,
    DocumentLine,
    Kind,
    Party,
    sums_of,
    taxes_of,
)
from apps.common.quantity import BadValue


def line(net_minor: int, percent: str = "19", category: str = "S", **more: object) -> DocumentLine:
    return DocumentLine(
        id="1", title="Driving", quantity=Decimal(1), unit_price=Decimal(net_minor) / 100,
        net_minor=net_minor, tax_category=category, tax_percent=Decimal(percent), unit="km",
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def document(*lines: DocumentLine, kind: str = Kind.INVOICE, currency: str = "EUR") -> Document:
    taxes = taxes_of(lines)
    return Document(
        kind=kind, number="RE-2026-00001", issued_on=date(2026, 11, 28), currency=currency,
        seller=Party("Reifen AG", "DE"), buyer=Party("Spedition GmbH", "DE"), lines=lines,
        taxes=taxes, sums=sums_of(lines, taxes),
    )  # fmt: skip


def test_tax_is_on_the_sum_per_category_and_rate():
    # 3 × 0.33 at 19 %: 0.99 × 0.19 = 0.1881 -> 0.19, though each line alone would give 0.06.
    taxes = taxes_of([line(33), line(33), line(33), line(1000, "7")])
    assert [(tax.percent, tax.net_minor, tax.tax_minor) for tax in taxes] == [
        (Decimal(7), 1000, 70),
        (Decimal(19), 99, 19),
    ]


def test_a_tax_that_is_not_charged_says_why():
    reasons = {"AE": ("Reverse charge", "VATEX-EU-AE")}
    (tax,) = taxes_of([line(500, "0", "AE")], reasons=reasons)
    assert (tax.tax_minor, tax.reason, tax.reason_code) == (0, "Reverse charge", "VATEX-EU-AE")


def test_allowances_and_charges_move_net_tax_and_due():
    adjustments = [
        Adjustment(False, 1000, tax_category="S", tax_percent=Decimal(19)),
        Adjustment(True, 250, tax_category="S", tax_percent=Decimal(19)),
    ]
    taxes = taxes_of([line(10000)], adjustments)
    sums = sums_of([line(10000)], taxes, adjustments, paid_minor=1000)
    assert (sums.line_net_minor, sums.allowance_minor, sums.charge_minor) == (10000, 1000, 250)
    # 92.50 × 0.19 = 17.575 -> 17.58
    assert (sums.net_minor, sums.tax_minor, sums.gross_minor) == (9250, 1758, 11008)
    assert (sums.paid_minor, sums.due_minor) == (1000, 10008)


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20))
def test_net_and_tax_are_gross_and_due(nets):
    lines = [line(net, "19" if net % 2 else "7") for net in nets]
    taxes = taxes_of(lines)
    sums = sums_of(lines, taxes)
    assert sums.net_minor == sum(nets) == sum(tax.net_minor for tax in taxes)
    assert sums.gross_minor == sums.net_minor + sums.tax_minor == sums.due_minor


@pytest.mark.parametrize(
    ("kind", "is_credit", "is_self_billed"),
    [
        (Kind.INVOICE, False, False), (Kind.CREDIT_NOTE, True, False),
        (Kind.CORRECTED, False, False), (Kind.SELF_BILLED, False, True),
        (Kind.SELF_BILLED_CREDIT, True, True),
    ],
)  # fmt: skip
def test_kinds_say_which_way_the_money_goes_and_who_wrote_them(kind, is_credit, is_self_billed):
    found = document(line(100), kind=kind)
    assert (found.is_credit, found.is_self_billed) == (is_credit, is_self_billed)


def test_a_currency_with_three_decimals_has_no_xml():
    assert document(line(100)).has_xml
    assert document(line(100), currency="JPY").has_xml
    assert not document(line(100), currency="TND").has_xml


def test_the_unit_of_a_line_is_a_code_of_recommendation_20():
    assert line(1).unit_code == "KMT"
    assert replace(line(1), unit="", rec20="XPX").unit_code == "XPX"
    with pytest.raises(BadValue, match="unknown_unit"):
        _ = replace(line(1), unit="furlong").unit_code
