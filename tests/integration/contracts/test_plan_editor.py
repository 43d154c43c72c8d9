"""The plan editor: every model from form to plan and back, rows without a script, errors at fields."""

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.contracts.forms import charge_formset, edited, place_plan_error, plan_of
from apps.contracts.forms.charge_models import MODELS
from apps.contracts.models import Contract, PlanVersion
from apps.contracts.operations import add_series
from apps.contracts.wording import charge_words, plan_words
from apps.pricing.plan import PricePlan
from apps.pricing.registry import CHARGE_MODELS
from apps.pricing.source import PlanError
from apps.telemetry.operations import recompute_dirty
from apps.tenancy.context import company_context
from tests.integration.contracts.test_contract_pages import typed
from tests.integration.metering.conftest import Works

USE = {"meter": "cycles", "unit": "{cycle}", "pooling": "each"}
TITLE = {"en": "Part", "de": "Teil"}
CHARGES: list[dict[str, Any]] = [
    {"model": "flat_fee", "amount": "100", "timing": "arrears",
     "index": {"series": "ppi", "base": "100", "weight": "0.5", "low": "0.9", "high": "1.1"}},
    {"model": "per_unit", **USE, "unit_price": "0.067", "included": "5"},
    {"model": "graduated", **USE, "tiers": [
        {"up_to": "10", "unit_price": "1", "flat": "2"}, {"up_to": None, "unit_price": "0.5"}]},
    {"model": "volume", **USE, "tiers": [
        {"up_to": "10", "unit_price": "1"}, {"up_to": None, "unit_price": "0.5"}]},
    {"model": "package", **USE, "size": "100", "unit_price": "5"},
    {"model": "stairstep", **USE, "tiers": [
        {"up_to": "10", "amount": "20"}, {"up_to": None, "amount": "50"}]},
    {"model": "percentage", "percent": "3", "of": ["c0", "c1"]},
    {"model": "minimum", "amount": "50", "of": [], "proration": "none"},
    {"model": "maximum", "amount": "900", "of": [], "proration": "days"},
    {"model": "yearly_minimum", "amount": "9000", "of": ["c1"]},
    {"model": "availability", "meter": "up", "unit": "%", "pooling": "pooled", "of": ["c0"],
     "bands": [{"from": "0", "effect": "malus", "percent": "5"}, {"from": "95", "effect": "none"},
               {"from": "99", "effect": "bonus", "amount": "7"}]},
    {"model": "shared_saving", **USE, "baseline": "100", "unit_price": "0.3", "share": "40",
     "floor": "none"},
    {"model": "time_of_use", **USE, "holidays": ["2026-12-25", "2027-01-01"], "windows": [
        {"code": "night", "title": {"en": "Night", "de": "Nacht"}, "unit_price": "0.1", "hours": [
            {"days": [1, 2, 3, 4, 5, 6, 7], "from": 22, "to": 6}]},
        {"code": "peak", "title": {"en": "Peak", "de": "Spitze"}, "unit_price": "0.3", "hours": [
            {"days": [1, 2, 3, 4, 5], "from": 8, "to": 12}, {"days": [2], "from": 14, "to": 15},
            {"days": [4], "from": 14, "to": 15}]},
        {"code": "rest", "title": {"en": "Rest", "de": "Rest"}, "unit_price": "0.2"}]},
]  # fmt: skip
PLAN = {
    "name": "Everything", "currency": "EUR",
    "charges": [
        {**charge, "code": f"c{n}", "title": TITLE} for n, charge in enumerate(CHARGES)
    ],
}  # fmt: skip


@pytest.fixture
def provider(cast: dict[str, Any], works: Works) -> Any:
    with company_context(works.provider):
        add_series(code="ppi", name="Producer prices", source="", now=works.now)
    return works.provider


def posted(formset: Any) -> QueryDict:
    """What a browser would send for the form as it is shown."""
    data = QueryDict(mutable=True)
    data["charges-TOTAL_FORMS"], data["charges-INITIAL_FORMS"] = str(len(formset.forms)), "0"
    for form in formset.forms:
        for field in form:
            value = field.value()
            data.setlist(
                field.html_name,
                [str(item) for item in value]
                if isinstance(value, list)
                else ["" if value is None else str(value)],
            )
        for part in form.row_parts:
            for cells in part["rows"]:
                for cell in cells:
                    data.appendlist(cell["name"], cell["value"])
    return data


def test_every_model_comes_back_from_the_form(provider: Any) -> None:
    assert set(MODELS) == set(CHARGE_MODELS)
    wanted = PricePlan.from_dict(PLAN)
    with company_context(provider):
        again = charge_formset(posted(charge_formset(None, wanted.to_dict())), None)
        assert again.is_valid(), again.errors
        assert PricePlan.from_dict(plan_of("Everything", "EUR", again)) == wanted


def test_the_page_shows_the_fields_of_the_chosen_model_alone() -> None:
    """Each model has its rule in the style sheet: without one all fields of all models show."""
    style = (Path(settings.BASE_DIR) / "static" / "peruse" / "portal.css").read_text()
    hidden = set(re.findall(r'option\[value="(\w+)"\]:checked\) \[data-for\]:not', style))
    assert hidden == set(MODELS)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_model_is_told_in_words(language: str) -> None:
    plan = PricePlan.from_dict(PLAN).to_dict()
    with translation.override(language):
        words = plan_words(plan)
    assert all(item["words"] and str(item["words"][0]) not in CHARGE_MODELS for item in words)
    said = " ".join(text for item in words for text in item["words"])
    wanted = {
        "en": ["100.00\u00a0EUR per period", "5\u00a0cycles are included", "Counted: Part, Part.",
               "factor at most 1.1", "From 95\u00a0%: no effect", "for each begun package",
               "Night (Monday–Sunday 22:00–6:00): 0.10\u00a0EUR", "Rest (all other hours)"],
        "de": ["100,00\u00a0EUR je Zeitraum", "Faktor höchstens 1,1", "Ab 95\u00a0%: ohne Wirkung",
               "für jedes angefangene Paket", "Spitze (Montag–Freitag 8:00–12:00, Dienstag",
               "Rest (alle übrigen Stunden)"],
    }[language]  # fmt: skip
    assert [text for text in wanted if text not in said] == []
    assert charge_words({"model": "unheard_of"}, "EUR") == ["unheard_of"]


def rows_of(data: QueryDict) -> list[str]:
    count = int(data["charges-TOTAL_FORMS"])
    return [data.get(f"charges-{n}-title_en", "") for n in range(count)]


def test_charges_are_added_moved_and_removed_without_losing_anything() -> None:
    data = QueryDict(
        "title=T&charges-TOTAL_FORMS=3&charges-INITIAL_FORMS=0&charges-0-title_en=A&"
        "charges-1-title_en=B&charges-1-code=charge-3&charges-2-title_en=C&charges-1-amount=1,5"
    )
    assert rows_of(edited(data, "0:down")) == ["B", "A", "C"]
    assert rows_of(edited(data, "1:up")) == ["B", "A", "C"]
    moved = edited(data, "1:down")
    assert rows_of(moved) == ["A", "C", "B"]
    assert (moved["charges-2-amount"], moved["title"]) == ("1,5", "T")
    assert rows_of(edited(data, "0:remove")) == ["B", "C"]
    more = edited(data, "add")
    assert rows_of(more) == ["A", "B", "C", ""]
    assert more["charges-3-code"] == "charge-2"
    for harmless in ("0:up", "2:down", "9:remove", "nonsense", "", "0:tiers:up", "0:magic:add"):
        assert rows_of(edited(data, harmless)) == ["A", "B", "C"], harmless
    assert rows_of(edited(QueryDict("charges-TOTAL_FORMS=x"), "up")) == []
    full = QueryDict("charges-TOTAL_FORMS=100")
    assert len(rows_of(edited(full, "add"))) == 100


def test_a_tier_is_added_and_removed_where_it_stands(provider: Any) -> None:
    data = QueryDict(
        "charges-TOTAL_FORMS=1&charges-INITIAL_FORMS=0&charges-0-model=graduated&"
        "charges-0-up_to=10&charges-0-up_to=20&charges-0-up_to=&"
        "charges-0-tier_price=1&charges-0-tier_price=2&charges-0-tier_price=3"
    )

    def shown(command: str) -> list[tuple[str, str]]:
        with company_context(provider):
            (form,) = charge_formset(edited(data, command), None, judged=False).forms
            rows = form.row_parts[0]["rows"]
            assert not form.errors
        return [(row[0]["value"], row[1]["value"]) for row in rows]

    assert shown("0:tiers:remove:1") == [("10", "1"), ("", "3")]
    assert shown("0:tiers:add") == [("10", "1"), ("20", "2"), ("", "3"), ("", "")]


@pytest.mark.parametrize(
    ("change", "place", "field"),
    [
        ({"charges-1-tier_price": ["abc", "0.05"]}, ("tiers", 0, "tier_price"), ""),
        ({"charges-1-up_to": ["10", "20"]}, ("tiers", 1, "up_to"), ""),
        ({"charges-0-amount": "x"}, None, "amount"),
        ({"charges-1-unit": ""}, None, "unit"),
        ({"charges-1-meter": ""}, None, "meter"),
        ({"charges-0-index_series": "ppi"}, None, "index_base"),
        ({"charges-0-index_series": "ppi", "charges-0-index_base": "1",
          "charges-0-index_weight": "2"}, None, "index_weight"),
        ({"charges-0-model": "percentage", "charges-0-percent": "5",
          "charges-0-of": "charge-2"}, None, "of"),
        ({"charges-0-model": "availability", "charges-0-meter": "up",
          "charges-0-band_from": "5", "charges-0-band_effect": "malus"},
         ("bands", 0, "band_from"), ""),
        ({"charges-0-model": "package", "charges-0-meter": "x", "charges-0-unit": "h",
          "charges-0-size": "0", "charges-0-package_price": "1"}, None, "size"),
    ],
)  # fmt: skip
def test_an_error_stands_at_its_field(
    provider: Any, works: Works, change: dict[str, Any], place: Any, field: str
) -> None:
    data = QueryDict(mutable=True)
    for name, value in typed(works, **change).items():
        data.setlist(name, value if isinstance(value, list) else [value])
    with company_context(provider):
        formset = charge_formset(data, None)
        assert formset.is_valid(), formset.errors
        with pytest.raises(PlanError) as refused:
            PricePlan.from_dict(plan_of("P", "EUR", formset))
        assert place_plan_error(formset, refused.value) == ""
        if place is not None:
            assert [place in form.cell_errors for form in formset.forms].count(True) == 1
        else:
            assert [field in form.errors for form in formset.forms].count(True) == 1


def test_the_page_edits_rows_by_plain_posts(provider: Any, client_of: Callable[..., Client],
                                           works: Works) -> None:  # fmt: skip
    client = client_of(provider)
    changed = client.post(reverse("contract_new"), typed(works, edit="add"))
    page = changed.content.decode()
    assert changed.status_code == 200
    assert 'name="charges-2-title_en"' in page
    assert "is-invalid" not in page
    assert 'value="0,067"' in page
    assert 'value="A-7"' in page
    part = client.post(reverse("contract_charges"), typed(works, edit="1:remove"))
    assert b"charges-1-" not in part.content
    assert client.get(reverse("contract_charges")).status_code == 405
    with company_context(provider):
        assert Contract.objects.count() == 0
    refused = client.post(
        reverse("contract_new"), typed(works, **{"charges-1-tier_price": ["1", "x"]})
    )
    assert re.search(r'is-invalid"[^>]*value="x"', refused.content.decode())


def test_every_model_is_stored_and_shown(
    provider: Any, client_of: Callable[..., Client], works: Works
) -> None:
    client = client_of(provider)
    plan = PricePlan.from_dict({**PLAN, "charges": PLAN["charges"][:10]})
    with company_context(provider):
        data = posted(charge_formset(None, plan.to_dict()))
    whole = {name: data.getlist(name) for name in data}
    terms = {k: v for k, v in typed(works).items() if not k.startswith("charges-")}
    answer = client.post(reverse("contract_new"), {**terms, **whole})
    assert answer.status_code == 302, answer.content.decode()
    with company_context(provider):
        contract, stored = Contract.objects.get(), PlanVersion.objects.get()
        assert PricePlan.from_dict(stored.plan).charges == plan.charges
    for name in ("contract_edit", "contract_detail"):
        page = client.get(reverse(name, args=[contract.public_id])).content.decode()
        assert "Producer prices" in page or "ppi" in page


def test_the_preview_draws_the_price_over_the_quantity(
    provider: Any, client_of: Callable[..., Client], works: Works
) -> None:
    works.send("cycles", ("2026-01-01T00:00:00+01:00", "5"), ("2026-01-20T00:00:00Z", "60"))
    recompute_dirty(now=works.now)
    client = client_of(provider)
    page = client.post(reverse("contract_preview"), typed(works)).content.decode()
    found = re.search(r'data-chart-figure="([^"]*)"', page)
    assert found is not None
    figure = json.loads(unescape(found[1]))
    line, month = figure["data"]
    assert (month["x"], month["y"]) == ([55.0], [102.92])
    assert (line["x"][0], line["y"][0], line["x"][-1]) == (0.0, 100.0, 110.0)
    assert 10.0 in line["x"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "cycles"
    empty = client.post(
        reverse("contract_preview"), typed(works, preview_month="2025-01")
    ).content.decode()
    found = re.search(r'data-chart-figure="([^"]*)"', empty)
    assert found is not None
    assert json.loads(unescape(found[1]))["data"][0]["x"][-1] == 15.0
