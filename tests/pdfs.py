"""Small PDFs with a file in them, honest and hostile."""

import io

from pypdf import PdfWriter
from pypdf.generic import NameObject, StreamObject


def pdf_with(xml: bytes | None, name: str = "factur-x.xml") -> bytes:
    """A page, and a file under this name where there is one."""
    writer = PdfWriter()
    writer.add_blank_page(width=595, height=842)
    if xml is not None:
        writer.add_attachment(name, xml)
    return _bytes(writer)


def locked_pdf(xml: bytes) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(pdf_with(xml)))
    writer.encrypt("secret")
    return _bytes(writer)


def bomb(megabytes: int) -> bytes:
    """A file of spaces that packs a thousandfold, packed twice."""
    writer = PdfWriter()
    writer.add_blank_page(width=595, height=842)
    writer.add_attachment("factur-x.xml", b" " * megabytes * 1_000_000)
    for item in writer._objects:
        if isinstance(item, StreamObject) and item.get("/Type") == NameObject("/EmbeddedFile"):
            packed = item.flate_encode(9)
            item.set_data(packed._data)
            item[NameObject("/Filter")] = packed[NameObject("/Filter")]
    return _bytes(writer)


def _bytes(writer: PdfWriter) -> bytes:
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()
