"""The data clause: signed with the contract, grants begin and end with it, on whatever is covered."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.models import DataGrant, GrantedSeries
from apps.assets.operations import register_asset_type, register_assets
from apps.assets.queries import living_grants
from apps.contracts.domain.clause import ClauseEntry
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.models import Contract
from apps.contracts.operations import (
    draft_contract,
    end_contract,
    offer_contract,
    sign_contract,
    write_clause,
)
from apps.contracts.queries import content_sha256
from apps.events.operations import run_waiting_jobs
from apps.telemetry.operations import RawItem, recompute_dirty, sync_channels, take_in
from apps.tenancy.context import company_context
from tests.conftest import NOW
from tests.integration.contracts.test_sheet import text_of

PLAN: dict[str, Any] = {
    "name": "By use", "currency": "EUR",
    "charges": [{"model": "per_unit", "code": "hours", "title": "Hours", "meter": "hours",
                 "unit": "h", "unit_price": "2"}],
}  # fmt: skip


@pytest.fixture
def draft(cast: dict[str, Any]) -> Iterator[Contract]:
    """A draft on a press of the provider; the test runs as the provider."""
    with company_context(cast["provider"]):
        channels = [
            ChannelFacts("hours", "Hours", "counter", "h"),
            ChannelFacts("recipe", "Recipe", "gauge", "1", mark="secret"),
        ]
        kind = register_asset_type(name="Press", channels=channels, now=NOW)
        facts = AssetFacts(kind.pk, "Press", "P-1", provider=cast["provider"].pk)
        [asset] = register_assets(assets=[facts], now=NOW)
        sync_channels(asset_ids=[asset.pk])
        items = [RawItem(n, "P-1", "hours", f"2026-10-{n + 1:02d}T00:00:00Z", str(20 * n))
                 for n in range(10)]  # fmt: skip
        take_in(items=items, source="test", now=NOW)
        recompute_dirty(now=NOW)
        terms = ContractFacts(cast["customer"].pk, "Presses", date(2026, 10, 1))
        yield draft_contract(
            facts=terms, items=[ItemFacts(asset.pk, "hours", "hours")], plan=PLAN, now=NOW
        )


def entry(company: Any, **more: Any) -> ClauseEntry:
    facts = {"kind": "values", "channels": ("hours",), "resolution": "daily", "purpose": "Lease"}
    return ClauseEntry(company.pk, company.name, **{**facts, **more})


def signed(contract: Contract, cast: dict[str, Any]) -> None:
    offer_contract(contract=contract, now=NOW, actor="A")
    with company_context(cast["customer"]):
        shown = Contract.objects.get(pk=contract.pk)
        assert [row.name for row in shown.clause] == [row.name for row in contract.clause]
        sign_contract(contract_id=shown.pk, content=content_sha256(shown), now=NOW, actor="C")
    for _ in range(2):
        run_waiting_jobs(now=NOW)


def test_what_the_clause_names_begins_and_ends_with_the_contract(
    draft: Contract, cast: dict[str, Any]
) -> None:
    before = content_sha256(draft)
    rows = [
        entry(cast["financier"]), entry(cast["maker"], resolution="hourly", channels=("recipe",)),
        entry(cast["workshop"], kind="health", channels=(), resolution="", revocable=True),
    ]  # fmt: skip
    draft = write_clause(contract=draft, entries=rows, now=NOW)
    assert content_sha256(draft) != before
    assert not DataGrant.objects.exists()
    signed(draft, cast)
    found = {
        (row.grantee.slug, row.kind, row.resolution, *row.channels, row.revocable, row.time_zone)
        for row in living_grants(NOW)
    }
    assert found == {
        ("customer", "values", "raw", "hours", False, "Europe/Berlin"),
        ("financier", "values", "daily", "hours", False, "Europe/Berlin"),
        ("maker", "values", "hourly", "recipe", False, "Europe/Berlin"),
        ("workshop", "health", "", True, "Europe/Berlin"),
    }
    with company_context(cast["financier"]):
        assert not Contract.objects.exists()
        days = [(row.start.isoformat(), row.usage) for row in GrantedSeries.objects.all()[:2]]
        # Of the first day of October in Berlin two hours lie before the first reading.
        assert days[0] == ("2026-09-30T22:00:00+00:00", 0)
        assert days[1][1] == 20
    end_contract(contract=draft, ends_on=date(2026, 11, 3), now=NOW)
    later = NOW + timedelta(days=2)
    assert not living_grants(later).exists()
    with company_context(cast["financier"]):
        assert not living_grants(later).exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channels": ()}, "channels"), ({"channels": ("nothing",)}, "channels"),
        ({"resolution": ""}, "resolution"), ({"purpose": " "}, "purpose"), ({}, "company"),
    ],
)  # fmt: skip
def test_a_clause_is_refused_by_its_field_and_nothing_changes(
    draft: Contract, cast: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    bad = entry(cast["financier"], **changes) if changes else entry(cast["stranger"])
    with pytest.raises(ValidationError) as refused:
        write_clause(contract=draft, entries=[entry(cast["maker"]), bad], now=NOW)
    assert set(refused.value.message_dict) == {field}
    draft.refresh_from_db()
    assert draft.data_clause == []
    twice = [entry(cast["maker"]), entry(cast["maker"], purpose="Other")]
    with pytest.raises(ValidationError, match="names this company"):
        write_clause(contract=draft, entries=twice, now=NOW)
    offer_contract(contract=draft, now=NOW, actor="A")
    with pytest.raises(ValidationError, match="Only a draft"):
        write_clause(contract=draft, entries=[entry(cast["maker"])], now=NOW)


def test_the_clause_is_written_on_its_page_and_read_by_both(
    draft: Contract, cast: dict[str, Any], client_of: Any
) -> None:
    client = client_of(cast["provider"])
    page = reverse("contract_clause", args=[draft.public_id])
    data = {"company": cast["financier"].pk, "kind": "values", "channels": "hours",
            "resolution": "daily", "purpose": "Lease"}  # fmt: skip
    assert client.post(page, data).status_code == 302
    assert client.post(page, data).status_code == 422
    text = client.get(page).content.decode()
    assert "Financier Leasing AG" in text
    removal = reverse("contract_clause_removal", args=[draft.public_id])
    client.post(removal, {"entry": f"{cast['financier'].pk}-values-daily"})
    client.post(removal, {"entry": "no such"})
    with company_context(cast["provider"]):
        draft.refresh_from_db()
        assert draft.data_clause == []
    client.post(page, data)
    with company_context(cast["provider"]):
        draft.refresh_from_db()
        signed(draft, cast)
    assert client.get(page).status_code == 404
    sheet = reverse("contract_detail", args=[draft.public_id])
    shown = client_of(cast["customer"]).get(sheet).content.decode()
    assert "Financier Leasing AG" in shown
    assert "Lease" in shown


def test_the_sheet_says_what_data_there_are_where_they_lie_and_who_reads_them(
    draft: Contract, cast: dict[str, Any], client_of: Any
) -> None:
    rows = [entry(cast["financier"], purpose="Residual value", revocable=True)]
    draft = write_clause(contract=draft, entries=rows, now=NOW)
    signed(draft, cast)
    for slug in ("provider", "customer"):
        text = text_of(client_of(cast[slug]), draft)
        for words in ("Hours", "recipe", "trade secret", "Where they lie", "How to get them",
                      cast["financier"].name, "Residual value", "as long as the contract"):  # fmt: skip
            assert words in text, (slug, words)
        assert "Nobody else reads them" not in text
