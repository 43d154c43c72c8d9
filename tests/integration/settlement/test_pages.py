"""Pages of splits, terms and shares, each as who may see it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.billing.models import Invoice
from apps.contracts.models import Contract, PartnerTerms, SplitVersion
from apps.events.operations import run_waiting_jobs
from apps.settlement.models import SettledPeriod, Share
from apps.settlement.queries.pages import periods_with_margin
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import issue_all
from tests.integration.settlement.scene import agree, per_cycle, percent_of, work


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def typed(contract: Contract, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A filled-in form: steps as the page names their fields."""
    data: dict[str, Any] = {
        "valid_from": "2026-10-01", "residual": str(contract.author_id),
        "steps-TOTAL_FORMS": str(len(steps)), "steps-INITIAL_FORMS": "0",
        "terms-TOTAL_FORMS": "0", "terms-INITIAL_FORMS": "0", **more,
    }  # fmt: skip
    for place, step in enumerate(steps):
        data |= {f"steps-{place}-{name}": value for name, value in step.items()}
    return data


def test_a_split_is_drafted_offered_and_signed_on_pages(
    billed: Contract, provider: Any, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    maker, client = cast["maker"], client_of(provider)
    base = f"/contracts/{billed.public_id}/split/"
    assert "No split yet" in client.get(base).content.decode()
    step = {"kind": "percent", "percent": "1000", "companies": [str(maker.pk)]}
    refused = client.post(f"{base}draft/", typed(billed, step))
    assert refused.status_code == 422
    assert "Step on lines 1: At most 100." in refused.content.decode()
    assert 'value="1000"' in refused.content.decode()
    with company_context(provider):
        assert not SplitVersion.objects.exists()
    step["percent"] = "12,5"
    shown = client.post(f"{base}preview/", typed(billed, step)).content.decode()
    assert "125.00" in shown
    assert "<svg" in shown
    assert client.post(f"{base}draft/", typed(billed, step)).status_code == 302
    assert client.post(f"{base}offer/").status_code == 302
    with company_context(maker):
        terms = PartnerTerms.objects.get()
    partner = client_of(maker)
    page = partner.get(f"/terms/{terms.public_id}/").content.decode()
    assert "12.5" in page
    answer = partner.post(
        f"/terms/{terms.public_id}/signature/", {"content": terms.terms_sha256}, follow=True
    )
    assert answer.status_code == 200
    with company_context(provider):
        run_waiting_jobs(now=timezone.now() + timedelta(minutes=1))
    with company_context(provider):
        assert SplitVersion.objects.get().state == "agreed"


def test_rows_of_the_editor_are_added_moved_and_removed(
    billed: Contract, provider: Any, client_of: Callable[..., Any]
) -> None:
    client = client_of(provider)
    url = f"/contracts/{billed.public_id}/split/draft/"
    first, second = {"kind": "fixed", "amount": "7.25"}, {"kind": "cap", "amount": "9.75"}
    moved = client.post(url, typed(billed, first, second, edit="1:up")).content.decode()
    assert moved.index('value="9.75"') < moved.index('value="7.25"')
    added = client.post(url, typed(billed, first, edit="add")).content.decode()
    assert 'name="steps-TOTAL_FORMS" value="2"' in added
    gone = client.post(url, typed(billed, first, second, edit="0:remove")).content.decode()
    assert 'value="7.25"' not in gone
    for odd in ("", "9:up", "x:remove", "-1:up", "1:nothing"):
        assert client.post(url, typed(billed, first, edit=odd)).status_code == 200


@pytest.fixture
def shared(billed: Contract, provider: Any, cast: dict[str, Any]) -> Invoice:
    agree(billed, per_cycle(cast["maker"]), percent_of(cast["financier"], "30"))
    (invoice,) = issue_all(provider)
    work(provider)
    return invoice


def test_everybody_finds_its_own_money(
    shared: Invoice, provider: Any, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    maker, financier = client_of(cast["maker"]), client_of(cast["financier"])
    assert "0.55" in maker.get("/money/").content.decode()
    assert "0.55" in maker.get("/shares/").content.decode()
    csv = financier.get("/shares/?export=csv").content.decode()
    assert "30.00" in csv
    assert "0.94" in csv
    with company_context(cast["maker"]):
        share = Share.objects.get()
    page = maker.get(f"/shares/{share.public_id}/").content.decode()
    assert "Net of the line" not in page
    assert "Nettobetrag der Position" not in page
    assert financier.get(f"/shares/{share.public_id}/").status_code == 404
    assert "Financier" not in maker.get("/ledger/").content.decode()


def test_the_issuer_sees_who_gets_what_and_the_customer_does_not(
    shared: Invoice, provider: Any, customer: Any, client_of: Callable[..., Any]
) -> None:
    path = f"/invoices/{shared.public_id}/shares/"
    part = client_of(provider).get(path).content.decode()
    assert "<svg" in part
    assert "72.20" in part
    assert client_of(customer).get(path).status_code == 404
    with company_context(provider):
        settled = SettledPeriod.objects.get()
    page = client_of(provider).get(f"/margins/{settled.public_id}/").content.decode()
    assert "72.20" in page
    assert "103.69" in client_of(provider).get("/margins/").content.decode()
    assert client_of(customer).get(f"/margins/{settled.public_id}/").status_code == 404
    for page_name in ("money", "shares", "ledger", "terms"):
        assert client_of(customer).get(f"/{page_name}/").status_code == 200


@pytest.mark.parametrize("path", ["/margins/", "/ledger/"])
def test_a_list_asks_little_and_sums_only_what_it_shows(
    shared: Invoice, provider: Any, client_of: Callable[..., Any], path: str
) -> None:
    client = client_of(provider)
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    asked = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    assert len(asked) == 5
    [counted] = [sql for sql in asked if sql.startswith("SELECT COUNT")]
    assert "settlement_share" not in counted


def test_periods_stand_latest_first(shared: Invoice, provider: Any) -> None:
    with company_context(provider):
        assert periods_with_margin().ordered
        row = periods_with_margin().get()
        assert row.margin_minor == row.net_minor - row.shared_minor
        mine = Share.objects.filter(settled=row).exclude(partner=provider)
        assert row.shared_minor == sum(mine.values_list("amount_minor", flat=True)) > 0


def test_the_ledger_says_in_words_from_where_to_where_in_its_file_too(
    shared: Invoice, provider: Any, client_of: Callable[..., Any]
) -> None:
    client = client_of(provider)
    for path in ("/ledger/", "/ledger/?export=csv"):
        text = client.get(path).content.decode()
        assert "shared revenue" in text
        assert "recognised, not payable yet" in text
