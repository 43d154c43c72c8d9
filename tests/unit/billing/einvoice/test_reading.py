"""What was written is read again to the cent; what is no document is refused with its place."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from apps.billing.domain.einvoice.cii import write_cii
from apps.billing.domain.einvoice.document import Adjustment, Attachment, sums_of, taxes_of
from apps.billing.domain.einvoice.profiles import EN16931, as_xrechnung
from apps.billing.domain.einvoice.reading import read_document
from apps.billing.domain.einvoice.safe_xml import Unreadable
from apps.billing.domain.einvoice.ubl import write_ubl
from tests.documents import generated

WRITERS = {"cii": write_cii, "ubl": write_ubl}


def as_read(document):
    """What is no business term is not in the XML; a unit is read by its code."""
    lines = tuple(replace(line, unit="", rec20=line.unit_code) for line in document.lines)
    profile = document.profile or EN16931
    return replace(document, lines=lines, language="", profile=profile)


@pytest.mark.parametrize("syntax", list(WRITERS))
def test_a_document_comes_back_as_it_was_written(syntax):
    for seed in range(60):
        document = generated(seed)
        assert as_read(read_document(WRITERS[syntax](document))) == as_read(document), seed


@pytest.mark.parametrize("syntax", list(WRITERS))
def test_rare_parts_come_back_too(syntax):
    base = generated(0)
    line = replace(
        base.lines[0], price_base=Decimal(100), order_line="7", seller_item="A-1", buyer_item="K-9",
        description="je 100 km", adjustments=(Adjustment(False, 500, "Rabatt", "95"),),
        attributes=(("Farbe", "blau"),), note="Zähler 4711", asset="LKW 12",
    )  # fmt: skip
    adjustments = (
        Adjustment(True, 990, "Fracht", "FC", "S", Decimal(19)),
        Adjustment(False, 250, "Skonto", "95", "S", Decimal(19)),
    )
    taxes = taxes_of((line,), adjustments)
    document = replace(
        as_xrechnung(base), lines=(line,), adjustments=adjustments, taxes=taxes,
        sums=replace(sums_of((line,), taxes, adjustments), rounding_minor=-3),
        payee="Inkasso AG", project="P-7", sales_order="AB-1", order_number="B-2", contract="C-3",
        tax_point_on=date(2026, 1, 31), tax_currency="SEK", tax_in_tax_currency_minor=12345,
        attachments=(Attachment("A1", "Nachweis", "", "text/csv", "nachweis.csv", b"a;b\n\xff"),
                     Attachment("A2", "Zeichnung", "https://example.org/a2.pdf")),
        notes=("#ADU#Unsere Bedingungen", "Danke"),
    )  # fmt: skip
    assert as_read(read_document(WRITERS[syntax](document))) == as_read(document)


def test_a_unit_we_know_has_its_ucum_code_and_another_keeps_its_own():
    document = generated(0)
    units = {"KMT": "km", "HUR": "h", "XPP": ""}
    for code, ucum in units.items():
        line = replace(document.lines[0], unit="", rec20=code)
        read = read_document(write_ubl(replace(document, lines=(line,)))).lines[0]
        assert (read.unit, read.rec20) == (ucum, code)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (b'currencyID="EUR">', b'currencyID="EUR">1e', "XML-VALUE"),
        (b"<cbc:DocumentCurrencyCode>EUR", b"<cbc:DocumentCurrencyCode>QQQ", "XML-VALUE"),
        (b"<cbc:IssueDate>20", b"<cbc:IssueDate>20x", "XML-VALUE"),
        (b"<cbc:DueDate>", b"<cbc:DueDate>2026-02-30", "XML-VALUE"),
        (b'currencyID="EUR">', b'currencyID="EUR">9999999999999999', "XML-VALUE"),
        (b"</Invoice>", b"", "XML-FORM"),
    ],
)
def test_values_that_are_none_are_refused_with_their_name(right, wrong, said):
    written = write_ubl(generated(0))
    assert right in written
    with pytest.raises(Unreadable) as caught:
        read_document(written.replace(right, wrong))
    assert caught.value.rule == said
    assert caught.value.text


def test_amounts_are_read_exactly_and_by_the_currency():
    """0.285 is no float on its way; a yen has no cents."""
    document = generated(0)
    line = replace(document.lines[0], unit_price=Decimal("0.000000000285"), net_minor=28)
    read = read_document(write_ubl(replace(document, lines=(line,))))
    assert (read.lines[0].unit_price, read.lines[0].net_minor) == (Decimal("0.000000000285"), 28)
    yen = read_document(write_ubl(replace(document, currency="JPY")))
    assert yen.sums == document.sums
