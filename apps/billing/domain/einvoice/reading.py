"""A document out of the XML of an e-invoice, whichever of the two vocabularies it is in."""

from apps.billing.domain.einvoice.document import Document
from apps.billing.domain.einvoice.fields import Element
from apps.billing.domain.einvoice.reading_cii import read_cii
from apps.billing.domain.einvoice.reading_ubl import read_ubl
from apps.billing.domain.einvoice.safe_xml import parse_xml
from apps.billing.domain.einvoice.vocabulary import CII_ROOT, rules_of


def read_document(content: bytes) -> Document:
    """The value of a CII or UBL document; the same invoice is the same value in both.

    Amounts are exact minor units, quantities and prices exact decimals. Raises Unreadable: no XML,
    no e-invoice, a value that is no number, day or currency.
    """
    root = parse_xml(content)
    rules_of(root)
    return read_cii(Element(root)) if root.tag == CII_ROOT else read_ubl(Element(root))
