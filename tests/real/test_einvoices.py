"""The official examples: every one read and judged as its README says, and the rules' own tests."""

from collections import Counter
from dataclasses import replace

import pytest
from lxml import etree

from apps.billing.domain.einvoice.reading import read_document
from apps.billing.domain.einvoice.vocabulary import rules_of
from apps.billing.judging.process import Judge
from apps.billing.judging.rules import rule_findings
from tests.real.conftest import data_dir

EN16931, XRECHNUNG = data_dir() / "einvoice-en16931", data_dir() / "einvoice-xrechnung"
pytestmark = pytest.mark.skipif(
    not EN16931.exists(), reason="the examples are not in PERUSE_SHARED_DATA"
)
EXAMPLES = sorted([*EN16931.glob("*-examples/*"), *XRECHNUNG.glob("*-cases/*/*.xml")])
UBL = sorted(XRECHNUNG.glob("*-cases/*/*_ubl.xml"))
TEST_SETS = sorted((EN16931 / "unit-ubl-invoice").glob("*.xml"))
_TEST = "{http://difi.no/xsd/vefa/validator/1.0}"


@pytest.fixture(scope="module")
def judge():
    made = Judge()
    yield made
    made.close()


def test_all_examples_are_here():
    found = Counter(EN16931 in path.parents for path in EXAMPLES)
    assert (found[True], found[False], len(UBL), len(TEST_SETS)) == (33, 46, 23, 206)


def test_every_example_is_read_and_has_no_error(judge):
    """Both READMEs: no fatal finding. Factur-X alone wants more and warns."""
    wrong = {}
    for path in EXAMPLES:
        content = path.read_bytes()
        findings = judge.findings(content)
        errors = [item for item in findings if item.is_error]
        assert not any("GuidelineSpecified" in item.place for item in findings), path
        document = read_document(content)
        sums = document.sums
        whole = sums.net_minor + sums.tax_minor == sums.gross_minor
        due = sums.gross_minor - sums.paid_minor + sums.rounding_minor == sums.due_minor
        if errors or not (document.number and document.lines and document.seller.name):
            wrong[path.name] = errors
        assert whole, path
        assert due, path
    assert wrong == {}


# UBL wants an order's id where only the seller's order is known (written `Dummywert` there), and two
# cases differ in the files themselves.
ONLY_IN_UBL = {"01.02a", "01.08a", "01.09a", "01.10a", "01.11a", "01.12a", "01.13a"}


@pytest.mark.parametrize("path", UBL, ids=lambda path: path.name[:6])
def test_the_same_case_is_the_same_invoice_in_both_syntaxes(path):
    ubl = read_document(path.read_bytes())
    cii = read_document(path.with_name(path.name.replace("_ubl", "_uncefact")).read_bytes())
    case = path.name[:6]
    if case in ONLY_IN_UBL:
        assert (ubl.order_number, cii.order_number) == ("Dummywert", "")
        ubl = replace(ubl, order_number="")
    if case == "01.20a":
        assert (ubl.seller.city, cii.seller.city) == ("[Seller city]", "[City]")
        ubl = replace(ubl, seller=replace(ubl.seller, street=cii.seller.street, city="[City]"))
    if case == "01.21a":
        assert (ubl.seller.vat_id, cii.seller.vat_id) == ("DE 123456789", "DE152338654")
        ubl = replace(ubl, seller=replace(ubl.seller, vat_id=cii.seller.vat_id), taxes=cii.taxes)
    assert ubl == cii


def test_the_rules_own_tests_hold():
    """206 test sets, one per rule: 452 documents that keep it, 464 that break it, 1 that warns."""
    wrong, counted = [], Counter()
    for path in TEST_SETS:
        for test in etree.parse(str(path)).iter(f"{_TEST}test"):
            root = etree.fromstring(etree.tostring(_document_of(test)))
            broken = {item.rule for item in rule_findings(root, rules_of(root).schematron)}
            for wanted in test.find(f"{_TEST}assert").iterchildren(
                *(f"{_TEST}{name}" for name in ("success", "error", "warning"))
            ):
                kind = etree.QName(wanted).localname
                counted[kind] += 1
                if (wanted.text in broken) is (kind == "success"):
                    wrong.append((path.name, kind, wanted.text))
    assert wrong == []
    assert counted == {"success": 452, "error": 464, "warning": 1}


def _document_of(test: etree._Element) -> etree._Element:
    return next(item for item in test if isinstance(item.tag, str) and item.tag != f"{_TEST}assert")
