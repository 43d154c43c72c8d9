"""A person takes what is stored of them with them, after showing who they are; nobody else's."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts import personal
from apps.accounts.models import User
from apps.accounts.operations import add_membership
from apps.events.operations import record
from apps.tenancy.context import as_platform, company_context, no_company
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


@pytest.fixture
def others(cast: dict[str, Any], person: User, with_password: Callable[..., User]) -> list[User]:
    """A colleague in both companies, and somebody of a company the person is not in; both did something."""
    colleague, stranger = with_password(cast["provider"], "finance"), make_person(cast["stranger"])
    with company_context(cast["maker"]):
        add_membership(user=colleague, position="technician", now=NOW)
    for company, one in (("provider", colleague), ("maker", colleague), ("stranger", stranger)):
        with company_context(cast[company]):
            record(action="test.did", actor=one, now=NOW)
    return [colleague, stranger]


def marks_of(one: User) -> set[str]:
    """Keys of every shared row that is about them, and their name and address."""
    with no_company(), as_platform():
        tables = personal.stored_of(one)
    keys = {str(row["id"]) for rows in tables.values() for row in rows if "id" in row}
    assert len(tables) > 2
    # Numbers of a few digits stand in many texts.
    return {key for key in keys if len(key) > 6} | {one.email, str(one)}


@pytest.mark.parametrize("careless", [False, True])
def test_nobody_elses_rows_are_on_it(
    browser: Browser, person: User, others: list[User], careless: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The control gives every row that the database lets the person's page see."""
    foreign = set().union(*map(marks_of, others)) - marks_of(person)
    assert len(foreign) > 4
    if careless:
        monkeypatch.setattr(personal, "_rows", lambda model, one: all_rows(model))
    page, answer = browser.get(ADDRESS), browser.post(ADDRESS)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    found = {mark for mark in foreign if mark in answer.content.decode()}
    assert bool(found) is careless, found
    assert not {mark for mark in foreign if mark in page.content.decode()}


def all_rows(model: Any) -> Any:
    return getattr(model, "all_parties", model._default_manager).order_by("pk")
