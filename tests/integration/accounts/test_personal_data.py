"""A person takes what is stored of them with them, after showing who they are; nobody else's."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.operations import add_membership
from apps.events.operations import record
from apps.tenancy.context import company_context
from tests.conftest import NOW, make_person
from tests.integration.accounts.conftest import PASSWORD, PUBLIC, Browser

ADDRESS = f"http://{PUBLIC}/security/data/"


@pytest.fixture
def person(cast: dict[str, Any], signed_in: Callable[..., User]) -> User:
    """A director of the provider and viewer of the maker; did something in both."""
    user = signed_in(cast["provider"])
    with company_context(cast["maker"]):
        add_membership(user=user, position="viewer", now=NOW)
    for name in ("provider", "maker"):
        with company_context(cast[name]):
            record(action="test.did", actor=user, now=NOW, details={"amount": "Canary 4711"})
            record(action="test.did", actor=make_person(cast[name], "finance"), now=NOW)
    return user


def test_a_person_takes_their_data_with_them(browser: Browser, person: User) -> None:
    page = browser.get(ADDRESS)
    assert page.status_code == 200
    assert "Provider Services GmbH" in page.content.decode()
    answer = browser.post(ADDRESS)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    text = answer.content.decode()
    said = json.loads(text)
    assert said["account"]["accounts_user"][0]["email"] == person.email
    assert len(said["account"]["accounts_membership"]) == 2
    for company in ("provider", "maker"):
        acts = said["named"][company]["events_auditrow"]
        assert {row["actor"] for row in acts} == {str(person)}
        assert all(row.keys() >= {"id", "actor"} for row in acts)
    # Neither secrets, nor what else a row says, nor anybody else.
    for foreign in (person.password, "Canary 4711", "finance@"):
        assert foreign not in text


def test_who_is_there_is_asked_first(browser: Browser, person: User, time_machine: Any) -> None:
    time_machine.move_to(timezone.now() + timedelta(minutes=6))
    for answer in (browser.get(ADDRESS), browser.post(ADDRESS)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/confirmation/")
    assert (
        browser.post(f"http://{PUBLIC}{answer['Location']}", {"password": PASSWORD}).status_code
        == 302
    )
    assert browser.post(ADDRESS).status_code == 200


def test_nobody_gets_nothing(cast: dict[str, Any], browser: Browser) -> None:
    for answer in (browser.get(ADDRESS), browser.post(ADDRESS)):
        assert answer.status_code == 302
        assert "/sign-in/" in answer["Location"]
