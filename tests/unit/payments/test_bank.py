"""Bank details, files for the bank, statements, and which booking is which document."""

import contextlib
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.payments.domain.accounts import (
    BadIban,
    bank_details,
    cooled_down_at,
    in_groups,
    is_creditor_id,
)
from apps.payments.domain.bank_files import (
    Debit,
    NotSepa,
    NotValid,
    Party,
    Transfer,
    debits_file,
    transfers_file,
)
from apps.payments.domain.matching import Candidate, match, names, suggestions
from apps.payments.domain.statements import BadStatement, read_statements
from tests.integration.payments.camt import booking, statement

IBAN, OTHER = "DE89370400440532013000", "DE62370400440532013001"
DAY = date(2026, 12, 1)
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


def test_an_iban_as_people_type_it() -> None:
    found = bank_details(" de89 3704 0044 0532 0130 00 ")
    assert (found.iban, found.bic) == (IBAN, "COBADEFFXXX")
    assert in_groups(found.iban) == "DE89 3704 0044 0532 0130 00"


@pytest.mark.parametrize(
    "text", ["", "DE89", "DE89370400440532013001", "XX89370400440532013000", "ä" * 20, "1" * 34,
             "DE8937040044053201300", "DE89 3704 0044 0532 0130 00 00"],
)  # fmt: skip
def test_what_is_no_iban(text: str) -> None:
    with pytest.raises(BadIban):
        bank_details(text)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=40))
def test_any_text_is_an_iban_or_refused(text: str) -> None:
    with contextlib.suppress(BadIban):
        bank_details(text)


def test_creditor_identifiers() -> None:
    assert is_creditor_id("DE98ZZZ09999999999")
    assert is_creditor_id("DE98ABC09999999999"), "the business code is free"
    assert not is_creditor_id("DE99ZZZ09999999999")
    assert not is_creditor_id("DE98ZZZ0999999999Ä")
    assert not is_creditor_id("")


def test_new_bank_details_wait_for_three_days() -> None:
    assert cooled_down_at(NOW) == NOW + timedelta(days=3)


def texts(content: bytes, name: str) -> list[str]:
    return [
        one.text or ""
        for one in ElementTree.fromstring(content).iter()
        if one.tag.endswith("}" + name)
    ]


def test_transfers_are_valid_against_their_schema_and_add_up() -> None:
    payouts = [
        Transfer("pyo_1", Party("Çelik & Söhne <KG>", OTHER), 12_345, "Gutschrift für März"),
        Transfer("pyo_2", Party("Maker", IBAN, "COBADEFFXXX"), 1, "x" * 200),
    ]
    content = transfers_file(Party("Provider", IBAN, "COBADEFFXXX"), payouts, "EUR", DAY)
    assert texts(content, "CtrlSum") == ["123.46", "123.46"]
    assert texts(content, "InstdAmt") == ["123.45", "0.01"]
    assert texts(content, "EndToEndId") == ["pyo-1", "pyo-2"], "without what SEPA does not have"
    assert texts(content, "Nm")[2:] == ["Celik + Soehne KG", "Maker"]
    assert texts(content, "Ustrd") == ["Gutschrift fuer Maerz", "x" * 140]


def test_debits_are_valid_against_their_schema_and_add_up() -> None:
    debits = [Debit("pay_1", Party("Customer", OTHER), 9_900, "RE-1", "MDT-1", date(2026, 1, 5))]
    content = debits_file(Party("Provider", IBAN), "DE98ZZZ09999999999", debits, "EUR", DAY)
    assert texts(content, "InstdAmt") == ["99.00"]
    assert texts(content, "MndtId") == ["MDT-1"]
    assert texts(content, "DtOfSgntr") == ["2026-01-05"]
    assert texts(content, "ReqdColltnDt") == ["2026-12-01"]


def test_a_file_that_breaks_its_schema_is_never_given_away() -> None:
    with pytest.raises(NotValid, match="pattern"):
        transfers_file(
            Party("P", "not an IBAN"), [Transfer("1", Party("M", IBAN), 1, "t")], "EUR", DAY
        )


def test_sepa_is_euros_and_never_empty() -> None:
    with pytest.raises(NotSepa):
        transfers_file(Party("P", IBAN), [Transfer("1", Party("M", IBAN), 1, "t")], "USD", DAY)
    with pytest.raises(ValueError, match="empty"):
        transfers_file(Party("P", IBAN), [], "EUR", DAY)


@settings(deadline=None, max_examples=50)
@given(st.text(min_size=1, max_size=90), st.text(max_size=200), st.integers(1, 10**9))
def test_any_name_and_text_gives_a_valid_file(name: str, text: str, amount: int) -> None:
    """Each is held against the schema before it is given away."""
    transfers_file(Party("P", IBAN), [Transfer("1", Party(name, OTHER), amount, text)], "EUR", DAY)


# --- statements ------------------------------------------------------------------------------------


def test_a_statement_is_read_exactly() -> None:
    content = statement(
        booking("119.00", name="Customer Foods GmbH", iban=OTHER, text="RE-2026-0001", ref="B1"),
        booking("-12.34", name="Maker", identity="pyo_1", ref="B2"),
        opening="100.00", closing="206.66",
    )  # fmt: skip
    (found,) = read_statements(content)
    assert (found.iban, found.opening_minor, found.closing_minor) == (IBAN, 10_000, 20_666)
    assert found.adds_up
    first, second = found.entries
    assert (first.amount_minor, first.other_name, first.other_iban) == (
        11_900,
        "Customer Foods GmbH",
        OTHER,
    )
    assert (first.text, first.reference, first.booked_on) == (
        "RE-2026-0001",
        "B1",
        date(2026, 11, 2),
    )
    assert (second.amount_minor, second.end_to_end_id) == (-1_234, "pyo_1")


def test_bookings_without_a_reference_of_their_own_are_told_apart_the_same_way_each_time() -> None:
    content = statement(
        booking("5.00", text="a"), booking("5.00", text="a"), booking("5.00", text="b")
    )
    names_of = [entry.reference for entry in read_statements(content)[0].entries]
    assert len(set(names_of)) == 3
    assert names_of == [entry.reference for entry in read_statements(content)[0].entries]


def test_a_collective_booking_is_taken_apart() -> None:
    content = statement(booking("30.00", ref="S", parts=[("10.00", "RE-1"), ("20.00", "RE-2")]))
    found = read_statements(content)[0].entries
    assert [(one.amount_minor, one.text) for one in found] == [(1000, "RE-1"), (2000, "RE-2")]
    whole = statement(booking("30.00", ref="S", parts=[("10.00", "RE-1"), ("19.00", "RE-2")]))
    assert [one.amount_minor for one in read_statements(whole)[0].entries] == [3000]


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>&b;</Id>
</Stmt></BkToCstmrStmt></Document>"""
OUTSIDE = b"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Document><Stmt><Id>&a;</Id></Stmt></Document>"""


@pytest.mark.parametrize(
    "content",
    [b"", b"<", b"PK\x03\x04", b"<Document/>", BOMB, OUTSIDE, b"\xff\xfe<\x00", b"x" * 100,
     statement(booking("5.00")).replace(b"5.00<", b"NaN<"), statement(booking("5.00", day="2026-13-01")),
     statement(booking("5.00")).replace(b'Ccy="EUR"', b'Ccy="XXX"'),
     statement(booking("5.005")), statement(booking("1" * 20)),
     statement(booking("5.00")).replace(b"CRDT", b"NONE")],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_reason(content: bytes) -> None:
    with pytest.raises(BadStatement):
        read_statements(content)


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_statement_or_refused(content: bytes) -> None:
    with pytest.raises(BadStatement):
        read_statements(content)


# --- matching --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "named"),
    [("RE-2026-1", True), ("rechnung re 2026 1 danke", True), ("RE2026\n1", True), ("RE-2026-10", False),
     ("XRE-2026-1", False), ("", False), ("RE/2026/1.", True), ("2026-1", False)],
)  # fmt: skip
def test_a_number_is_named_as_a_whole(text: str, named: bool) -> None:
    assert names(text, "RE-2026-1") is named


def test_too_short_a_number_names_nothing() -> None:
    assert not names("12", "12")


OPEN = [
    Candidate("inv_a", "RE-2026-1", 11_900, "EUR", "Customer Foods GmbH"),
    Candidate("inv_b", "RE-2026-2", 11_900, "EUR", "Customer Foods GmbH"),
    Candidate("inv_c", "RE-2026-3", 500, "EUR", "Dairy KG"),
]


def test_reference_and_amount_together_or_a_person() -> None:
    assert match("RE-2026-1", 11_900, "EUR", OPEN) == OPEN[0]
    assert match("for RE-2026-1 and RE-2026-2", 11_900, "EUR", OPEN) is None, "two are named"
    assert match("RE-2026-1", 11_899, "EUR", OPEN) is None, "another amount"
    assert match("RE-2026-1", 11_900, "CHF", OPEN) is None, "another currency"
    assert match("thank you", 500, "EUR", OPEN) is None, "an amount alone"


def test_suggestions_name_the_likeliest_first() -> None:
    found = suggestions("RE-2026-3", "customer foods gmbh", 11_900, "EUR", OPEN)
    assert [one.reference for one in found] == ["inv_c", "inv_a", "inv_b"]
    assert suggestions("", "", 1, "EUR", OPEN) == []
    whose = suggestions("thanks", "Customer Foods GmbH", 1, "EUR", OPEN)
    assert [one.reference for one in whose] == ["inv_a", "inv_b"], "all that it owes"
    exact = suggestions("thanks", "Customer Foods GmbH", 700, "EUR",
                        [*OPEN, Candidate("inv_d", "RE-2026-4", 700, "EUR", "Customer Foods GmbH")])  # fmt: skip
    assert [one.reference for one in exact] == ["inv_d"], "the same amount is likelier"
