"""The readings are a third company's: it meters, the others read through the door, logged."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from apps.assets.models import Asset, DataGrant, GrantRead
from apps.billing.models import EvidenceFile, Invoice, RunItem
from apps.billing.operations import export_evidence
from apps.billing.queries.evidence import evidenced_until
from apps.billing.queries.readings import covered_period, readings_behind
from apps.billing.queries.verifying import verified
from apps.billing.wording import REASONS, reason_words
from apps.events.models import Job
from apps.events.operations import run_waiting_jobs
from apps.metering.models import UsageRecord
from apps.metering.operations import NotMetered
from apps.telemetry.door import DoorClosed, read_under_grant
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def grant(asset: Asset, contract: Any, grantee: Any, **more: Any) -> None:
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
            **more,
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


MIDNIGHT = datetime(2026, 10, 31, 23, tzinfo=UTC)


def metered_elsewhere(
    maker: Any, provider: Any, customer: Any, name: str = "Press 1", **more: Any
) -> tuple[Asset, Any]:
    """An asset whose October the maker has counted, and the provider's contract on it."""
    asset = make_asset(maker, name, parties=[provider.pk, customer.pk], provider=provider)
    month_of_readings(maker, asset, "2026-10", 1000, 1055)
    return asset, make_contract(provider, customer, [asset], title=name, **more)


def billed_all(maker: Any, provider: Any) -> list[Invoice]:
    bill(provider)
    for company in (maker, provider):
        with company_context(company):
            run_waiting_jobs(now=NOW)
    return issue_all(provider)


@pytest.mark.parametrize("until", [MIDNIGHT, datetime(2026, 10, 24, 22, tzinfo=UTC)])
def test_the_last_invoice_of_an_ended_contract_is_proven(
    cast: dict[str, Any], provider: Any, customer: Any, client_of: Callable[..., Client],
    until: datetime,
) -> None:  # fmt: skip
    """The grant is over when the month is billed: its readings are read for the evidence alone."""
    maker, last = cast["maker"], until.astimezone(ZoneInfo("Europe/Berlin")).date()
    asset, contract = metered_elsewhere(
        maker, provider, customer, ends_on=date(2026, 11, 1),
        item_of=lambda _asset: {"withdrawn_on": last},
    )  # fmt: skip
    for grantee in (provider, customer):
        grant(asset, contract, grantee, valid_until=until)
    (invoice,) = billed_all(maker, provider)
    with company_context(customer):
        found = EvidenceFile.objects.get(invoice=invoice.id)
        assert verified(Path(_files(found)).read_bytes(), found.public_key, "en").verified
    for company in (maker, provider):
        with company_context(company):
            [read] = GrantRead.objects.select_related("grant")
            assert (read.act, read.author_id, read.reader) == ("evidence", provider.pk, "evidence")
        address = reverse("grant_detail", urlconf="portal.urls", args=[read.grant.public_id])
        page = client_of(company).get(address).content.decode()
        assert "for the signed evidence of its invoices" in page
    with company_context(provider):
        assert evidenced_until(contract.pk) == MIDNIGHT
        # It opens nothing else: neither the page of the readings nor an ordinary read.
        record = UsageRecord.objects.get(billed_period__contract=contract)
        with pytest.raises(DoorClosed):
            readings_behind(record, covered_period(record), reader="A", now=NOW)
        with pytest.raises(DoorClosed):
            read_under_grant(
                grant=read.grant, channel_code="cycles", start=MIDNIGHT, end=NOW, reader="A",
                now=NOW,
            )  # fmt: skip


def test_an_invoice_whose_readings_are_closed_holds_back_no_other_and_says_why(
    cast: dict[str, Any], provider: Any, customer: Any, client_of: Callable[..., Client]
) -> None:
    maker = cast["maker"]
    pairs = [metered_elsewhere(maker, provider, customer, name) for name in ("A", "B", "C")]
    for asset, contract in pairs:
        closed = {"revoked_at": NOW} if asset.name == "A" else {}
        grant(asset, contract, provider, **closed)
    issued = billed_all(maker, provider)
    [closed_one] = [row for row in issued if row.contract_id == pairs[0][1].pk]
    with company_context(provider):
        assert EvidenceFile.objects.count() == 2
        job = Job.objects.get(kind="billing.store_evidence")
        assert (job.state, "1 of 3" in job.error) == (Job.State.WAITING, True)
        with pytest.raises(ValidationError, match="A cycles are not open"):
            export_evidence(invoice=closed_one, now=NOW, reader="test")
    address = reverse("invoice_verification", urlconf="portal.urls", args=[closed_one.public_id])
    for company in (provider, customer):
        assert "A cycles are not open" in client_of(company).get(address).content.decode()
    with company_context(maker):
        DataGrant.objects.update(revoked_at=None)
    with company_context(provider):
        assert export_evidence(invoice=closed_one, now=NOW, reader="test")
    page = client_of(provider).get(address).content.decode()
    assert "are not open" not in page


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
