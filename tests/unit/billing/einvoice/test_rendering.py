"""What a PDF of a document is: an archive file with the XML in it, readable in both languages."""

import io
from dataclasses import replace
from datetime import date

import pypdf
import pytest
from lxml import etree

from apps.billing.domain.einvoice.cii import write_cii
from apps.billing.domain.einvoice.document import Kind, Preceding, sums_of, taxes_of
from apps.billing.operations.documents import NoRenderer, render_files, render_pdf
from apps.billing.operations.documents.factur_x import with_factur_x
from apps.billing.operations.documents.rendering import groups_of, page_of
from apps.common import printing
from tests.documents import generated
from tests.unit.billing.einvoice.test_writers import LINES, document

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
FX = "{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}"
PDFA = "{http://www.aiim.org/pdfa/ns/id/}"


@pytest.fixture(scope="module")
def given():
    return replace(document(), language="de", payments=generated(0).payments)


@pytest.fixture(scope="module")
def pdf(given):
    return pypdf.PdfReader(io.BytesIO(render_files(given).pdf))


@pytest.fixture(scope="module")
def catalog(pdf):
    return pdf.trailer["/Root"]


def test_every_font_is_embedded(pdf):
    fonts = [
        font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        for page in pdf.pages
        for font in page["/Resources"]["/Font"].values()
    ]
    assert fonts
    assert all(any(key.startswith("/FontFile") for key in font) for font in fonts)


def test_the_output_intent_names_a_colour_space_with_its_profile(catalog):
    (intent,) = catalog["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    assert len(intent["/DestOutputProfile"].get_object().get_data()) > 1000


def test_the_metadata_says_pdfa_3b_and_factur_x_once(catalog):
    metadata = etree.fromstring(catalog["/Metadata"].get_object().get_data())
    (rdf,) = metadata.findall(f"{RDF}RDF")
    found = [item for item in rdf if item.get(f"{PDFA}part")]
    assert [(item.get(f"{PDFA}part"), item.get(f"{PDFA}conformance")) for item in found] == [
        ("3", "B")
    ]
    assert rdf.findtext(f".//{FX}ConformanceLevel") == "EN 16931"
    assert rdf.findtext(f".//{FX}DocumentFileName") == "factur-x.xml"
    described = [item.text for item in rdf.iter("{http://www.aiim.org/pdfa/ns/property#}name")]
    assert sorted(described) == [
        "ConformanceLevel", "DocumentFileName", "DocumentType", "Version",
    ]  # fmt: skip


def test_the_xml_inside_is_the_xml_beside(pdf, catalog, given):
    (attached,) = [item.get_object() for item in catalog["/AF"]]
    assert attached["/AFRelationship"] == "/Alternative"
    assert attached["/UF"] == "factur-x.xml"
    assert attached["/EF"]["/F"].get_object()["/Subtype"] == "/text/xml"
    assert pdf.attachments["factur-x.xml"] == [write_cii(given)]
    assert pdf.trailer["/ID"]


def test_the_page_shows_every_figure(pdf):
    text = pdf.pages[0].extract_text().replace("\xa0", " ")
    for shown in (
        "Rechnung RE-2026-00042", "48.217,5 km", "0,067 EUR", "3.230,57 EUR", "-3 h", "-37,50 EUR",
        "USt. 19 % auf 3.193,07 EUR", "606,68 EUR", "3.799,75 EUR",
        "Bitte zahlen Sie 3.799,75 EUR bis zum 02.12.2026.", "DE02 1203 0000 0000 2020 51",
        "Steuernummer 20/292/01234", "Seite 1 / 1",
    ):  # fmt: skip
        assert shown in text


@pytest.mark.parametrize(
    ("kind", "language", "title"),
    [
        (Kind.INVOICE, "en", "Invoice RE-"), (Kind.CREDIT_NOTE, "en", "Credit note RE-"),
        # German law keeps “Gutschrift” for what the recipient writes.
        (Kind.CREDIT_NOTE, "de", "Rechnungskorrektur RE-"), (Kind.SELF_BILLED, "de", "Gutschrift RE-"),
        (Kind.SELF_BILLED, "en", "Self-billed invoice RE-"),
        (Kind.SELF_BILLED_CREDIT, "de", "Korrektur der Gutschrift RE-"),
    ],
)  # fmt: skip
def test_the_title_says_what_it_is_in_the_recipients_language(kind, language, title):
    earlier = (Preceding("RE-2026-00041", date(2026, 10, 2)),)
    page = page_of(replace(document(kind, LINES[:1]), language=language, preceding=earlier))
    assert f"<h1>{title}" in page
    assert "RE-2026-00041" in page


def test_a_self_billed_document_is_written_by_the_buyer():
    page = page_of(replace(document(Kind.SELF_BILLED), language="en"))
    assert '<div class="name">Gießerei Süd GmbH &amp; Co. KG</div>' in page
    assert "<b>Nordwind Verdichter AG</b>" in page
    assert "We pay 3,799.75\xa0EUR to you." in page


def test_what_a_person_typed_is_text_and_loads_nothing():
    odd = replace(LINES[0], title='<img src="file:///etc/passwd"><script>1</script>')
    page = page_of(document(lines=(odd,)))
    assert "<img" not in page
    assert "<script" not in page
    with pytest.raises(ValueError, match="loads nothing"):
        printing.load_nothing("file:///etc/passwd")


def test_a_currency_with_three_decimals_has_a_pdf_that_says_why_it_has_no_xml():
    lines = (replace(LINES[0], net_minor=3230573),)
    files = render_files(
        replace(
            document(lines=lines), currency="TND", language="en",
            taxes=taxes_of(lines), sums=sums_of(lines, taxes_of(lines)),
        )
    )  # fmt: skip
    assert (files.cii, files.ubl, files.xrechnung) == (b"", b"", b"")
    found = pypdf.PdfReader(io.BytesIO(files.pdf))
    assert found.attachments == {}
    text = " ".join(found.pages[0].extract_text().split())
    assert "3,230.573" in text
    assert "This PDF carries no EN 16931 XML" in text


def test_lines_are_grouped_with_a_subtotal_and_run_over_pages(given):
    lines = tuple(
        replace(LINES[0], id=str(number), group="Kiel" if number < 40 else "Lübeck")
        for number in range(60)
    )
    assert [(group.name, len(group.lines), group.net_minor) for group in groups_of(lines)] == [
        ("Kiel", 40, 40 * 323057), ("Lübeck", 20, 20 * 323057),
    ]  # fmt: skip
    found = pypdf.PdfReader(io.BytesIO(render_pdf(replace(given, lines=lines))))
    assert len(found.pages) > 1
    last = found.pages[-1].extract_text().replace("\xa0", " ")
    assert "Zwischensumme Lübeck" in last
    assert f"Seite {len(found.pages)} / {len(found.pages)}" in last
    assert all("Menge" in page.extract_text() for page in found.pages)


def test_a_machine_without_pango_says_what_to_install(monkeypatch):
    def missing(name, *rest, **more):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *rest, **more)

    real = __import__
    monkeypatch.setattr("builtins.__import__", missing)
    with pytest.raises(NoRenderer, match="apt-get install libpango"):
        printing.renderer.__wrapped__()


def test_metadata_without_rdf_is_refused():
    with pytest.raises(ValueError, match="no rdf"):
        with_factur_x(b"<x/>")
