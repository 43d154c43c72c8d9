"""Pages of grants, requests and one's own data: who sees them, what is done on them, what files say."""

import csv
import io
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.models import Asset, DataGrant, DataRequest, GrantRead
from apps.assets.operations import register_asset_type, register_assets
from apps.assets.queries import living_grants
from apps.events.models import Job
from apps.events.operations import JobTaken, run_waiting_jobs
from apps.telemetry.operations import (
    RawItem,
    exporting,
    recompute_dirty,
    register_device,
    sync_channels,
    take_in,
)
from apps.tenancy.context import company_context
from tests.conftest import NOW
from tests.leases import WantedClock, claimed

Client = Callable[..., Any]


@pytest.fixture
def press(cast: dict[str, Any], person_of: Any, settings: Any, tmp_path: Any) -> Asset:
    """The provider collects, the customer uses, the financier owns."""
    settings.MEDIA_ROOT = tmp_path
    with company_context(cast["provider"]):
        channels = [
            ChannelFacts("hours", "=Hours", "counter", "h"),
            ChannelFacts("battery", "Battery", "gauge", "%"),
            ChannelFacts("recipe", "Recipe", "gauge", "1", mark="secret"),
        ]
        kind = register_asset_type(name="Press", channels=channels, now=NOW)
        facts = AssetFacts(
            kind.pk, "Press 1", "P-1", provider=cast["provider"].pk, customer=cast["customer"].pk,
            owner=cast["financier"].pk, in_service_on=date(2026, 10, 1),
        )  # fmt: skip
        [asset] = register_assets(assets=[facts], now=NOW)
        sync_channels(asset_ids=[asset.pk])
        items = [
            RawItem(n, "P-1", code, f"2026-10-{n + 1:02d}T00:00:00Z", str(n))
            for n in range(10) for code in ("hours", "battery", "recipe")
        ]  # fmt: skip
        take_in(items=[_at(item, n) for n, item in enumerate(items)], source="test", now=NOW)
        recompute_dirty(now=NOW)
        register_device(
            asset=asset, name="Gateway", now=NOW, by=person_of(cast["provider"]), firmware="2.4.1"
        )
        run_waiting_jobs(now=NOW)
        return asset


def _at(item: RawItem, position: int) -> RawItem:
    from msgspec.structs import replace

    return replace(item, position=position)


def terms(**more: Any) -> dict[str, Any]:
    today = NOW.date()
    return {
        "kind": "values", "channels": ["hours"], "resolution": "daily", "purpose": "Lease",
        "valid_from": today.isoformat(), "valid_until": (today + timedelta(days=30)).isoformat(),
        **more,
    }  # fmt: skip


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def test_an_owner_asks_and_both_say_yes_on_their_pages(
    press: Asset, cast: dict[str, Any], client_of: Client
) -> None:
    ask = reverse("request_new", args=[press.public_id])
    owner = client_of(cast["financier"])
    assert owner.post(ask, terms(channels=[])).status_code == 422
    made = owner.post(ask, terms())
    assert owner.post(ask, terms()).headers["Location"] == made.headers["Location"]
    page = made.headers["Location"]
    for slug, shown in (("provider", 200), ("customer", 200), ("maker", 404), ("stranger", 404)):
        assert client_of(cast[slug]).get(page).status_code == shown
    for slug in ("provider", "customer"):
        client = client_of(cast[slug])
        assert (
            "asks you to let Financier Leasing AG" in client.get("/data/grants/").content.decode()
        )
        assert "request for data to answer" in client.get("/").content.decode()
        assert client.post(f"{page}acceptance/").status_code == 302
        assert "request for data to answer" not in client.get("/").content.decode()
        assert "asks you to let" not in client.get("/data/grants/").content.decode()
    assert client_of(cast["provider"], "viewer").post(f"{page}refusal/").status_code == 403
    with company_context(cast["provider"]):
        run_waiting_jobs(now=NOW)
        grant = DataGrant.objects.get(origin="request")
    detail = reverse("grant_detail", args=[grant.public_id])
    assert "Take back" not in owner.get(detail).content.decode()
    provider = client_of(cast["provider"])
    assert "Take back" in provider.get(detail).content.decode()
    channel = reverse("channel_detail", args=[press.public_id, "hours"])
    assert owner.get(channel).status_code == 200
    for _ in range(2):
        assert provider.post(f"{detail}revocation/").status_code == 302
    assert owner.get(channel).status_code == 404
    assert client_of(cast["customer"]).post(f"{detail}revocation/").status_code == 404


def test_the_customer_sees_all_its_data_and_takes_them_along(
    press: Asset, cast: dict[str, Any], client_of: Client
) -> None:
    customer = client_of(cast["customer"])
    assert "Press 1" in customer.get("/data/use/").content.decode()
    assert "Press 1" in customer.get("/data/use/?export=csv").content.decode()
    page = reverse("asset_data", args=[press.public_id])
    text = customer.get(page).content.decode()
    assert "trade secret" in text
    assert "no: ask who collects" in text
    for slug in ("financier", "stranger"):
        assert client_of(cast[slug]).get(page).status_code == 404
    span = {"start": "2026-10-01", "until": "2026-10-05", "form": "csv"}
    assert customer.post(f"{page}export/", {**span, "until": "2026-10-01"}).status_code == 422
    for form in ("csv", "json"):
        assert customer.post(f"{page}export/", {**span, "form": form}).status_code == 302
    with company_context(cast["customer"]):
        run_waiting_jobs(now=NOW)
        jobs = {job.payload["form"]: job for job in Job.objects.filter(kind="telemetry.export")}
    found = customer.get(jobs["csv"].result["url"])
    rows = list(csv.DictReader(io.StringIO(found.content.decode())))
    assert {row["channel"] for row in rows} == {"hours", "battery"}
    assert [(row["time"], row["value"]) for row in rows if row["channel"] == "hours"] == [
        (f"2026-10-0{n}T00:00:00+00:00", str(n - 1)) for n in (1, 2, 3, 4)
    ]
    assert rows[0]["title"] in ("'=Hours", "Battery")
    data = customer.get(jobs["json"].result["url"]).json()
    assert [len(part["rows"]) for part in data["channels"]] == [4, 4]
    assert client_of(cast["provider"]).get(jobs["csv"].result["url"]).status_code == 404
    log = client_of(cast["provider"]).get(page).content.decode()
    assert "Exported" in log
    # The page has no part of its own for the log: sorting opens it anew.
    assert "?sort=read_at" in log
    assert 'hx-target="#list"' not in log
    with company_context(cast["provider"]):
        assert GrantRead.objects.filter(act="exported").count() == 4


@pytest.mark.parametrize("stands", [False, True])
def test_a_file_longer_than_a_lease_stays_its_workers(
    press: Asset, cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch, stands: bool
) -> None:
    """A clock that stands is the positive control: then another worker takes the job."""
    monkeypatch.setattr(exporting, "PAGE", 1)
    start = datetime(2026, 10, 1, tzinfo=UTC)
    with company_context(cast["provider"]):
        job = exporting.start_export(
            asset_id=press.pk, label="Press 1", codes=["hours"], start=start,
            end=start + timedelta(days=4), form="csv", now=NOW, actor="Anna",
        )  # fmt: skip
        assert job is not None
        held = claimed(job, NOW)
        clock = WantedClock(held, NOW, stands=stands)
        with pytest.raises(JobTaken) if stands else nullcontext():
            assert exporting.run_export(job=held, now=NOW, clock=clock)["rows"] == 4
        assert (Job.objects.get(pk=job.pk).attempts == 1) is not stands


def test_device_health_shows_no_values_and_is_logged(
    press: Asset, cast: dict[str, Any], client_of: Client
) -> None:
    provider = client_of(cast["provider"])
    give = reverse("grant_new", args=[press.public_id])
    values = {**terms(), "grantee": cast["workshop"].pk}
    refused = provider.post(give, values)
    assert refused.status_code == 422
    assert "uses this asset" in refused.content.decode()
    made = provider.post(give, {**values, "kind": "health"})
    assert made.status_code == 302
    text = client_of(cast["workshop"]).get(made.headers["Location"]).content.decode()
    assert "2.4.1" in text
    assert "10 Oct 2026" in text
    assert "Hours" not in text
    with company_context(cast["provider"]):
        [row] = GrantRead.objects.all()
        assert (row.author, row.row_count, row.channels) == (cast["workshop"], 1, [])
    with company_context(cast["workshop"]):
        assert [grant.kind for grant in living_grants(NOW)] == ["health"]
        assert not Asset.objects.exists()


def test_who_collects_has_no_need_to_ask_and_others_no_power_to_give(
    press: Asset, cast: dict[str, Any], client_of: Client
) -> None:
    ask, give = (reverse(name, args=[press.public_id]) for name in ("request_new", "grant_new"))
    assert client_of(cast["provider"]).get(ask).status_code == 404
    for slug in ("customer", "financier", "stranger"):
        assert client_of(cast[slug]).get(give).status_code == 404
    assert client_of(cast["stranger"]).get(ask).status_code == 404
    assert client_of(cast["financier"], "technician").get(ask).status_code == 403
    with company_context(cast["provider"]):
        assert not DataRequest.objects.exists()
