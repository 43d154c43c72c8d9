"""The operator exports and erases a person: the same as the commands do, with a reason, audited and sealed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.http import HttpRequest
from django.test import RequestFactory

from apps.accounts.confirming import confirmed_at
from apps.accounts.domain.tokens import hash_of, new_token
from apps.accounts.models import Invitation, Membership, SignOnLink, User
from apps.accounts.operations import add_membership, invite, is_erased, issue_entry_code
from apps.accounts.queries import directed_alone
from apps.accounts.views import console
from apps.accounts.views.entry import ENTRY_COOKIE
from apps.console.models import OperatorAct
from apps.console.operations import erase_person, export_person
from apps.console.operations.sealing import seal_acts
from apps.events.models import AuditRow
from apps.tenancy.context import as_platform, company_context, no_company
from tests.conftest import NOW

NAME, ADDRESS = "Ada Canary-7719", "ada.canary@example.org"
REASON = "letter 4711"


@pytest.fixture
def person(cast: dict[str, Any], person_of: Callable[..., User]) -> User:
    """A member of two companies that have other directors, invited into a third."""
    user = User.objects.create_user(ADDRESS, "a long password", name=NAME, joined_at=NOW)
    for name in ("provider", "customer"):
        person_of(cast[name])
        with company_context(cast[name]):
            add_membership(user=user, position="director", now=NOW)
    UserSession.objects.create(
        user=user, session_key="canary", ip="203.0.113.7", user_agent="Firefox"
    )
    host = person_of(cast["maker"])
    with company_context(cast["customer"]):
        SignOnLink.objects.create(
            author=cast["customer"], parties=[cast["customer"].pk], user=user, issuer="https://id.example",
            subject="canary-7719", token_hash="", expires_at=NOW, linked_at=NOW,
        )  # fmt: skip
    with company_context(cast["maker"]):
        invite(email=ADDRESS, position="viewer", now=NOW, actor=host)
    return user


def erase(person: User, operator: User, reason: str = REASON) -> dict[str, int]:
    """As the console does, whose requests ask as the platform."""
    with no_company(), as_platform():
        return erase_person(person=person, by=operator, now=NOW, reason=reason)


def acts() -> list[OperatorAct]:
    with no_company(), as_platform():
        return list(OperatorAct.objects.order_by("id"))


def stands(person: User) -> bool:
    """Nothing of the person was touched."""
    with no_company(), as_platform():
        current = Membership.all_parties.filter(user=person, ended_at=None).count()
        invited = Invitation.all_parties.filter(email=ADDRESS, withdrawn_at=None).count()
    person.refresh_from_db()
    return (person.name, current, invited) == (NAME, 2, 1)


def test_an_erased_person_is_nobody_and_the_audits_say_why_without_a_name(
    cast: dict[str, Any], operator: User, person: User, settings: Any, tmp_path: Path
) -> None:
    settings.PERUSE_AUDIT_HEADS = tmp_path / "heads.json"
    done = erase(person, operator)
    assert (done["memberships"], done["invitations"], done["links"]) == (2, 1, 1)
    assert done["sign-ins"] == 1
    assert not stands(person)
    assert is_erased(person)
    [act] = acts()
    assert (act.action, act.actor, act.reason) == ("console.person_erased", str(operator), REASON)
    assert act.subject == f"person {person.pk}"
    with no_company(), as_platform():
        assert seal_acts(now=NOW) == 1
        left = list(AuditRow.all_parties.filter(action="person.left"))
    assert {row.author_id for row in left} == {cast["provider"].pk, cast["customer"].pk}
    assert {row.actor for row in left} == {str(operator)}
    assert NAME not in json.dumps([act.subject, act.reason, *(row.details for row in left)])


def test_without_its_last_director_no_company_is_left(
    cast: dict[str, Any], operator: User, person: User
) -> None:
    for name in ("provider", "customer"):
        with company_context(cast[name]):
            others = Membership.objects.filter(author=cast[name]).exclude(user=person)
            others.update(ended_at=NOW)
    assert {company.slug for company in directed_alone(person)} == {"provider", "customer"}
    with pytest.raises(ValidationError, match="would have no director left") as refused:
        erase(person, operator)
    told = " ".join(refused.value.messages)
    assert (cast["provider"].name in told, cast["customer"].name in told) == (True, True)
    assert stands(person)
    assert acts() == []
    # The control: with another director in both it is done.
    for name in ("provider", "customer"):
        with company_context(cast[name]):
            add_membership(user=operator, position="director", now=NOW)
    assert directed_alone(person) == []
    assert erase(person, operator)["memberships"] == 2


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (" ", "Say why"), (f"asked by {NAME.lower()}", "names the person"),
        (f"mail of {ADDRESS}", "names the person"),
    ],
)  # fmt: skip
def test_a_reason_that_cannot_stay_is_refused(
    operator: User, person: User, reason: str, words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        erase(person, operator, reason)
    with no_company(), as_platform(), pytest.raises(ValidationError, match=words):
        export_person(person=person, by=operator, now=NOW, reason=reason)
    assert stands(person)
    assert acts() == []


def test_nobody_erases_themselves(operator: User) -> None:
    with pytest.raises(ValidationError, match="by another operator"):
        erase(operator, operator)
    operator.refresh_from_db()
    assert operator.is_staff


def test_the_file_is_the_commands(operator: User, person: User, tmp_path: Path) -> None:
    with no_company(), as_platform():
        text = export_person(person=person, by=operator, now=NOW, reason=REASON)
    place = tmp_path / "person.json"
    call_command("export_person", ADDRESS, "--file", str(place))
    told = json.loads(text)
    assert told == json.loads(place.read_text())
    assert told["shared"]["accounts_user"][0]["name"] == NAME
    assert len(told["shared"]["accounts_membership"]) == 2
    assert person.password not in text
    [act] = acts()
    assert (act.action, act.subject) == ("console.person_exported", f"person {person.pk}")


def entered(operator: User, session: SessionStore, root: str, confirmed: Any) -> HttpRequest:
    """The request by which the operator came into the console."""
    nonce = new_token()
    code = issue_entry_code(
        user=operator, company=None, browser_hash=hash_of(nonce), session_key=root,
        confirmed_at=confirmed, now=NOW,
    )  # fmt: skip
    request = RequestFactory().get("/enter/", {"code": code, "path": "/"})
    request.COOKIES[ENTRY_COOKIE] = nonce
    request.session, request.company = session, None  # type: ignore[attr-defined, assignment]
    request.capabilities, request.user = frozenset(), operator  # type: ignore[attr-defined]
    assert console.enter(request).status_code == 302
    return request


def test_the_console_knows_when_its_operator_was_last_asked(
    operator: User, time_machine: Any
) -> None:
    time_machine.move_to(NOW)
    session = SessionStore()
    assert confirmed_at(entered(operator, session, "root-1", NOW)) == NOW
    session["kept_form"] = {"path": "/"}
    # Confirmed anew, what was typed before is still there; after another sign-in it is not.
    entered(operator, session, "root-1", NOW)
    assert "kept_form" in session
    entered(operator, session, "root-2", None)
    assert "kept_form" not in session
