"""Which rules of EN 16931 a document breaks, asked before it is approved."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from apps.billing.domain.einvoice.cii import write_cii
from apps.billing.domain.einvoice.document import Document
from apps.billing.domain.einvoice.findings import NOT_JUDGED, STOPPED
from apps.billing.domain.einvoice.profiles import as_xrechnung, xrechnung_gaps
from apps.billing.domain.einvoice.shape import Broken, broken_sums, shape_of
from apps.billing.domain.einvoice.ubl import write_ubl
from apps.billing.operations.validating import validate_xml

_MOST_SHAPES = 1000
_UNSURE = frozenset({NOT_JUDGED, STOPPED})
_verdicts: OrderedDict[Any, tuple[Broken, ...]] = OrderedDict()


def broken_rules(document: Document) -> tuple[Broken, ...]:
    """Errors by rule, none twice; empty for a document that is right or has no XML.

    Sums are computed again in every document; schema and schematron are asked once for each shape
    and process (about 20 ms for each form), the rest is answered from memory.
    """
    if not document.has_xml:
        return ()
    return (*broken_sums(document), *_of_shape(document))


def _forms(document: Document) -> Iterator[bytes]:
    """Every XML that is handed out: CII, UBL, and XRechnung where the document has all of it."""
    yield write_cii(document)
    yield write_ubl(document)
    if not xrechnung_gaps(document):
        yield write_ubl(as_xrechnung(document))


def _of_shape(document: Document) -> tuple[Broken, ...]:
    shape = shape_of(document)
    if shape in _verdicts:
        return _verdicts[shape]
    errors = [
        item for content in _forms(document) for item in validate_xml(content) if item.is_error
    ]
    found = tuple({item.rule: Broken(item.rule, item.text) for item in errors}.values())
    if not any(item.rule in _UNSURE for item in found):
        _verdicts[shape] = found
        if len(_verdicts) > _MOST_SHAPES:
            _verdicts.popitem(last=False)
    return found
