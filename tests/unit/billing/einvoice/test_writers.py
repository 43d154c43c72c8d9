"""What stands where in CII and UBL, by exact values."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from lxml import etree

from apps.billing.domain.einvoice.cii import NAMESPACES, write_cii
from apps.billing.domain.einvoice.document import (
    Document,
    DocumentLine,
    Kind,
    Preceding,
    sums_of,
    taxes_of,
)
from apps.billing.domain.einvoice.profiles import XRECHNUNG, as_xrechnung, xrechnung_gaps
from apps.billing.domain.einvoice.ubl import write_ubl
from tests.documents import BUYERS, SELLER, generated

WRITERS = {"cii": write_cii, "ubl": write_ubl}
UBL = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
LINES = (
    DocumentLine(
        "1", "Gefahrene Kilometer", Decimal("48217.5"), Decimal("0.067"), 323057, "S", Decimal(19),
        unit="km", first_day=date(2026, 10, 1), last_day=date(2026, 10, 31), asset="LKW 12",
        cost_centre="4711",
    ),
    DocumentLine(
        "2", "Malus Verfügbarkeit", Decimal(-3), Decimal("12.5"), -3750, "S", Decimal(19), unit="h"
    ),
)  # fmt: skip


def document(kind: str = Kind.INVOICE, lines: tuple[DocumentLine, ...] = LINES) -> Document:
    taxes = taxes_of(lines)
    return Document(
        kind=kind, number="RE-2026-00042", issued_on=date(2026, 11, 2), currency="EUR",
        seller=SELLER, buyer=BUYERS["DE"], lines=lines, taxes=taxes, sums=sums_of(lines, taxes),
        due_on=date(2026, 12, 2), first_day=date(2026, 10, 1), last_day=date(2026, 10, 31),
    )  # fmt: skip


def in_cii(written: bytes, path: str) -> list[str]:
    return etree.fromstring(written).xpath(f"{path}/text()", namespaces=NAMESPACES)


def in_ubl(written: bytes, path: str) -> list[str]:
    return etree.fromstring(written).xpath(f"{path}/text()", namespaces=UBL)


def test_cii_carries_the_figures_to_the_cent():
    written = write_cii(document())
    assert in_cii(written, "//ram:BilledQuantity") == ["48217.5", "-3"]
    assert in_cii(written, "//ram:NetPriceProductTradePrice/ram:ChargeAmount") == ["0.067", "12.5"]
    assert in_cii(written, "//ram:LineTotalAmount") == ["3230.57", "-37.50", "3193.07"]
    # 3193.07 × 0.19 = 606.6833
    assert in_cii(written, "//ram:TaxTotalAmount") == ["606.68"]
    assert in_cii(written, "//ram:DuePayableAmount") == ["3799.75"]
    assert in_cii(written, "//ram:BillingSpecifiedPeriod/ram:EndDateTime/udt:DateTimeString") == [
        "20261031", "20261031",
    ]  # fmt: skip


def test_ubl_carries_the_figures_to_the_cent():
    written = write_ubl(document())
    assert in_ubl(written, "//cbc:InvoicedQuantity") == ["48217.5", "-3"]
    assert in_ubl(written, "//cac:Price/cbc:PriceAmount") == ["0.067", "12.5"]
    assert in_ubl(written, "//cbc:LineExtensionAmount") == ["3193.07", "3230.57", "-37.50"]
    assert in_ubl(written, "/*/cac:TaxTotal/cbc:TaxAmount") == ["606.68"]
    assert in_ubl(written, "//cbc:PayableAmount") == ["3799.75"]
    assert in_ubl(written, "/*/cbc:DueDate") == ["2026-12-02"]


def test_physical_units_are_codes_of_recommendation_20():
    units = {"km": "KMT", "h": "HUR", "L": "LTR", "m3": "MTQ", "kW.h": "KWH", "{wash}": "C62"}
    lines = tuple(replace(LINES[0], unit=unit) for unit in units)
    cii, ubl = write_cii(document(lines=lines)), write_ubl(document(lines=lines))
    tree = etree.fromstring(cii)
    found = tree.xpath("//ram:BilledQuantity/@unitCode", namespaces=NAMESPACES)
    assert found == list(units.values())
    found = etree.fromstring(ubl).xpath("//cbc:InvoicedQuantity/@unitCode", namespaces=UBL)
    assert found == list(units.values())


def test_a_credit_note_is_a_document_of_its_own_with_positive_lines():
    credit = document(Kind.CREDIT_NOTE, LINES[:1])
    credit = replace(credit, preceding=(Preceding("RE-2026-00041", date(2026, 10, 2)),))
    written = write_ubl(credit)
    assert etree.QName(etree.fromstring(written)).localname == "CreditNote"
    assert in_ubl(written, "//cbc:CreditNoteTypeCode") == ["381"]
    assert in_ubl(written, "//cbc:CreditedQuantity") == ["48217.5"]
    assert in_ubl(written, "//cac:InvoiceDocumentReference/cbc:ID") == ["RE-2026-00041"]
    assert in_cii(write_cii(credit), "//rsm:ExchangedDocument/ram:TypeCode") == ["381"]


@pytest.mark.parametrize("syntax", list(WRITERS))
def test_text_that_no_xml_can_hold_is_left_out_and_the_rest_is_escaped(syntax):
    odd = replace(LINES[0], title="A\x00 & <b>\x0b", note="]]> \ud800")
    written = WRITERS[syntax](document(lines=(odd,)))
    assert b"A &amp; &lt;b&gt;" in written
    etree.fromstring(written)


@pytest.mark.parametrize("syntax", list(WRITERS))
@pytest.mark.parametrize("seed", range(15))
def test_no_element_is_empty(syntax, seed):
    tree = etree.fromstring(WRITERS[syntax](generated(seed)))
    assert [item.tag for item in tree.iter() if not len(item) and not item.text] == []


def test_an_xrechnung_says_so_and_names_what_it_lacks():
    given = replace(document(), buyer_reference="04011000-12345-34")
    written = write_ubl(as_xrechnung(given))
    assert in_ubl(written, "/*/cbc:CustomizationID") == [XRECHNUNG]
    gaps = xrechnung_gaps(replace(given, seller=replace(SELLER, contact_phone="")))
    assert [(gap.rule, gap.field) for gap in gaps] == [
        ("BR-DE-1", "payments"), ("BR-DE-6", "seller.contact_phone"),
        ("BR-DE-27", "seller.contact_phone"),
    ]  # fmt: skip
    assert xrechnung_gaps(replace(given, payments=generated(0).payments)) == ()
