"""Unpaid: reminded, read-only, suspended, over every route; with positive controls."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from apps.accounts.models import ApiKey, Invitation
from apps.accounts.operations import invite, make_key
from apps.accounts.queries import members
from apps.common.ids import encode
from apps.events.models import AuditRow, OutboxEvent
from apps.subscriptions import middleware
from apps.subscriptions.middleware import ALWAYS_OPEN, STORES
from apps.subscriptions.models import Subscription
from apps.subscriptions.operations import review_standing
from apps.subscriptions.operations.reviewing import bring_up_to_date
from apps.tenancy.context import company_context
from apps.tenancy.middleware import forget_hosts
from apps.tenancy.models import Company
from tests.integration.test_crawl import WORDS, parameters


def owe(company: Any, since: datetime, status: str = "past_due") -> None:
    with company_context(company):
        Subscription.objects.filter(author=company).update(
            basis="provider", subscription_ref="sub_1", customer_ref="cus_1", status=status,
            unpaid_since=since,
        )  # fmt: skip


def stand(company: Any, standing: str, now: datetime) -> None:
    days = {"reminded": 0, "read_only": 21, "suspended": 60}[standing]
    owe(company, now - timedelta(days=days))
    with company_context(company):
        assert review_standing(now=now) == standing
    forget_hosts()


def addresses() -> list[tuple[str, str, str]]:
    """Name, capability and an address of every route of a company's host."""
    found: list[tuple[str, str, str]] = []

    def walk(patterns: list[Any], prefix: str) -> None:
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, route)
            elif isinstance(entry, URLPattern):
                view: Any = entry.callback
                may = getattr(
                    view, "capability", getattr(getattr(view, "cls", None), "capability", "")
                )
                found.append((entry.name or "", may, "/" + filled(route)))

    walk(get_resolver("portal.urls").url_patterns, "")
    return found


def filled(route: str) -> str:
    pids = re.findall(r"<pid:(\w+)>", route)
    for name in parameters(route):
        value = encode("ast", UUID(int=1)) if name in pids else WORDS.get(name, "1")
        route = re.sub(rf"<(?:\w+:)?{name}>", value, route)
    return route


def answered(client: Any, method: str) -> dict[str, int]:
    """Name → status of a request by this method to every route."""
    client.raise_request_exception = False
    # What is open comes last: one of them signs the client out.
    rows = sorted(addresses(), key=lambda row: row[0] in ALWAYS_OPEN)
    return {
        name or address: getattr(client, method)(address).status_code
        for name, _may, address in rows if "favicon" not in address
    }  # fmt: skip


def open_names() -> set[str]:
    return ALWAYS_OPEN | {name or address for name, may, address in addresses() if may in STORES}


def test_read_only_refuses_every_unsafe_request(
    cast: dict[str, Any], now: datetime, client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"])
    stand(cast["provider"], "read_only", now)
    found = answered(client, "post")
    assert {name for name, status in found.items() if status != 402} <= open_names()
    assert len(found) > 150


def test_reading_goes_on_in_read_only(
    cast: dict[str, Any], now: datetime, client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"])
    stand(cast["provider"], "read_only", now)
    assert 402 not in answered(client, "get").values()


def test_suspended_opens_nothing_but_paying_and_leaving(
    cast: dict[str, Any], now: datetime, client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"])
    stand(cast["provider"], "suspended", now)
    found = answered(client, "get")
    assert {name for name, status in found.items() if status != 402} <= open_names()
    assert client.get("/plan/").status_code == 200


@pytest.mark.long
@pytest.mark.parametrize("standing", ["good", "reminded"])
def test_control_nothing_is_refused_without_a_debt(
    cast: dict[str, Any], now: datetime, client_of: Callable[..., Any], standing: str
) -> None:
    client = client_of(cast["provider"])
    if standing != "good":
        stand(cast["provider"], standing, now)
    assert 402 not in answered(client, "post").values()


def test_control_without_the_middleware_the_test_above_fails(
    cast: dict[str, Any], now: datetime, client_of: Callable[..., Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(middleware, "HELD_BACK", frozenset())
    client = client_of(cast["provider"])
    stand(cast["provider"], "read_only", now)
    assert 402 not in answered(client, "post").values()


def test_nothing_is_changed_and_the_page_says_why(
    cast: dict[str, Any], now: datetime, client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"])
    stand(cast["provider"], "read_only", now)
    answer = client.post("/company/facts/", {"street": "Elsewhere 9"})
    assert answer.status_code == 402
    assert "read-only until its plan is paid" in answer.content.decode()
    assert 'href="/plan/"' in answer.content.decode()
    assert Company.objects.get(pk=cast["provider"].pk).street != "Elsewhere 9"
    told = client.post("/api/v1/mountings", "{}", content_type="application/json")
    assert (told.status_code, told.headers["Content-Type"]) == (402, "application/problem+json")
    assert "read-only" in told.json()["detail"]
    # And the banner, on a page that is read.
    assert "read-only until the plan is paid" in client.get("/company/").content.decode()


@pytest.mark.parametrize("standing", ["read_only", "suspended"])
def test_a_leaked_key_and_who_left_are_ended_whatever_is_owed(
    cast: dict[str, Any], now: datetime, client_of: Callable[..., Any],
    person_of: Callable[..., Any], standing: str,
) -> None:  # fmt: skip
    """Each by the page that leads to it."""
    provider = cast["provider"]
    client, colleague = client_of(provider), person_of(provider, "finance")
    with company_context(provider):
        key, _secret = make_key(name="leaked", scope="intake", now=now)
        asked = invite(
            email="new@x.example", position="viewer", now=timezone.now(), actor=colleague
        )
        member = members().get(user=colleague)
    stand(provider, standing, now)
    for page in ("/keys/", f"/keys/{key.public_id}/", "/people/", f"/people/{member.public_id}/",
                 "/company/sign-on/", "/webhooks/", "/data/grants/"):  # fmt: skip
        assert client.get(page).status_code == 200, page
    for act in (f"/keys/{key.public_id}/revocation/", "/company/sign-on/ending/",
                f"/people/invitations/{asked.public_id}/withdrawal/",
                f"/people/{member.public_id}/ending/"):  # fmt: skip
        assert client.post(act).status_code == 302, act
    with company_context(provider):
        assert ApiKey.objects.get(pk=key.pk).revoked_at is not None
        assert Invitation.objects.get(pk=asked.pk).withdrawn_at is not None
        assert not members().filter(user=colleague).exists()
    for act in ("/keys/new/", "/people/invitations/new/", "/company/sign-on/provider/"):
        assert client.post(act, {"name": "another", "scope": "intake"}).status_code == 402, act


def test_a_position_only_goes_down_while_something_is_owed(
    cast: dict[str, Any], now: datetime, client_of: Callable[..., Any],
    person_of: Callable[..., Any],
) -> None:  # fmt: skip
    provider = cast["provider"]
    client, colleague = client_of(provider), person_of(provider, "operations")
    stand(provider, "read_only", now)

    def asked(position: str) -> tuple[int, str]:
        with company_context(provider):
            member = members().get(user=colleague)
        answer = client.post(f"/people/{member.public_id}/position/", {"position": position})
        with company_context(provider):
            return answer.status_code, members().get(user=colleague).position

    # Finance is another position, not a lower one.
    for refused in ("director", "finance", "operations", "captain", ""):
        assert asked(refused) == (402, "operations"), refused
    assert asked("viewer") == (302, "viewer")
    assert asked("operations") == (402, "viewer")


def test_days_move_the_standing_once_each(cast: dict[str, Any], now: datetime) -> None:
    maker = cast["maker"]
    owe(maker, now)
    seen = []
    with company_context(maker):
        for day in range(70):
            seen.append(review_standing(now=now + timedelta(days=day)))
            review_standing(now=now + timedelta(days=day))
        told = OutboxEvent.objects.filter(name__startswith="subscriptions.").order_by(
            "published_at"
        )
        names = [(event.name.partition(".")[2], event.payload) for event in told]
        assert AuditRow.objects.filter(action="subscriptions.standing_changed").count() == 3
    assert [seen.index(one) for one in ("reminded", "read_only", "suspended")] == [0, 21, 60]
    assert [payload.get("number") for name, payload in names if name == "payment_reminded"] == [
        1,
        2,
        3,
    ]
    assert [payload["after"] for name, payload in names if name == "standing_changed"] == [
        "reminded", "read_only", "suspended",
    ]  # fmt: skip


def test_the_row_of_the_company_follows(cast: dict[str, Any], now: datetime) -> None:
    maker, other = cast["maker"], cast["workshop"]
    stand(maker, "suspended", now)
    assert Company.objects.get(pk=maker.pk).standing == "suspended"
    assert Company.objects.get(pk=other.pk).standing == "good"
    with company_context(maker):
        row = Subscription.objects.get(author=maker)
        row.unpaid_since = None
        assert bring_up_to_date(row, now) == "good"
    assert Company.objects.get(pk=maker.pk).standing == "good"


def test_the_database_knows_no_debt_without_a_reason(cast: dict[str, Any], now: datetime) -> None:
    from django.db import IntegrityError, transaction

    with company_context(cast["maker"]), pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.filter(author=cast["maker"]).update(standing="suspended")
