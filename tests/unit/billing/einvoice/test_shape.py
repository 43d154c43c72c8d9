"""Documents of one shape break the same rules; sums are checked in each."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from apps.billing.domain.einvoice.cii import write_cii
from apps.billing.domain.einvoice.shape import broken_sums, shape_of
from tests.documents import generated
from tests.rules import broken_rules
from tests.unit.billing.einvoice.test_writers import LINES, document


def test_figures_days_and_names_do_not_change_the_shape():
    one = document()
    lines = (replace(LINES[0], quantity=Decimal(7), net_minor=12, title="Other"), LINES[1])
    other = replace(
        one, number="RE-1", lines=lines, issued_on=date(2020, 1, 1),
        seller=replace(one.seller, name="Another", vat_id="DE999999999"),
    )  # fmt: skip
    assert shape_of(one) == shape_of(other)


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "CHF"}, {"kind": "381"}, {"due_on": None}, {"buyer_reference": "x"},
        {"seller": replace(document().seller, vat_id="FR1")},
        {"seller": replace(document().seller, vat_id="")},
        {"buyer": replace(document().buyer, country="AT")},
        {"lines": (LINES[0], replace(LINES[1], net_minor=1))},
        {"lines": (replace(LINES[0], title=" \x00"), LINES[1])},
        {"lines": (replace(LINES[0], tax_category="Z"), LINES[1])},
        {"lines": (replace(LINES[0], unit="h"), LINES[1])}, {"lines": ()},
    ],
)  # fmt: skip
def test_what_a_rule_can_see_changes_the_shape(change):
    assert shape_of(replace(document(), **change)) != shape_of(document())


@pytest.mark.long
def test_one_verdict_serves_all_documents_of_a_shape():
    """The campaign behind the claim: also those that break rules, by leaving things out."""
    verdicts = {}
    for seed in range(600):
        given = generated(seed)
        if seed % 3:
            seller = replace(given.seller, vat_id="", legal_id="", identifier="")
            given = replace(given, seller=seller if seed % 2 else given.seller, taxes=tuple(
                replace(tax, reason="", reason_code="") for tax in given.taxes
            ))  # fmt: skip
        found = {text.split()[0] for text in broken_rules(write_cii(given), "cii")}
        assert verdicts.setdefault(shape_of(given), found) == found
    assert any(verdicts.values())
    assert not all(verdicts.values())


def test_sums_that_agree_break_nothing():
    assert [broken_sums(generated(seed)) for seed in range(90)] == [()] * 90


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("line_net_minor", "BR-CO-10"), ("net_minor", "BR-CO-13"), ("tax_minor", "BR-CO-14"),
        ("gross_minor", "BR-CO-15"), ("due_minor", "BR-CO-16"),
    ],
)  # fmt: skip
def test_a_cent_too_much_is_found(name, rule):
    given = document()
    sums = replace(given.sums, **{name: getattr(given.sums, name) + 1})
    assert [item.rule for item in broken_sums(replace(given, sums=sums))] == [rule]


def test_a_tax_that_is_not_its_lines_is_found():
    given = document()
    taxes = (replace(given.taxes[0], tax_minor=given.taxes[0].tax_minor - 1),)
    assert [item.rule for item in broken_sums(replace(given, taxes=taxes))] == ["BR-CO-17"]


def test_a_period_that_ends_before_it_begins_is_found():
    given = replace(document(), first_day=date(2026, 10, 31), last_day=date(2026, 10, 1))
    assert [item.rule for item in broken_sums(given)] == ["BR-30"]
