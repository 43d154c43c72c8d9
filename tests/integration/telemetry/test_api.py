"""The intake over HTTP: per item answers, keys, limits, and bodies nobody should send."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from apps.accounts.operations import make_key
from apps.telemetry.limits import forget_limits
from apps.telemetry.models import RefusedItem
from apps.telemetry.operations import register_device
from apps.telemetry.wire import MOST_ITEMS
from tests.integration.telemetry.bodies import odd_body
from tests.integration.telemetry.conftest import Machine, make_machine

SINGLE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
Post = Callable[..., Any]


@pytest.fixture(autouse=True)
def _full_buckets(settings: Any) -> None:
    settings.PERUSE_REQUESTS_PER_SECOND = 100_000
    forget_limits()


@pytest.fixture
def secret(machine: Machine, now: datetime) -> str:
    return make_key(name="gateway", scope="intake", now=now)[1]


@pytest.fixture
def post(machine: Machine, secret: str) -> Post:
    client = Client(HTTP_HOST=f"maker.{settings.PERUSE_DOMAIN}", raise_request_exception=False)

    def send(
        body: Any, kind: str = SINGLE, key: str = secret, path: str = "/api/v1/events", **more: Any
    ) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = client.post(
            path, data, content_type=kind, HTTP_AUTHORIZATION=f"Bearer {key}", **more
        )
        connection.set_tenant(machine.company)  # type: ignore[attr-defined]
        return answer

    return send


def event(machine: Machine, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": "1", "source": "/test", "type": "reading",
        "subject": f"{machine.asset.public_id}/cycles", "time": "2026-10-01T10:00:00Z",
        "data": {"value": "12.5"}, **more,
    }  # fmt: skip


def stored() -> list[tuple[datetime, Decimal]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select measured_at, value from telemetry_level union all "
            "select counted_at, value from telemetry_delta order by 1"
        )
        return cursor.fetchall()


def test_a_single_event(machine: Machine, post: Post) -> None:
    answer = post(event(machine))
    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 1, "duplicates": 0, "conflicts": 0, "refused": 0,
        "items": [{"position": 0, "status": "accepted", "id": "1"}],
    }  # fmt: skip
    assert stored() == [(datetime(2026, 10, 1, 10, tzinfo=UTC), Decimal("12.5"))]
    assert post(event(machine)).json()["duplicates"] == 1


@pytest.mark.parametrize("kind", [SINGLE, "application/json"])
def test_asset_and_channel_may_stand_in_the_data(machine: Machine, post: Post, kind: str) -> None:
    body = event(machine, subject="", data={"value": 3, "asset": "SN-1", "channel": "cycles"})
    assert post(body, kind).json()["accepted"] == 1


def test_the_subject_may_name_the_asset_alone(machine: Machine, post: Post) -> None:
    body = event(machine, subject=machine.asset.public_id)
    body["data"] = {"channel": "cycles", "value": "12.5"}
    assert post(body).json()["items"][0]["status"] == "accepted"


@pytest.mark.parametrize("text", ["0.1", "100000000000000000.000000000001", "1e-12", "12.50"])
def test_a_number_is_taken_from_its_text(machine: Machine, post: Post, text: str) -> None:
    body = json.dumps(event(machine)).replace('"12.5"', text).encode()
    assert post(body).json()["accepted"] == 1
    assert stored()[0][1] == Decimal(text)


def test_a_batch_answers_each_item_in_its_place(machine: Machine, post: Post) -> None:
    bodies = [
        event(machine, id="a"),
        event(machine, id="b", data={"value": "NaN"}),
        {"id": "c"},
        event(machine, id="d"),
        event(machine, id="e", data={"value": "13"}),
        17,
        event(machine, id="f", time="2026-10-01T10:00:00"),
        event(machine, id="g", specversion="0.3"),
    ]
    answer = post(bodies, BATCH)
    assert answer.status_code == 200
    found = answer.json()
    assert [(item["position"], item["status"], item.get("reason")) for item in found["items"]] == [
        (0, "accepted", None), (1, "refused", "not_a_number"), (2, "refused", "bad_form"),
        (3, "duplicate", None), (4, "conflict", "conflict"), (5, "refused", "bad_form"),
        (6, "refused", "naive_time"), (7, "refused", "bad_form"),
    ]  # fmt: skip
    assert found["items"][1]["detail"] == "The value is not a number."
    assert (found["accepted"], found["duplicates"], found["conflicts"], found["refused"]) == (
        1,
        1,
        1,
        5,
    )
    assert RefusedItem.objects.count() == 6
    assert json.loads(RefusedItem.objects.get(position=1).raw) == bodies[1]


def test_an_application_json_list_is_a_batch(machine: Machine, post: Post) -> None:
    assert post([event(machine)], "application/json").json()["accepted"] == 1


def test_binary_mode(machine: Machine, post: Post) -> None:
    attributes = {
        "HTTP_CE_SPECVERSION": "1.0", "HTTP_CE_ID": "1", "HTTP_CE_SOURCE": "/x",
        "HTTP_CE_TYPE": "reading", "HTTP_CE_TIME": "2026-10-01T10:00:00Z",
        "HTTP_CE_SUBJECT": f"{machine.asset.public_id}/cycles",
    }  # fmt: skip
    answer = post({"value": "7"}, "application/json", **attributes)
    assert answer.json()["accepted"] == 1
    del attributes["HTTP_CE_TYPE"]
    assert post({"value": "8"}, "application/json", **attributes).json()["refused"] == 1


def test_a_devices_key_writes_its_own_asset_only(
    machine: Machine, post: Post, cast: dict[str, Any], now: datetime
) -> None:
    other = make_machine(cast["maker"], now, serial="SN-2")
    _device, key = register_device(asset=other.asset, name="Gateway", now=now, by=None)
    foreign = post(event(machine), key=key).json()["items"][0]
    absent = post(event(machine, subject="ast_00000000000000000000000000/cycles"), key=key)
    assert (foreign["status"], foreign["reason"]) == ("refused", "unknown_asset")
    assert absent.json()["items"][0]["reason"] == "unknown_asset"
    assert post(event(machine, subject="cycles"), key=key).json()["accepted"] == 1


def test_thingsboards_form(machine: Machine, post: Post, now: datetime, secret: str) -> None:
    _device, key = register_device(asset=machine.asset, name="Gateway", now=now, by=None)
    path, kind = "/api/v1/telemetry", "application/json"
    body = {"ts": 1790848800000, "values": {"cycles": 5, "pressure": "7.25", "odd": 1}}
    answer = post(body, kind, key, path).json()
    assert (answer["accepted"], answer["refused"]) == (2, 1)
    assert stored() == [
        (datetime(2026, 10, 1, 10, tzinfo=UTC), 5), (datetime(2026, 10, 1, 10, tzinfo=UTC), Decimal("7.25")),
    ]  # fmt: skip
    assert post([body], kind, key, path).json()["duplicates"] == 2
    assert post({"ts": 10**30, "values": {"cycles": 5}}, kind, key, path).json()["refused"] == 1
    assert post({"ts": True, "values": {"cycles": 5}}, kind, key, path).json()["refused"] == 1
    assert post({"ts": 1, "values": 5}, kind, key, path).json()["refused"] == 1
    assert post(body, kind, secret, path).status_code == 403


def test_without_a_good_key_nothing_is_read(
    machine: Machine, post: Post, now: datetime, cast: dict[str, Any], as_company: Any
) -> None:
    read = make_key(name="reader", scope="read", now=now)[1]
    with as_company(cast["stranger"]):
        foreign = make_key(name="foreign", scope="intake", now=now)[1]
    for key in ("", "prk_nonsense", foreign):
        answer = post(event(machine), key=key)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert post(event(machine), key=read).status_code == 403
    assert stored() == []
    assert not RefusedItem.objects.exists()


def test_kinds_and_sizes_that_are_refused(machine: Machine, post: Post) -> None:
    assert post(event(machine), "text/plain").status_code == 415
    assert post(event(machine), SINGLE, HTTP_CONTENT_ENCODING="gzip").status_code == 415
    assert post(b"[" + b",".join([b"{}"] * (MOST_ITEMS + 1)) + b"]", BATCH).status_code == 413
    assert post(b" " * (20 * 1024 * 1024 + 1)).status_code == 413
    client = Client(HTTP_HOST=f"maker.{settings.PERUSE_DOMAIN}")
    assert client.get("/api/v1/events").status_code == 405


@pytest.mark.parametrize(
    "body",
    [b"{", b"[", b"\xff\xfe", b"nonsense", b"NaN", b"[" * 200_000, b'{"a":' * 100_000, b"null",
     b"17", b'"text"', b"[]extra", b"{}{}"],
)  # fmt: skip
@pytest.mark.parametrize("kind", [SINGLE, BATCH, "application/json"])
def test_a_body_that_cannot_be_decoded(post: Post, body: bytes, kind: str) -> None:
    answer = post(body, kind)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["title"] == "The body cannot be decoded"
    assert stored() == []


def test_an_empty_batch_is_no_fault(post: Post) -> None:
    assert post(b"[]", BATCH).json()["items"] == []


def test_a_key_that_sends_too_often_waits(machine: Machine, post: Post, settings: Any) -> None:
    settings.PERUSE_REQUESTS_PER_SECOND = 0.5
    forget_limits()
    answers = [post(event(machine)) for _ in range(4)]
    late = next(answer for answer in answers if answer.status_code == 429)
    assert int(late["Retry-After"]) >= 1
    assert late["Content-Type"] == "application/problem+json"


def test_the_reasons_speak_the_senders_language(machine: Machine, post: Post) -> None:
    answer = post(event(machine, data={"value": "x"}), HTTP_ACCEPT_LANGUAGE="de")
    assert answer.json()["items"][0]["detail"] == "Der Wert ist keine Zahl."


def run_fuzz(machine: Machine, post: Post, count: int, seed: int) -> None:
    """Never a 5xx; what is accepted is stored as sent; nothing is half stored."""
    chance, accepted = random.Random(seed), 0
    for number in range(count):
        kind, body = odd_body(chance, machine.asset.public_id, number)
        answer = post(body, kind)
        assert answer.status_code in (200, 400, 413, 415), (seed, number, kind, body[:300])
        if answer.status_code != 200:
            continue
        found = answer.json()
        assert len(found["items"]) == sum(
            found[name] for name in ("accepted", "duplicates", "conflicts", "refused")
        )
        accepted += found["accepted"]
    rows = stored()
    assert len(rows) == accepted, seed
    assert accepted, "some of the bodies are good"
    assert all(value.is_finite() and abs(value) < 10**18 for _, value in rows)


def test_fuzzed_bodies(machine: Machine, post: Post) -> None:
    run_fuzz(machine, post, 700, seed=20261101)


@pytest.mark.long
def test_twenty_thousand_fuzzed_bodies(machine: Machine, post: Post) -> None:
    run_fuzz(machine, post, 20_000, seed=random.randrange(10**9))
