"""XML from strangers: bounded, without document types, entities or anything loaded from outside.

lxml (5 MiB) is loaded by the first document.
"""

from typing import Any

from apps.billing.domain.einvoice.findings import DOCTYPE, NO_XML, TOO_LARGE

# A PDF may be larger than the XML in it.
MOST_BYTES, MOST_FILE_BYTES = 10_000_000, 20_000_000


class Unreadable(ValueError):
    """Not taken as XML; `rule` is one of our own, `text` says where."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(text)
        self.rule = rule
        self.text = text


def parse_xml(content: bytes) -> Any:
    """The root element. Raises Unreadable for what is too large, no XML, or has a document type.

    An e-invoice has no document type, so entities and their bombs are refused as a whole; libxml2
    bounds depth (256), text (10 MB) and amplification before that.
    """
    from lxml import etree

    if len(content) > MOST_BYTES:
        raise Unreadable(TOO_LARGE, f"{len(content)} bytes, at most {MOST_BYTES}")
    try:
        root = etree.fromstring(content, _parser())
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Unreadable(NO_XML, _one_line(str(error))) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Unreadable(DOCTYPE, root.getroottree().docinfo.doctype[:200])
    return root


def _parser() -> Any:
    from lxml import etree

    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500]
