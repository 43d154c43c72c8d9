"""Declarations by programs: what they may say, what is refused, and that the same twice is once."""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from apps.accounts.operations import make_key
from apps.telemetry.models import Declaration, HourRollup
from apps.telemetry.operations import Outcome, limit_corrections, recompute_dirty
from apps.tenancy.context import company_context
from tests.integration.telemetry.conftest import Machine

Send = Callable[..., list[Outcome]]
Ask = Callable[..., Any]


@pytest.fixture
def filled(machine: Machine, send: Send, hour: Any, now: datetime) -> Machine:
    send(*(machine.item("cycles", hour(n), 1000 + n) for n in (1, 12, 36)))
    recompute_dirty(now=now)
    return machine


@pytest.fixture
def secret(filled: Machine, now: datetime) -> str:
    return make_key(name="control room", scope="declare", now=now)[1]


@pytest.fixture
def ask(machine: Machine) -> Ask:
    client = Client(HTTP_HOST=f"maker.{settings.PERUSE_DOMAIN}", raise_request_exception=False)

    def send(method: str, path: str, key: str, **body: Any) -> Any:
        answer = client.generic(
            method, f"/api/v1/{path}", json.dumps(body), content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {key}",
        )  # fmt: skip
        connection.set_tenant(machine.company)  # type: ignore[attr-defined]
        return answer

    return send


def body(machine: Machine, **changed: Any) -> dict[str, Any]:
    return {
        "asset": machine.asset.public_id, "channel": "cycles", "kind": "correction",
        "at": "2026-10-02T06:00:00Z", "amount": "5", "reason": "a sensor hung", **changed,
    }  # fmt: skip


def total(machine: Machine) -> Decimal:
    with company_context(machine.company):
        rows = HourRollup.objects.filter(channel=machine.channels["cycles"])
        return sum(rows.values_list("usage", flat=True), Decimal(0))


def test_a_correction_is_made_listed_and_taken_back(
    filled: Machine, secret: str, ask: Ask, now: datetime
) -> None:
    made = ask("POST", "declarations", secret, **body(filled))
    assert made.status_code == 201, made.content
    row = made.json()
    assert (row["state"], row["amount"], row["at"]) == (
        "counts", "5", "2026-10-02T06:00:00+00:00",
    )  # fmt: skip
    assert row["declared_by"].startswith("API key control room")
    assert total(filled) == 40
    again = ask("POST", "declarations", secret, **body(filled))
    assert (again.status_code, again.json()["id"]) == (200, row["id"])
    path = f"declarations/{row['id']}/withdrawal"
    assert ask("POST", path, secret, reason="it did not").json()["state"] == "withdrawn"
    assert ask("POST", path, secret, reason="it did not").status_code == 400
    assert total(filled) == 35
    reader = make_key(name="reader", scope="read", now=now)[1]
    listed = ask("GET", f"assets/{filled.asset.public_id}/declarations?channel=cycles", reader)
    assert [item["withdrawn_reason"] for item in listed.json()["declarations"]] == ["it did not"]
    none = ask("GET", f"assets/{filled.asset.public_id}/declarations?channel=hours", reader)
    assert none.json() == {"declarations": []}


def test_above_the_limit_it_waits_for_a_person(
    filled: Machine, secret: str, ask: Ask, now: datetime
) -> None:
    limit_corrections(limit=Decimal(1), by="x", now=now)
    assert ask("POST", "declarations", secret, **body(filled)).json()["state"] == "waiting"
    assert total(filled) == 35


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "believe"}, "kind"),
        ({"amount": 1.5}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": "1e30"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"kind": "reset"}, "amount"),
        ({"kind": "exchange", "amount": None, "closing": "1"}, "opening"),
        ({"at": "2026-10-02T06:00:00"}, "at"),
        ({"at": "2026-10-05T06:00:00Z"}, "measured_at"),
        ({"channel": "nothing"}, "channel"),
        ({"channel": "pressure"}, "declaration"),
        ({"asset": "SN-1"}, "asset"),
        ({"reason": ""}, "reason"),
    ],
)
def test_a_refusal_names_the_place_and_changes_nothing(
    filled: Machine, secret: str, ask: Ask, changed: dict[str, Any], field: str
) -> None:
    answer = ask("POST", "declarations", secret, **body(filled, **changed))
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["errors"]
    with company_context(filled.company):
        assert not Declaration.objects.exists()


def test_other_keys_and_other_assets(filled: Machine, secret: str, ask: Ask, now: datetime) -> None:
    intake = make_key(name="gateway", scope="intake", now=now)[1]
    assert ask("POST", "declarations", intake, **body(filled)).status_code == 403
    assert ask("POST", "declarations", "prk_nonsense", **body(filled)).status_code == 401
    reader = make_key(name="reader", scope="read", now=now)[1]
    absent = f"assets/ast_{'0' * 26}/declarations"
    assert ask("GET", absent, reader).status_code == 404
    gone = f"declarations/dcl_{'0' * 26}/withdrawal"
    assert ask("POST", gone, secret, reason="x").status_code == 404
    with company_context(filled.company):
        assert not Declaration.objects.exists()
