"""The readings are a third company's: it meters, the others read through the door, logged."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.assets.models import Asset, DataGrant, GrantRead
from apps.billing.models import EvidenceFile, Invoice, RunItem
from apps.billing.queries.verifying import verified
from apps.billing.wording import REASONS, reason_words
from apps.events.operations import run_waiting_jobs
from apps.metering.models import UsageRecord
from apps.metering.operations import NotMetered
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def grant(asset: Asset, contract: Any, grantee: Any) -> None:
    with company_context(asset.author):
        DataGrant.objects.create(
            author=asset.author,
            parties=sorted([asset.author_id, grantee.pk]),
            asset=asset,
            grantee=grantee,
            contract_id=contract.id,
            channels=["cycles"],
            resolution=DataGrant.Resolution.RAW,
            purpose="billing",
            valid_from="2026-09-01T00:00:00Z",
        )


def test_a_makers_readings_are_billed_by_the_provider_and_seen_by_the_customer(
    cast: dict[str, Any], provider: Any, customer: Any, client_of: Callable[..., Client]
) -> None:
    maker = cast["maker"]
    asset = make_asset(maker, parties=[provider.pk, customer.pk], provider=provider)
    month_of_readings(maker, asset, "2026-10", 1000, 1055)
    contract = make_contract(provider, customer, [asset])
    for grantee in (provider, customer):
        grant(asset, contract, grantee)
    run = bill(provider)
    with company_context(provider):
        item = RunItem.objects.get(run=run)
        assert (item.state, item.reason) == ("metering", "waiting_for_collector")
        assert run.state == "running"
    with company_context(maker):
        run_waiting_jobs(now=NOW)
    with company_context(provider):
        run_waiting_jobs(now=NOW)
        item.refresh_from_db()
        run.refresh_from_db()
        assert (item.state, item.net_minor, run.state) == ("billed", 10369, "done")
        assert UsageRecord.objects.get().author_id == maker.pk
    (invoice,) = issue_all(provider)
    with company_context(customer):
        found = EvidenceFile.objects.get(invoice=invoice.id)
        content = Path(_files(found)).read_bytes()
        assert verified(content, found.public_key, "en").verified
        record = UsageRecord.objects.get()
        assert not GrantRead.objects.filter(author=customer).exists()
    client = client_of(customer, "finance")
    address = reverse(
        "invoice_readings", urlconf="portal.urls", args=[invoice.public_id, record.public_id]
    )
    shown = client.get(address)
    assert shown.status_code == 200
    assert "1,055" in shown.content.decode()
    with company_context(maker):
        readers = set(GrantRead.objects.values_list("author__slug", flat=True))
        assert readers == {"provider", "customer"}
        DataGrant.objects.filter(grantee=customer).update(revoked_at=NOW)
    assert client.get(address).status_code == 403


def _files(found: EvidenceFile) -> str:
    from django.core.files.storage import default_storage

    return default_storage.path(found.path)


def test_the_invoice_of_a_collectors_readings_is_no_one_elses(
    cast: dict[str, Any], provider: Any, customer: Any
) -> None:
    maker = cast["maker"]
    asset = make_asset(maker, parties=[provider.pk])
    month_of_readings(maker, asset, "2026-10", 0, 5)
    make_contract(provider, customer, [asset])
    bill(provider)
    with company_context(maker):
        run_waiting_jobs(now=NOW)
        assert not Invoice.objects.exists()
        assert not RunItem.objects.exists()


def test_a_contract_whose_collector_refuses_is_put_aside_with_the_reason(
    cast: dict[str, Any], provider: Any, customer: Any
) -> None:
    maker = cast["maker"]
    asset = make_asset(maker, parties=[provider.pk])
    month_of_readings(maker, asset, "2026-10", 0, 5)
    make_contract(provider, customer, [asset])
    run = bill(provider)
    with company_context(maker):
        run_waiting_jobs(now=NOW)
    with company_context(provider):
        run_waiting_jobs(now=NOW)
        item = RunItem.objects.get(run=run)
        run.refresh_from_db()
        assert (item.state, item.reason, run.state) == ("parked", "metering_refused", "done")
        words = reason_words(item.reason, item.params)
        assert maker.name in words["what"]
        assert "…" not in words["what"] + words["next"]


def test_every_reason_of_metering_has_words() -> None:
    for code in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", NotMetered.__doc__ or ""):
        assert code in REASONS
