"""Pages of quarantine, channels, devices and grants: what they show, to whom, at what cost."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.assets.models import Asset, DataGrant, GrantRead
from apps.common.fields import uuid7
from apps.telemetry.models import Device, Disbelief, RefusedItem
from apps.telemetry.operations import Outcome, recompute_dirty
from apps.tenancy.context import company_context
from tests.integration.telemetry.conftest import Machine

Send = Callable[..., list[Outcome]]
RANGE = "?from=2026-10-01&to=2026-10-03"


@pytest.fixture
def filled(machine: Machine, send: Send, hour: Any, now: datetime) -> Machine:
    for n, value in enumerate(("100", "110", "90", "120")):
        send(machine.item("cycles", hour(n + 1), value))
    send(machine.item("pressure", hour(1), "7.25"), machine.item("pressure", hour(2), "NaN"))
    recompute_dirty(now=now)
    return machine


@pytest.fixture
def maker(filled: Machine, client_of: Any, cast: dict[str, Any]) -> Any:
    return client_of(cast["maker"])


def pages(machine: Machine) -> list[str]:
    asset = f"/assets/{machine.asset.public_id}"
    with company_context(machine.company):
        item = RefusedItem.objects.first()
        assert item is not None
        return [
            "/data/refused/", "/data/not-believed/", f"/data/refused/{item.public_id}/",
            f"{asset}/channels/cycles/{RANGE}", f"{asset}/channels/pressure/{RANGE}",
            f"{asset}/channels/cycles/chart/{RANGE}", f"{asset}/channels/pressure/chart/{RANGE}",
            f"{asset}/channels/cycles/correction/", f"{asset}/channels/cycles/correction-limit/",
            "/data/correction-limit/",
            f"{asset}/channels/cycles/declaration/", f"{asset}/devices/", f"{asset}/devices/new/",
            "/data/grants/", "/data/refused/?export=csv", "/data/not-believed/?export=csv",
            "/data/grants/?export=csv",
        ]  # fmt: skip


def test_every_page_answers_within_few_queries(maker: Any, filled: Machine) -> None:
    for path in pages(filled):
        with CaptureQueriesContext(connection) as asked:
            answer = maker.get(path)
        assert answer.status_code == 200, path
        assert len(asked) <= 14, (path, [query["sql"][:90] for query in asked])


def test_a_foreign_company_gets_the_404_of_absent_things(
    filled: Machine, client_of: Any, cast: dict[str, Any]
) -> None:
    stranger = client_of(cast["stranger"])
    absent = "ast_00000000000000000000000000"
    for path in pages(filled):
        if filled.asset.public_id not in path:
            continue
        foreign = stranger.get(path)
        other = stranger.get(path.replace(filled.asset.public_id, absent))
        assert (foreign.status_code, other.status_code) == (404, 404), path


def test_the_lists_say_why_in_words(maker: Any) -> None:
    assert "The value is not a number." in maker.get("/data/refused/").content.decode()
    text = maker.get("/data/not-believed/").content.decode()
    assert "Below the reading before it (110)." in text


def test_an_item_is_released_or_discarded_on_the_page(
    maker: Any, filled: Machine, cast: dict[str, Any]
) -> None:
    with company_context(cast["maker"]):
        item = RefusedItem.objects.get()
    answer = maker.post("/data/refused/release/", {"item": item.public_id}, follow=True)
    assert "Still refused: The value is not a number." in answer.content.decode()
    answer = maker.post("/data/refused/disposal/", {"item": item.public_id}, follow=True)
    assert "1 discarded." in answer.content.decode()
    assert maker.post("/data/refused/disposal/", {"item": "x"}).status_code == 302
    assert maker.get("/data/refused/disposal/").status_code == 405
    with company_context(cast["maker"]):
        assert RefusedItem.objects.get().state == "discarded"


def test_a_reading_is_believed_on_the_page(maker: Any, cast: dict[str, Any]) -> None:
    with company_context(cast["maker"]):
        row = Disbelief.objects.get()
    answer = maker.post("/data/not-believed/release/", {"item": row.public_id}, follow=True)
    assert "1 reading decided." in answer.content.decode()
    with company_context(cast["maker"]):
        assert not Disbelief.objects.exists()


def test_a_viewer_looks_and_does_not_judge(
    filled: Machine, client_of: Any, cast: dict[str, Any]
) -> None:
    viewer = client_of(cast["maker"], "viewer")
    assert viewer.get("/data/refused/").status_code == 200
    assert viewer.post("/data/refused/release/", {"item": "x"}).status_code == 403
    asset = f"/assets/{filled.asset.public_id}"
    assert viewer.get(f"{asset}/devices/new/").status_code == 403
    assert viewer.get(f"{asset}/channels/cycles/declaration/").status_code == 403


def test_the_channel_page_shows_belief(maker: Any, filled: Machine) -> None:
    path = f"/assets/{filled.asset.public_id}/channels/cycles/{RANGE}"
    text = maker.get(path).content.decode()
    assert "not believed" in text.lower()
    assert "Below the reading before it (110)." in text


def test_the_chart_is_a_figure(maker: Any, filled: Machine) -> None:
    base = f"/assets/{filled.asset.public_id}/channels"
    bars = maker.get(f"{base}/cycles/chart/{RANGE}").json()["data"][0]
    assert (bars["type"], sum(bars["y"])) == ("bar", 20)
    course = maker.get(f"{base}/pressure/chart/{RANGE}").json()["data"][0]
    assert (course["type"], course["y"]) == ("scatter", [7.25])


def test_a_reset_is_declared_on_the_page(maker: Any, filled: Machine) -> None:
    path = f"/assets/{filled.asset.public_id}/channels/cycles/declaration/"
    bad = maker.post(path, {"kind": "exchange", "measured_at": "x", "reason": ""})
    assert bad.status_code == 422
    facts = {"kind": "reset", "measured_at": "2026-10-01T04:30:00", "reason": "new board"}
    assert maker.post(path, facts).status_code == 302
    with company_context(filled.company):
        assert not Disbelief.objects.exists()


def test_a_new_device_shows_its_key_once(maker: Any, filled: Machine) -> None:
    path = f"/assets/{filled.asset.public_id}/devices/new/"
    answer = maker.post(path, {"name": "Gateway"})
    assert "prk_" in answer.content.decode()
    again = maker.post(path, {"name": "Gateway"})
    assert again.status_code == 422
    with company_context(filled.company):
        assert Device.objects.count() == 1
    assert "prk_" not in maker.get(f"/assets/{filled.asset.public_id}/devices/").content.decode()


def test_a_customer_looks_through_the_door_and_both_see_it(
    filled: Machine, client_of: Any, cast: dict[str, Any], now: datetime
) -> None:
    both = [cast["maker"].pk, cast["customer"].pk]
    with company_context(cast["maker"]):
        Asset.objects.filter(pk=filled.asset.pk).update(customer=cast["customer"], parties=both)
        grant = DataGrant.objects.create(
            author=cast["maker"],
            parties=both,
            asset=filled.asset,
            grantee=cast["customer"],
            contract_id=uuid7(),
            channels=["cycles"],
            resolution="raw",
            purpose="billing",
            valid_from=datetime(2026, 9, 1, tzinfo=UTC),
            valid_until=None,
        )
    customer = client_of(cast["customer"])
    base = f"/assets/{filled.asset.public_id}/channels"
    text = customer.get(f"{base}/cycles/{RANGE}").content.decode()
    assert "110" in text
    assert "not believed" not in text.lower()
    assert customer.get(f"{base}/cycles/chart/{RANGE}").json()["data"][0]["y"]
    assert customer.get(f"{base}/pressure/{RANGE}").status_code == 404
    assert customer.get(f"{base}/cycles/declaration/").status_code == 404
    for slug in ("customer", "maker"):
        client = client_of(cast[slug])
        assert client.get("/data/grants/").status_code == 200
        log = client.get(f"/data/grants/{grant.public_id}/").content.decode()
        assert "director customer" in log
    with company_context(cast["maker"]):
        assert GrantRead.objects.count() == 2
        DataGrant.objects.update(valid_until=now - timedelta(days=1))
    assert customer.get(f"{base}/cycles/{RANGE}").status_code == 404
    assert client_of(cast["stranger"]).get(f"/data/grants/{grant.public_id}/").status_code == 404
