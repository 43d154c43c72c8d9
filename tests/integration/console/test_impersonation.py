"""The operator looks into a portal: for half an hour, with a reason, and moves nothing."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts import access
from apps.accounts.domain.capabilities import (
    ALL,
    ANY_PERSON,
    HELPING,
    operators_capabilities,
)
from apps.accounts.middleware import SESSION_HELP
from apps.accounts.models import Impersonation, User
from apps.accounts.operations import end_impersonation, issue_entry_code, start_impersonation
from apps.accounts.views.entry import ENTRY_COOKIE
from apps.console.models import OperatorAct
from apps.console.operations import impersonate
from apps.events.models import AuditRow
from apps.tenancy.context import as_owner, as_platform, company_context, no_company
from apps.tenancy.models import Company
from tests.architecture.test_routes import routes
from tests.conftest import NOW, signed_in

MONEY = {
    "approve_invoices", "approve_payouts", "draft_payouts", "issue_invoices", "manage_bank_accounts",
    "manage_keys", "manage_people", "match_payments", "pay", "run_billing", "settle_receivables",
    "sign_contracts",
}  # fmt: skip


@pytest.fixture
def visit(operator: User, provider: Any) -> Impersonation:
    with no_company(), as_platform():
        return impersonate(company=provider, by=operator, now=timezone.now(), reason="ticket 4711")


@pytest.fixture
def inside(operator: User, provider: Any, visit: Impersonation) -> Client:
    """The operator's browser in the provider's portal."""
    client = signed_in(provider, raise_request_exception=False)
    session = SessionStore(client.cookies["__Host-session"].value)
    session[SESSION_KEY] = str(operator.pk)
    session[HASH_SESSION_KEY] = operator.get_session_auth_hash()
    session[SESSION_HELP] = provider.pk
    session.save()
    return client


def test_both_audits_tell_who_looked_and_why(
    operator: User, provider: Any, visit: Impersonation
) -> None:
    with no_company(), as_platform():
        act = OperatorAct.objects.get()
    with company_context(provider):
        row = AuditRow.objects.get(action="console.impersonation_started")
    assert (act.action, act.reason) == ("console.impersonation_started", "ticket 4711")
    assert act.subject == row.subject == visit.public_id
    assert (row.actor, row.details) == (str(operator), {"reason": "ticket 4711"})


def test_it_needs_a_reason(operator: User, provider: Any) -> None:
    with no_company(), as_platform():
        with pytest.raises(ValidationError, match="Say why"):
            impersonate(company=provider, by=operator, now=NOW, reason=" ")
        assert Impersonation.all_parties.count() == OperatorAct.objects.count() == 0


def test_only_people_of_the_platform(person_of: Any, provider: Any) -> None:
    director = person_of(provider)
    with (
        no_company(),
        as_platform(),
        pytest.raises(ValidationError, match="people of the platform"),
    ):
        start_impersonation(company=provider, operator=director, reason="curious", now=NOW)


def test_a_suspended_portal_is_not_looked_into(operator: User, provider: Any) -> None:
    with no_company(), as_platform():
        Company.objects.filter(pk=provider.pk).update(state=Company.State.SUSPENDED)
        provider.refresh_from_db()
        with pytest.raises(ValidationError, match="resume it first"):
            impersonate(company=provider, by=operator, now=NOW, reason="why")


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"expires_at": NOW + timedelta(minutes=31)}, "is_short"),
        ({"reason": ""}, "reason"),
    ],
)
def test_the_database_keeps_it_short_and_reasoned(
    operator: User, provider: Any, fields: dict[str, Any], constraint: str
) -> None:
    facts = {"reason": "why", "expires_at": NOW + timedelta(minutes=30), **fields}
    with no_company(), as_platform(), pytest.raises(IntegrityError, match=constraint):
        with transaction.atomic():
            Impersonation.all_parties.create(
                author=provider, parties=[provider.pk], operator=operator, operator_name="x",
                started_at=NOW, **facts,
            )  # fmt: skip


def test_a_company_lets_nobody_in_and_prolongs_nothing(
    operator: User, provider: Any, visit: Impersonation
) -> None:
    later = visit.expires_at + timedelta(minutes=5)
    with company_context(provider):
        for change in ({"expires_at": later}, {"reason": "another"}):
            with pytest.raises(ProgrammingError), transaction.atomic():
                Impersonation.objects.filter(pk=visit.pk).update(**change)
        with pytest.raises(ProgrammingError), transaction.atomic():
            Impersonation.objects.all().delete()
        with pytest.raises(ProgrammingError), transaction.atomic():
            Impersonation(
                author=provider, parties=[provider.pk], operator=operator, operator_name="x",
                reason="x", started_at=NOW, expires_at=NOW + timedelta(minutes=1), ended_at=NOW,
            ).save(force_insert=True)  # fmt: skip


def test_another_company_sees_nothing_of_it(customer: Any, visit: Impersonation) -> None:
    with company_context(customer):
        assert Impersonation.objects.count() == 0


def test_pages_open_with_a_banner(inside: Client) -> None:
    page = inside.get("/").content.decode()
    assert "as the platform's operator" in page
    assert "ticket 4711" in page


def test_it_ends_after_half_an_hour(inside: Client, visit: Impersonation) -> None:
    with time_machine.travel(visit.expires_at - timedelta(seconds=5), tick=False):
        assert inside.get("/").status_code == 200
    with time_machine.travel(visit.expires_at, tick=False):
        assert inside.get("/").status_code == 302
        assert inside.get("/").status_code == 302


def test_it_is_ended_from_the_banner(inside: Client, provider: Any, visit: Impersonation) -> None:
    answer = inside.post("/enter/help/end/")
    assert answer.status_code == 302
    assert f"/tenancy/company/{provider.pk}/change/" in answer["Location"]
    assert inside.get("/").status_code == 302
    with company_context(provider):
        assert AuditRow.objects.filter(action="operator.left").count() == 1
        assert not end_impersonation(impersonation=visit, now=NOW)


def test_who_is_no_operator_any_more_is_out(inside: Client, operator: User) -> None:
    User.objects.filter(pk=operator.pk).update(is_staff=False)
    assert inside.get("/").status_code == 302


def test_it_opens_no_other_company(inside: Client) -> None:
    answer = inside.get("/", headers={"host": "customer.peruse.localhost"})
    assert answer.status_code == 302


def test_the_code_lets_the_operator_in_and_the_company_hears_of_it(
    operator: User, provider: Any, visit: Impersonation
) -> None:
    from apps.accounts.domain.tokens import hash_of, new_token

    nonce = new_token()
    code = issue_entry_code(
        user=operator, company=provider, browser_hash=hash_of(nonce), session_key="",
        now=timezone.now(),
    )  # fmt: skip
    client = Client(SERVER_NAME="provider.peruse.localhost")
    client.cookies[ENTRY_COOKIE] = nonce
    assert client.get("/enter/", {"code": code, "path": "/"}).status_code == 302
    assert "ticket 4711" in client.get("/").content.decode()
    with company_context(provider):
        row = AuditRow.objects.get(action="operator.entered")
    assert row.details == {"reason": "ticket 4711"}


def test_without_a_visit_the_code_lets_nobody_in(operator: User, provider: Any) -> None:
    from apps.accounts.domain.tokens import hash_of, new_token

    nonce = new_token()
    code = issue_entry_code(
        user=operator, company=provider, browser_hash=hash_of(nonce), session_key="",
        now=timezone.now(),
    )  # fmt: skip
    client = Client(SERVER_NAME="provider.peruse.localhost")
    client.cookies[ENTRY_COOKIE] = nonce
    assert client.get("/enter/", {"code": code, "path": "/"}).status_code == 400


def posts() -> Iterator[tuple[str, str]]:
    """(address with made-up ids, capability) of every route of the portal."""
    for route, view in routes("portal.urls"):
        capability = getattr(view, "capability", "")
        if capability and capability not in ANY_PERSON and not route.startswith("api/"):
            path = re.sub(r"<pid:\w+>", "ctr_00000000000000000000000000", route)
            path = re.sub(r"<(?:\w+:)?\w+>", "1", path)
            yield "/" + path, capability


def answers(client: Client) -> dict[tuple[str, str], int]:
    """By route what it answers to an empty form."""
    return {(path, capability): client.post(path).status_code for path, capability in posts()}


def test_no_form_of_the_portal_moves_anything(
    inside: Client, provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {key: status for key, status in answers(inside).items() if key[1] not in HELPING}
    assert {capability for _path, capability in found} >= MONEY
    # Refused for lack of a right, or a page that takes no forms from anybody.
    assert {key for key, status in found.items() if status not in (403, 405)} == set()
    assert {key[1] for key, status in found.items() if status == 403} >= MONEY
    # Of the director none of them is refused for that: the test tells the two apart.
    directors = answers(signed_in(provider, raise_request_exception=False))
    assert {key[1] for key, status in directors.items() if status == 403} & MONEY == set()
    # With the protection off, pages that are only looked at take forms from the operator.
    monkeypatch.setattr(access, "_is_more_than_help", lambda request, capability: False)
    without = answers(inside)
    assert {key for key in found if without[key] not in (403, 405)}


def test_money_pages_are_not_even_opened_where_they_only_change_things(inside: Client) -> None:
    assert operators_capabilities() & MONEY == set()
    assert operators_capabilities() <= ALL
    assert inside.get("/keys/").status_code == 403


def test_directors_see_the_visits(provider: Any, visit: Impersonation) -> None:
    page = signed_in(provider).get("/company/").content.decode()
    assert "ticket 4711" in page
    assert "Olga Operator" in page


def test_the_owner_alone_could_forge_one(operator: User, provider: Any) -> None:
    """Positive control of the rights: what the portal's role may not do, the owner may."""
    with company_context(provider), as_owner():
        Impersonation(
            author=provider, parties=[provider.pk], operator=operator, operator_name="x",
            reason="x", started_at=NOW, expires_at=NOW + timedelta(minutes=1), ended_at=NOW,
        ).save(force_insert=True)  # fmt: skip
