"""A contract that ran elsewhere: what it comes with is signed, shown, and counted."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation

from apps.billing.models import InvoiceLine
from apps.billing.queries.explaining import explain_line
from apps.contracts.domain.facts import ItemFacts
from apps.contracts.domain.opening import OpeningBalances, OpenItem
from apps.contracts.models import Contract
from apps.contracts.queries import content_sha256
from apps.contracts.wording.opening import opening_words
from apps.tenancy.context import company_context
from tests.integration.billing.scene import make_asset, send
from tests.integration.billing.test_gauges_and_states import october, page, signed_plan, verify
from tests.integration.contracts.test_pages import present, typed

__all__ = ["present"]
CYCLES = {
    "model": "per_unit", "code": "cycles", "title": {"en": "Cycles", "de": "Takte"},
    "meter": "cycles", "unit": "{cycle}", "unit_price": "1", "included": "500",
}  # fmt: skip
YEARLY = {
    "model": "yearly_minimum", "code": "year", "title": "Yearly minimum", "amount": "3650",
    "of": ["cycles"],
}  # fmt: skip
BEFORE = OpeningBalances(
    year_from=date(2025, 11, 1), charged={"Takte": 200_000}, included_used={"cycles": Decimal(480)},
    open_items=(OpenItem("RE-4711", date(2026, 9, 30), 11_900),),
)  # fmt: skip


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def press(provider: Any) -> Any:
    """100 cycles from the middle of October on."""
    asset = make_asset(provider)
    send(provider, asset, ("2026-10-14T20:00:00Z", "1000"), ("2026-10-20T10:00:00Z", "1100"))
    return asset


def moved(provider: Any, customer: Any, press: Any, opening: OpeningBalances, **facts: Any) -> Any:
    items = [ItemFacts(press.pk, "cycles", "cycles")]
    return signed_plan(provider, customer, items, [CYCLES, YEARLY], opening=opening, **facts)


def test_what_was_taken_and_used_before_counts_and_is_proved(
    provider: Any, customer: Any, press: Any, tmp_path: Path
) -> None:
    contract = moved(provider, customer, press, BEFORE)
    assert contract.opening["charged"] == {"cycles": 200_000}
    (invoice,) = october(provider)
    with company_context(customer):
        lines = {line.charge: line for line in InvoiceLine.objects.all()}
        said = explain_line(lines["year"], "en")["arithmetic"]
    # 20 of 500 are left: 80 are billed. The year since November owes 3,650; 2,000 + 80 are taken.
    assert {code: line.net_minor for code, line in lines.items()} == {
        "cycles": 8000, "year": 157_000,
    }  # fmt: skip
    assert "Charged before, elsewhere, in the same contract year: 2,000.00\u00a0EUR." in said
    code, answer = verify(tmp_path, provider, invoice)
    assert (code, answer["result"]) == (0, "verified"), answer


def test_without_balances_the_same_contract_owes_its_own_days(
    provider: Any, customer: Any, press: Any
) -> None:
    moved(provider, customer, press, OpeningBalances(), ends_on=date(2026, 11, 1))
    (invoice,) = october(provider)
    # 31 of 365 days of 3,650; all 100 cycles are included.
    assert invoice.net_minor == 31_000


def test_they_are_part_of_what_is_signed_and_stand_on_the_sheet(
    provider: Any, customer: Any, press: Any, client_of: Any
) -> None:
    contract = moved(provider, customer, press, BEFORE)
    with company_context(provider):
        content = content_sha256(contract)
        contract.opening = {**contract.opening, "charged": {"cycles": 1}}
        assert content_sha256(contract) != content
    sheet = client_of(customer).get(page("contract_detail", contract.public_id)).content.decode()
    for text in ("RE-4711", "119.00\u00a0EUR", "Nov. 1, 2025", "2,000.00\u00a0EUR"):
        assert text in sheet
    with translation.override("de"):
        words = opening_words(BEFORE, {"charges": [CYCLES], "currency": "EUR"})
    assert words[0] == "Das laufende Vertragsjahr begann am 1. November 2025."
    assert words[-1] == "Offen von vorher: RE-4711, 119,00\u00a0EUR, fällig am 30. September 2026."


@pytest.mark.parametrize(
    ("opening", "field", "words"),
    [
        (OpeningBalances(charged={"cycles": 1}), "opening_year_from", "Say when"),
        (OpeningBalances(date(2025, 10, 1)), "opening_year_from", "at most a year"),
        (OpeningBalances(date(2026, 10, 2)), "opening_year_from", "at most a year"),
        (OpeningBalances(date(2026, 1, 1), {"kilometres": 1}), "opening_charged", "no charge"),
        (OpeningBalances(included_used={"year": Decimal(1)}), "opening_included", "no included"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(
    provider: Any, customer: Any, press: Any, opening: OpeningBalances, field: str, words: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        moved(provider, customer, press, opening)
    assert words in refused.value.message_dict[field][0]
    with company_context(provider):
        assert not Contract.objects.exists()


def test_the_form_takes_them_line_by_line(
    client_of: Callable[..., Client], provider: Any, customer: Any, press: Any
) -> None:
    seller = client_of(provider, "director")
    fields = typed(customer, press) | {
        "charges-TOTAL_FORMS": "3", "charges-2-model": "yearly_minimum",
        "charges-2-title_en": "Yearly minimum", "charges-2-amount": "1000",
        "charges-1-included": "50", "opening_year_from": "2026-01-01",
        "opening_charged": "Cycles; 1234,5\n", "opening_included": "Takte; 12",
        "opening_items": "RE 4711; 2026-09-30; 119\nRE 4712; 2026-10-30; 20.50",
    }  # fmt: skip
    answer = seller.post(page("contract_new"), fields)
    assert answer.status_code == 302, answer.content.decode()
    with company_context(provider):
        contract = Contract.objects.get()
    assert contract.opening == {
        "year_from": "2026-01-01", "charged": {"charge-2": 123_450},
        "included_used": {"charge-2": "12"},
        "open_items": [
            {"number": "RE 4711", "due_on": "2026-09-30", "open_minor": 11_900},
            {"number": "RE 4712", "due_on": "2026-10-30", "open_minor": 2050},
        ],
    }  # fmt: skip
    sheet = seller.get(page("contract_detail", contract.public_id)).content.decode()
    assert "Cycles: 1,234.50\u00a0EUR of this contract year were charged before." in sheet
    again = seller.get(page("contract_edit", contract.public_id)).content.decode()
    assert "Cycles; 1234.5" in again
    for name, value in (("opening_charged", "Cycles"), ("opening_items", "1; soon; 2"),
                        ("opening_included", "Cycles; -1"), ("opening_charged", "Cycles; 1.001")):  # fmt: skip
        refused = seller.post(page("contract_new"), {**fields, name: value})
        assert "Line 1 cannot be read." in refused.content.decode(), name
