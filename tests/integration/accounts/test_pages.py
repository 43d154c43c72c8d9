"""Refusals, partners, profile, forgotten passwords and the command."""

import json
import logging
import re
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.logs import MaskSecrets
from apps.accounts.models import Membership, User
from apps.accounts.operations import add_membership, create_person, make_key
from apps.events.models import AuditRow
from apps.tenancy.models import Acquaintance
from tests.integration.accounts.conftest import PASSWORD, PUBLIC, Browser, host_of, sign_in

NEW_PASSWORD = "staple battery horse"


def test_403_names_what_is_missing(cast: Any, client_of: Any) -> None:
    page = client_of(cast["provider"], "viewer").get("/people/invitations/new/")
    assert page.status_code == 403
    assert "invite people and change their positions" in page.content.decode()


def test_404_is_a_problem_for_programs(cast: Any, client_of: Any) -> None:
    answer = client_of(cast["provider"]).get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def test_404_is_the_same_everywhere(cast: Any, client_of: Any) -> None:
    client = client_of(cast["provider"])
    one, other = client.get("/nothing/"), client.get("/keys/key_01hzzzzzzzzzzzzzzzzzzzzzzz/")
    assert one.status_code == other.status_code == 404
    assert one.content == other.content


def test_a_form_from_elsewhere_is_refused(cast: Any, client_of: Any) -> None:
    client = client_of(cast["provider"], enforce_csrf_checks=True)
    answer = client.post("/people/invitations/new/", {"email": "a@example.org"})
    assert answer.status_code == 403
    assert "reload" in answer.content.decode()


def test_partners_by_address(cast: Any, client_of: Any, as_company: Any) -> None:
    director = client_of(cast["customer"])
    assert "Stranger" not in director.get("/partners/").content.decode()
    refused = director.post("/partners/new/", {"slug": "nobody"})
    assert "no other company" in refused.content.decode()
    assert (
        "no other company" in director.post("/partners/new/", {"slug": "customer"}).content.decode()
    )
    added = director.post("/partners/new/", {"slug": "https://stranger.peruse.localhost:8000/"})
    assert added["Location"] == "/partners/"
    assert "Stranger Industries" in director.get("/partners/").content.decode()
    director.post("/partners/new/", {"slug": "stranger"})
    with as_company(cast["customer"]):
        assert Acquaintance.objects.filter(other=cast["stranger"]).count() == 1
        assert AuditRow.objects.filter(action="partner.added").exists()
    assert client_of(cast["customer"], "viewer").get("/partners/new/").status_code == 403


def test_the_profile(cast: Any, browser: Browser, signed_in: Any) -> None:
    user = signed_in(cast["provider"])
    address = f"http://{PUBLIC}/profile/"
    assert browser.get(address).status_code == 200
    bad = browser.post(address, {"name": "N", "language": "xx", "time_zone": "Nowhere/None"})
    assert bad.status_code == 200
    browser.post(address, {"name": "Nora", "language": "de", "time_zone": "Europe/Vienna"})
    user.refresh_from_db()
    assert (user.name, user.language, user.time_zone) == ("Nora", "de", "Europe/Vienna")
    assert browser.get(address).headers["Content-Language"] == "de"


def test_a_new_password_ends_other_sessions(cast: Any, browser: Browser, signed_in: Any) -> None:
    signed_in(cast["provider"])
    people = f"http://{host_of(cast['provider'])}/people/"
    browser.follow(people)
    assert browser.get(people).status_code == 200
    changed = browser.post(
        f"http://{PUBLIC}/profile/",
        {
            "old_password": PASSWORD,
            "new_password1": NEW_PASSWORD,
            "new_password2": NEW_PASSWORD,
        },
    )
    assert changed.status_code == 302
    assert browser.get(f"http://{PUBLIC}/companies/").status_code == 200, "this one stays"
    assert browser.get(people).status_code == 302, "it must ask for a new code"
    assert browser.follow(people)[1].status_code == 200, "and gets one without a password"


def test_a_forgotten_password(cast: Any, browser: Browser, with_password: Any) -> None:
    user = with_password(cast["provider"])
    browser.post(f"http://{PUBLIC}/password/reset/", {"email": "unknown@example.org"})
    assert mail.outbox == [], "nothing tells whether somebody is known"
    answer = browser.post(f"http://{PUBLIC}/password/reset/", {"email": user.email})
    assert answer.status_code == 302
    found = re.search(r"http://\S+/password/reset/key/\S+", mail.outbox[0].body)
    assert found
    shown, page = browser.follow(found.group())
    assert page.status_code == 200
    browser.post(shown, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert "no longer valid" in browser.follow(found.group())[1].content.decode()


def test_passwords_are_argon2(cast: Any, with_password: Any) -> None:
    assert with_password(cast["provider"]).password.startswith("argon2")


def test_public_pages_have_no_inline_script_or_style(
    cast: Any, browser: Browser, signed_in: Any
) -> None:
    pages = [
        browser.get(f"http://{PUBLIC}{path}") for path in ("/", "/sign-in/", "/password/reset/")
    ]
    signed_in(cast["provider"])
    pages += [browser.get(f"http://{PUBLIC}{path}") for path in ("/companies/", "/profile/")]
    for page in pages:
        assert page.status_code == 200
        body = page.content.decode()
        assert "<style" not in body
        assert " style=" not in body
        assert not re.search(r"<script(?![^>]*\ssrc=)", body)
        assert not re.search(r"\son[a-z]+=", body)


def test_an_inactive_person_does_not_get_in(
    cast: Any, browser: Browser, with_password: Any
) -> None:
    user = with_password(cast["provider"])
    User.objects.filter(pk=user.pk).update(is_active=False)
    browser.post(f"http://{PUBLIC}/sign-in/", {"login": user.email, "password": PASSWORD})
    assert browser.get(f"http://{PUBLIC}/companies/").status_code == 302


def test_the_command(
    cast: Any, as_company: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any, browser: Browser
) -> None:
    monkeypatch.setenv("PERUSE_PASSWORD", PASSWORD)
    options = {"name": "Ada", "company": "provider", "position": "finance", "json": True}
    call_command("create_person", "ada@example.org", **options)
    call_command("create_person", "ada@example.org", **options)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["created"] for line in told] == [True, False]
    with as_company(cast["provider"]):
        assert Membership.objects.get(user__email="ada@example.org").position == "finance"
    sign_in(browser, User.objects.get(email="ada@example.org"))
    with pytest.raises(CommandError, match="no company"):
        call_command("create_person", "b@example.org", name="B", company="nobody")
    assert not User.objects.filter(email="b@example.org").exists()


@pytest.mark.parametrize(
    "line",
    [
        "GET /enter/?code=SECRETSECRET&path=/",
        "GET /invitations/acceptance/?token=SECRETSECRET",
        "GET /sign-in/?path=%2Fx%2F%3Ftoken%3DSECRETSECRET",
        "Not Found: /password/reset/key/SECRET-SECRETSECRET/",
        "Authorization: Bearer SECRETSECRET",
        "key prk_SECRETSECRET",
    ],
)
def test_secrets_do_not_reach_the_logs(line: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s", (line,), None)
    assert MaskSecrets().filter(record)
    assert "SECRET" not in record.getMessage()


@pytest.mark.parametrize("path", ["/people/", "/keys/", "/partners/"])
def test_lists_ask_a_dozen_times_at_most(
    cast: Any, client_of: Any, as_company: Any, now: Any, path: str
) -> None:
    client = client_of(cast["provider"])
    counts = []
    client.get(path)  # the host is looked up once in a while
    for more in (1, 8):
        with as_company(cast["provider"]):
            for number in range(more * 10, more * 11):
                person = create_person(email=f"p{number}@example.org", name=f"P{number}", now=now)
                add_membership(user=person, position="viewer", now=now)
                make_key(name=f"K{number}", scope="read", now=now)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[1] <= counts[0] <= 12, counts
