"""The XML inside a Factur-X or ZUGFeRD PDF, taken out in the judge's own process.

A PDF can unpack to far more than it holds and keep a parser busy for ever; time and memory of the
process bound both.
"""

import io
from contextlib import suppress

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from apps.billing.domain.einvoice.findings import NO_PDF, NO_XML_IN_PDF
from apps.billing.domain.einvoice.safe_xml import MOST_BYTES, Unreadable

# The names that Factur-X 1.0, ZUGFeRD 1 and 2, and XRechnung give their file, in this order.
_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml")
_MOST_FILES = 100


def is_pdf(content: bytes) -> bool:
    return b"%PDF-" in content[:1024]


def embedded_xml(content: bytes) -> bytes:
    """Raises Unreadable for a broken or locked PDF, and for one without an e-invoice in it."""
    try:
        files = _files(content)
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, IndexError,
            RecursionError, OSError, ArithmeticError, NotImplementedError) as error:  # fmt: skip
        raise Unreadable(NO_PDF, str(error)[:200]) from None
    for name in _NAMES:
        if name in files:
            return files[name]
    raise Unreadable(NO_XML_IN_PDF, ", ".join(sorted(files))[:200])


def _files(content: bytes) -> dict[str, bytes]:
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted:
        with suppress(NotImplementedError):
            reader.decrypt("")
    found: dict[str, bytes] = {}
    for number, file in enumerate(reader.attachment_list):
        if number == _MOST_FILES:
            break
        name = file.name.lower()
        if name in _NAMES:
            found[name] = file.content[: MOST_BYTES + 1]
        else:
            found.setdefault(name, b"")
    return found
