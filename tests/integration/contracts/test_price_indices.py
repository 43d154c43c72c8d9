"""Price indices: entered by form and file, seen by both parties, used in the price."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.billing.models import InvoiceLine
from apps.blueprints.domain.scenario import ScenarioError, parse
from apps.blueprints.operations import load_scenario
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.domain.index_file import PublishedValue, read_values
from apps.contracts.models import PriceIndexSeries, PriceIndexValue
from apps.contracts.operations import add_series, add_values, draft_contract, offer_contract
from apps.contracts.queries import index_book, visible_series
from apps.tenancy.context import company_context, no_company
from tests.integration.billing.conftest import bill
from tests.integration.billing.scene import PER_CYCLE, make_asset, make_contract, month_of_readings

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
INDEX = {"series": "ppi-steel", "base": "100", "weight": "0.5"}


@pytest.fixture
def provider(cast: dict[str, Any]) -> Any:
    return cast["provider"]


@pytest.fixture
def customer(cast: dict[str, Any]) -> Any:
    return cast["customer"]


@pytest.fixture
def series(provider: Any) -> PriceIndexSeries:
    """110 published on 20 September, 120 on 1 October, the first day of a period."""
    with company_context(provider):
        made = add_series(code="ppi-steel", name="Producer prices, steel", source="", now=NOW)
        values = [
            PublishedValue("2026-08", Decimal(110), date(2026, 9, 20)),
            PublishedValue("2026-09", Decimal(120), date(2026, 10, 1)),
        ]
        assert add_values(series=made, values=values, now=NOW) == 2
    return made


def facts(customer: Any) -> ContractFacts:
    return ContractFacts(customer.pk, "Presses", date(2026, 10, 1))


def plan(**index: str) -> dict[str, Any]:
    charge = {**PER_CYCLE, "index": {**INDEX, **index}}
    return {"name": "By use", "currency": "EUR", "charges": [charge]}


def test_a_period_is_priced_with_the_last_value_published_before_it(
    provider: Any, customer: Any, series: PriceIndexSeries
) -> None:
    asset = make_asset(provider, parties=[customer.pk])
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    make_contract(provider, customer, [asset], charges=({**PER_CYCLE, "index": INDEX},))
    bill(provider)
    with company_context(provider):
        line = InvoiceLine.objects.get()
        # 0.067 × (100 + 0.5 × (110 − 100)) ÷ 100 = 0.07035; × 55 = 3.86925
        assert (line.unit_price, line.net_minor) == (Decimal("0.07035"), 387)
        (used,) = line.explanation["circumstances"]["indices"]
        assert used == {
            "series": "ppi-steel", "name": "Producer prices, steel", "value": "110",
            "reference": "2026-08", "published_on": "2026-09-20",
        }  # fmt: skip
        book = index_book([provider.pk], ["ppi-steel"])
        assert book.before(provider.pk, "ppi-steel", date(2026, 9, 20)) is None
        assert book.before(provider.pk, "ppi-steel", date(2026, 10, 2)).value == 120  # type: ignore[union-attr]
        assert index_book([provider.pk], []).before(provider.pk, "x", date.max) is None


def test_the_customer_sees_the_series_from_the_offer_on(
    provider: Any, customer: Any, series: PriceIndexSeries
) -> None:
    asset = make_asset(provider, parties=[customer.pk])
    items = [ItemFacts(asset.pk, "cycles", "cycles")]
    with company_context(provider):
        drafted = draft_contract(facts=facts(customer), items=items, plan=plan(), now=NOW)
    with company_context(customer):
        assert not visible_series().exists()
    with company_context(provider):
        offer_contract(contract=drafted, now=NOW, actor="test")
        later = PublishedValue("2026-10", Decimal(130), date(2026, 11, 1))
        add_values(series=series, values=[later], now=NOW)
    with company_context(customer):
        assert visible_series().get().value_count == 3


def test_a_plan_cannot_follow_a_series_that_is_not_there(provider: Any, customer: Any) -> None:
    asset = make_asset(provider)
    items = [ItemFacts(asset.pk, "cycles", "cycles")]
    with company_context(provider), pytest.raises(ValidationError, match="no price index"):
        draft_contract(facts=facts(customer), items=items, plan=plan(), now=NOW)


SCENARIO = """
format: 1
price_indices:
  - company: provider
    code: cpi
    name: Consumer prices
    values:
      - {reference: "2026-08", value: "VALUE", published_on: 2026-09-20}
"""


def test_a_scenario_brings_series_and_values_once(provider: Any) -> None:
    def load(text: str) -> dict[str, int]:
        scenario, lines = parse(text)
        with no_company():
            return load_scenario(scenario=scenario, lines=lines, now=NOW).made

    assert load(SCENARIO.replace("VALUE", "118.2")) == {"price_indices": 1}
    assert load(SCENARIO.replace("VALUE", "118.2")) == {}
    with company_context(provider):
        assert PriceIndexValue.objects.get().value == Decimal("118.2")
    for wrong in ("119", "many"):
        with pytest.raises(ScenarioError):
            load(SCENARIO.replace("VALUE", wrong))


def test_the_same_value_again_is_nothing_new_and_another_is_refused(
    provider: Any, series: PriceIndexSeries
) -> None:
    same = PublishedValue("2026-08", Decimal("110.00"), date(2026, 9, 20))
    other = PublishedValue("2026-09", Decimal(121), date(2026, 10, 1))
    new = PublishedValue("2026-10", Decimal(130), date(2026, 11, 1))
    with company_context(provider):
        assert add_values(series=series, values=[same], now=NOW) == 0
        with pytest.raises(ValidationError, match="known as 120 already"):
            add_values(series=series, values=[new, other], now=NOW)
        assert PriceIndexValue.objects.count() == 2
        with pytest.raises(ValidationError, match="already"):
            add_series(code="ppi-steel", name="Again", source="", now=NOW)


def test_a_file_names_every_line_that_is_wrong() -> None:
    content = (
        b"\xef\xbb\xbfreference;value;published_on\n2026-01;101,5;2026-02-20\n\n2026-13;x;yesterday\n"
        b"2026-01;1;2026-02-20\n2026-Q1;-1;2026-04-20\n2026;1\n"
    )
    values, problems = read_values(content)
    assert values == [PublishedValue("2026-01", Decimal("101.5"), date(2026, 2, 20))]
    assert [(item.line, item.reason) for item in problems] == [
        (4, "bad_reference"), (4, "bad_number"), (4, "bad_date"), (5, "twice"),
        (6, "negative_value"), (7, "other_width"),
    ]  # fmt: skip
    for bad, reason in ((b"\xff", "not_utf8"), (b"a,b\n", "wrong_header"), (b"", "wrong_header"),
                        (b"x" * 200_001, "file_too_large")):  # fmt: skip
        assert read_values(bad)[1][0].reason == reason


def test_the_pages(
    provider: Any, customer: Any, client_of: Callable[..., Client], series: PriceIndexSeries
) -> None:
    client = client_of(provider)
    assert b"Producer prices" in client.get(reverse("index_list")).content
    made = client.post(reverse("index_new"), {"code": "cpi", "name": "Consumer prices"})
    assert made.status_code == 302
    assert client.post(reverse("index_new"), {"code": "c p", "name": "x"}).status_code == 422
    here = [series.public_id]
    figure = client.get(reverse("index_chart", args=here)).json()
    assert figure["data"][0]["y"] == [110.0, 120.0]
    typed = {"reference": "2026-10", "value": "130,5", "published_on": "2026-11-01"}
    assert client.post(reverse("index_value", args=here), typed).status_code == 302
    bad = client.post(reverse("index_value", args=here), {**typed, "reference": "May"})
    assert bad.status_code == 422
    assert "no month" in bad.content.decode()
    other = client.post(reverse("index_value", args=here), {**typed, "value": "1"})
    assert "known as 130.5 already" in other.content.decode()
    text = b"reference,value,published_on\n2026-11,131,2026-12-20\n2026-12,x,2027-01-20\n"
    refused = client.post(
        reverse("index_file", args=here), {"file": SimpleUploadedFile("v.csv", text)}
    )
    assert refused.status_code == 422
    assert "Line 3" in refused.content.decode()
    good = SimpleUploadedFile("v.csv", text.replace(b"x", b"132"))
    assert client.post(reverse("index_file", args=here), {"file": good}).status_code == 302
    with company_context(provider):
        assert PriceIndexValue.objects.filter(series=series).count() == 5
    assert client.post(reverse("index_removal", args=here), {"reference": "2026-12"}).url.endswith(
        f"{series.public_id}/"
    )
    with company_context(provider):
        assert PriceIndexValue.objects.filter(series=series).count() == 4
    theirs = client_of(customer)
    assert theirs.get(reverse("index_detail", args=here)).status_code == 404
    assert theirs.post(reverse("index_value", args=here), typed).status_code == 404
