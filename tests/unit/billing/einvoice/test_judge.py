"""The judge names rules, survives whatever it is given, and never outlives its owner."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from apps.billing.domain.einvoice.cii import write_cii
from apps.billing.domain.einvoice.findings import Severity, has_errors
from apps.billing.domain.einvoice.ubl import write_ubl
from apps.billing.judging.process import Judge
from tests.documents import generated
from tests.pdfs import bomb, locked_pdf, pdf_with

WRITERS = {"cii": write_cii, "ubl": write_ubl}


@pytest.fixture(scope="module")
def judge():
    made = Judge()
    yield made
    made.close()


@pytest.fixture
def fresh():
    made = []

    def make(**limits):
        made.append(Judge(**limits))
        return made[-1]

    yield make
    for item in made:
        item.close()


@pytest.mark.parametrize("syntax", list(WRITERS))
def test_a_right_document_has_no_findings(judge, syntax):
    assert judge.findings(WRITERS[syntax](generated(0))) == ()


@pytest.mark.parametrize(
    ("syntax", "place"),
    [
        ("ubl", "Invoice/LegalMonetaryTotal"),
        (
            "cii",
            "CrossIndustryInvoice/SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement"
            "/SpecifiedTradeSettlementHeaderMonetarySummation",
        ),
    ],
)
def test_a_wrong_total_is_named_by_rule_place_and_words(judge, syntax, place):
    right = generated(0)
    sums = replace(right.sums, gross_minor=right.sums.gross_minor + 1)
    found = {item.rule: item for item in judge.findings(WRITERS[syntax](replace(right, sums=sums)))}
    assert found["BR-CO-15"].severity is Severity.ERROR
    assert found["BR-CO-15"].place.startswith(place.split("/")[0])
    assert found["BR-CO-15"].text.startswith("Invoice total amount with VAT (BT-112)")


@pytest.mark.parametrize("syntax", list(WRITERS))
def test_a_unit_outside_its_list_is_an_error(judge, syntax):
    right = generated(0)
    lines = (replace(right.lines[0], unit="", rec20="NONE"), *right.lines[1:])
    rules = {item.rule for item in judge.findings(WRITERS[syntax](replace(right, lines=lines)))}
    assert rules == {"FX-SCH-A-000613"} if syntax == "cii" else "BR-CL-23" in rules


def test_a_broken_schema_is_told_before_the_rules(judge):
    written = write_ubl(generated(0)).replace(b"IssueDate>", b"IssuedOn>")
    found = judge.findings(written)
    assert {item.rule for item in found} == {"XSD"}
    assert "IssuedOn" in found[0].text


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">
<!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;"><!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;">
]><x>&g;&g;&g;</x>"""
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
HOSTILE = {
    "nothing": (b"", "XML-FORM"),
    "no xml": (b"PK\x03\x04 a zip", "XML-FORM"),
    "binary": (bytes(range(256)) * 40, "XML-FORM"),
    "truncated": (write_cii(generated(1))[:900], "XML-FORM"),
    "wrong encoding": (b'<?xml version="1.0" encoding="utf-8"?><x>\xff\xfe</x>', "XML-FORM"),
    "no such encoding": (b'<?xml version="1.0" encoding="klingon"?><x/>', "XML-FORM"),
    "billion laughs": (BOMB, "XML-FORM"),
    "entity outside": (OUTSIDE, "XML-DOCTYPE"),
    "entity outside, UTF-16": (OUTSIDE.decode().encode("utf-16"), "XML-DOCTYPE"),
    "deep": (b"<a>" * 50_000 + b"</a>" * 50_000, "XML-FORM"),
    "other root": (b"<order/>", "XML-ROOT"),
    "too large": (b"<a>" + b" " * 10_000_000 + b"</a>", "XML-SIZE"),
}


@pytest.mark.parametrize(("content", "rule"), HOSTILE.values(), ids=list(HOSTILE))
def test_hostile_content_is_one_finding(judge, content, rule):
    found = judge.findings(content)
    assert [item.rule for item in found] == [rule]
    assert has_errors(found)
    assert "root:" not in found[0].text


def test_the_xml_inside_a_pdf_is_taken_out_and_judged(judge):
    xml = write_cii(generated(0))
    examined = judge.examine(pdf_with(xml))
    assert (examined.xml, examined.findings) == (xml, ())
    broken = judge.examine(pdf_with(xml.replace(b"<ram:TypeCode>380", b"<ram:TypeCode>9", 1)))
    assert has_errors(broken.findings)
    assert b"<ram:TypeCode>9" in broken.xml


HOSTILE_PDFS = {
    "no file inside": (lambda xml: pdf_with(None), "PDF-XML"),
    "another file": (lambda xml: pdf_with(xml, "readme.txt"), "PDF-XML"),
    "no XML inside": (lambda xml: pdf_with(b"hello"), "XML-FORM"),
    "locked": (locked_pdf, "PDF-FORM"),
    "cut off": (lambda xml: pdf_with(xml)[:800], "PDF-FORM"),
    "garbage": (lambda xml: b"%PDF-1.7" + bytes(range(256)) * 100, "PDF-FORM"),
    "bomb": (lambda xml: bomb(100), "PDF-FORM"),
}


@pytest.mark.parametrize(("make", "rule"), HOSTILE_PDFS.values(), ids=list(HOSTILE_PDFS))
def test_a_pdf_that_is_no_e_invoice_is_one_finding(judge, make, rule):
    found = judge.examine(make(write_cii(generated(0)))).findings
    assert [item.rule for item in found] == [rule]


def test_the_judge_is_one_process_and_is_replaced_when_killed(fresh):
    judge, right = fresh(), write_ubl(generated(0))
    assert judge.findings(right) == ()
    first = judge.pid
    assert judge.findings(right) == ()
    assert judge.pid == first
    os.kill(first, signal.SIGKILL)
    _gone(first)
    assert judge.findings(right) == ()
    assert judge.pid != first


def test_a_halted_judge_is_ended_and_says_so(fresh):
    """The wall that stands behind the kernel's alarm, which a halted process never hears."""
    judge = fresh(seconds=1, grace_seconds=1)
    judge._running()
    os.kill(judge.pid, signal.SIGSTOP)
    halted, since = judge.pid, time.monotonic()
    found = judge.findings(b"<order/>")
    assert [item.rule for item in found] == ["XML-TIME"]
    assert time.monotonic() - since < 5
    _gone(halted)
    assert [item.rule for item in judge.findings(b"<order/>")] == ["XML-ROOT"]


def test_a_judge_without_memory_says_that_it_could_not(fresh):
    judge = fresh(memory=20_000_000)
    assert [item.rule for item in judge.findings(write_ubl(generated(0)))] == ["XML-CHECK"]


def test_a_judge_that_nobody_asks_leaves_without_a_trace(fresh):
    judge = fresh(idle_seconds=1)
    judge._running()
    _gone(judge.pid)


OWNER = """
import sys, time, os
from apps.billing.judging.process import judge
judge.findings(b"<order/>")
if os.fork():
    print(judge.pid, flush=True)
else:
    assert judge.pid is None
time.sleep(60)
"""


def test_a_killed_owner_takes_its_judge_along_though_a_forked_copy_lives():
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        pid = int(owner.stdout.readline())
        os.kill(pid, 0)
        owner.kill()
        owner.wait()
        _gone(pid)
    finally:
        os.killpg(owner.pid, signal.SIGKILL)
        owner.stdout.close()


def _gone(pid, seconds=10):
    """Not even its entry in the process table stays."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} is still there")
