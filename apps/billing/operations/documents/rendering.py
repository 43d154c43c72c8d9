"""A document as PDF/A-3 and XML. Knows the value alone, so that every app that builds one can."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import groupby
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext_lazy

from apps.billing.domain.einvoice.cii import write_cii
from apps.billing.domain.einvoice.document import Document, DocumentLine, Kind, Payment
from apps.billing.domain.einvoice.profiles import as_xrechnung, xrechnung_gaps
from apps.billing.domain.einvoice.ubl import write_ubl
from apps.billing.operations.documents.factur_x import RELATIONSHIP, XML_NAME, with_factur_x
from apps.common.printing import NoRenderer, laid_out, pdf_of, renderer

# German law keeps “Gutschrift” for what the recipient of a service writes (§ 14 UStG).
TITLES: dict[str, Any] = {
    Kind.INVOICE: pgettext_lazy("document", "Invoice"),
    Kind.CREDIT_NOTE: pgettext_lazy("document", "Credit note"),
    Kind.CORRECTED: pgettext_lazy("document", "Corrected invoice"),
    Kind.SELF_BILLED: pgettext_lazy("document", "Self-billed invoice"),
    Kind.SELF_BILLED_CREDIT: pgettext_lazy("document", "Self-billed credit note"),
}
LANGUAGES = ("de", "en")
__all__ = ["Files", "NoRenderer", "page_of", "render_files", "render_pdf"]
_IBAN_GROUP = 4
STYLE = Path(settings.BASE_DIR) / "templates" / "billing" / "documents" / "document.css"


@dataclass(frozen=True, slots=True)
class Files:
    """A document's files; empty where it has none of that form."""

    pdf: bytes
    cii: bytes = b""
    ubl: bytes = b""
    xrechnung: bytes = b""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading, and what they come to; lines without a heading stand alone."""

    name: str
    lines: Sequence[DocumentLine]
    net_minor: int


def render_files(document: Document) -> Files:
    """Every form of the document. Without XML where its currency has more than two decimals.

    An XRechnung is made where the document has all it asks for. Raises NoRenderer.
    """
    if not document.has_xml:
        return Files(pdf=render_pdf(document))
    cii, xrechnung = write_cii(document), b""
    if not xrechnung_gaps(document):
        xrechnung = write_ubl(as_xrechnung(document))
    return Files(render_pdf(document, cii), cii, write_ubl(document), xrechnung)


def render_pdf(document: Document, xml: bytes = b"") -> bytes:
    """PDF/A-3b in the document's language, with the XML in it if there is one. Raises NoRenderer."""
    layout = laid_out(page_of(document), STYLE)
    if xml:
        layout.metadata.attachments = [_attached(renderer()[0], document, xml)]
        plain = layout.metadata.generate_rdf_metadata
        layout.metadata.generate_rdf_metadata = lambda *about: with_factur_x(plain(*about))
    written: bytes = layout.write_pdf(pdf_variant="pdf/a-3b", finisher=_name_files_once)
    return written


def render_page(html: str) -> bytes:
    """A page in the documents' style as PDF/A-3b, with nothing in it. Raises NoRenderer."""
    return pdf_of(html, STYLE)


def page_of(document: Document) -> str:
    """The document's page as HTML, in its language."""
    language = document.language if document.language in LANGUAGES else "en"
    writer, reader = document.seller, document.buyer
    if document.is_self_billed:
        writer, reader = reader, writer
    with override(language):
        context = {
            "document": document, "writer": writer, "reader": reader,
            "title": str(TITLES.get(document.kind, TITLES[Kind.INVOICE])),
            "groups": list(groups_of(document.lines)), "ways": list(labels_of(document.payments)),
        }  # fmt: skip
        return render_to_string("billing/documents/document.html", context)


def groups_of(lines: Sequence[DocumentLine]) -> Iterator[Group]:
    """Neighbouring lines with the same heading."""
    for name, found in groupby(lines, key=lambda line: line.group):
        chosen = list(found)
        yield Group(name, chosen, sum(line.net_minor for line in chosen))


def labels_of(payments: Sequence[Payment]) -> Iterator[tuple[str, str]]:
    """Each filled part of each way to pay with its label, in the language at hand."""
    for way in payments:
        wanted = [
            (_("Recipient"), way.account_name), ("IBAN", _in_fours(way.iban)), ("BIC", way.bic),
            (_("Mandate"), way.mandate),
        ]  # fmt: skip
        yield from ((label, text) for label, text in wanted if text)


def _in_fours(iban: str) -> str:
    starts = range(0, len(iban), _IBAN_GROUP)
    return "\u00a0".join(iban[start : start + _IBAN_GROUP] for start in starts)


def _name_files_once(_layout: Any, pdf: Any) -> None:
    """WeasyPrint names an attachment twice among the file's associated ones."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])


def _attached(weasyprint: Any, document: Document, xml: bytes) -> Any:
    day = datetime.combine(document.issued_on, time(), UTC)
    return weasyprint.Attachment(
        string=xml, name=XML_NAME, description=f"EN 16931 {document.number}",
        created=day, modified=day, relationship=RELATIONSHIP,
    )  # fmt: skip
