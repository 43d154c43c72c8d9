"""A token of one company, brought to another, is answered exactly as one that never was.

Codes, invitations, sessions, keys and ids of jobs; links to a new password act for a person on the sign-in
host, so their like at a company's host does not exist. Codes' further rules: `test_entry.py`.
"""

import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.operations import make_key
from apps.common.fields import uuid7
from apps.common.ids import encode
from apps.events.operations import enqueue
from apps.tenancy.context import company_context
from tests.integration.accounts.conftest import Browser, host_of
from tests.integration.accounts.test_entry import _code_address
from tests.integration.accounts.test_people import _invited
from tests.integration.test_crawl import same_but_for_tokens

PUBLIC = settings.PERUSE_DOMAIN
Answer = tuple[int, str, str]


def said(response: Any) -> Answer:
    """Status, where it leads, and the page, without what differs between any two answers."""
    location = response.headers.get("Location", "")
    return response.status_code, location, same_but_for_tokens(response.content.decode())


def like(token: str) -> str:
    """Another token of the same shape."""
    letters = "".join(secrets.choice("abcdefghjkmnpqrstvwxyz") for _ in token)
    return re.sub(r"[A-Za-z0-9]", lambda found: letters[found.start()], token)


def test_an_invitation(cast: Any, person_of: Any, as_company: Any) -> None:
    _invitation, address = _invited(cast["provider"], person_of, as_company)
    token = address.split("token=")[1]
    assert Browser().get(address).status_code == 302, "at home it works"
    there = address.replace("provider.", "customer.")
    assert said(Browser().follow(there)[1]) == said(
        Browser().follow(there.replace(token, like(token)))[1]
    )


def test_a_code_of_entry(
    cast: Any, browser: Browser, signed_in: Callable[..., User], as_company: Any
) -> None:
    signed_in(cast["provider"])
    address = _code_address(browser, cast["provider"])
    code = address.split("code=")[1].split("&")[0]
    there = address.replace("provider.", "customer.")
    assert said(Browser().get(there)) == said(Browser().get(there.replace(code, like(code))))


def test_a_session(cast: Any, browser: Browser, signed_in: Callable[..., User]) -> None:
    signed_in(cast["provider"])
    browser.follow(f"http://{host_of(cast['provider'])}/people/")
    cookie = browser.client(host_of(cast["provider"])).cookies[settings.SESSION_COOKIE_NAME].value
    answers = []
    for value in (cookie, like(cookie)):
        other = Browser()
        other.client(host_of(cast["customer"])).cookies[settings.SESSION_COOKIE_NAME] = value
        status, location, page = said(other.get(f"http://{host_of(cast['customer'])}/people/"))
        answers.append((status, urlsplit(location).path, page))
    assert answers[0] == answers[1]
    assert answers[0][0] == 302


@pytest.mark.parametrize("path", ["/api/v1/telemetry", "/api/v1/events"])
def test_a_key(cast: Any, path: str) -> None:
    with company_context(cast["provider"]):
        _key, secret = make_key(name="Gateway", scope="intake", now=timezone.now())
    client = Browser().client(host_of(cast["customer"]))
    answers = [
        said(client.post(path, "[]", "application/json", headers={"Authorization": f"Bearer {one}"}))
        for one in (secret, "prk_" + like(secret[4:]))
    ]  # fmt: skip
    assert answers[0] == answers[1]
    assert answers[0][0] == 401


def test_the_id_of_a_job(cast: Any, client_of: Callable[..., Any]) -> None:
    with company_context(cast["provider"]):
        job = enqueue(kind="settlement.count_credit", payload={}, now=timezone.now())
    path = f"/jobs/{job.public_id}/"
    assert client_of(cast["provider"]).get(path).status_code == 200, "at home it works"
    client = client_of(cast["customer"])
    absent = path.replace(job.public_id, encode(job.prefix, uuid7()))
    assert said(client.get(path)) == said(client.get(absent))


def test_a_link_to_a_new_password_acts_at_the_sign_in_host_alone(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    browser.post(f"http://{PUBLIC}/password/reset/", {"email": user.email})
    found = re.search(r"http://\S+/password/reset/key/\S+", mail.outbox[-1].body)
    assert found, mail.outbox[-1].body
    path = urlsplit(found.group()).path
    assert browser.get(f"http://{PUBLIC}{path}").status_code == 302, "at home it works"
    key = path.rstrip("/").rpartition("-")[2]
    there = f"http://{host_of(cast['customer'])}"
    asked = (
        said(Browser().get(there + path)),
        said(Browser().get(there + path.replace(key, like(key)))),
    )
    assert asked[0] == asked[1]
    assert asked[0][0] == 404
