"""Positions, endings and invitations, each with its audit row, and never without a director."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.accounts.domain.tokens import hash_of
from apps.accounts.models import Invitation, Membership, User
from apps.accounts.operations import (
    accept_invitation,
    add_membership,
    change_position,
    create_person,
    end_membership,
    invite,
    withdraw_invitation,
)
from apps.accounts.queries import known_people, members, open_invitations
from apps.events.models import AuditRow
from apps.events.operations import run_waiting_jobs
from tests.integration.accounts.conftest import PASSWORD, PUBLIC, Browser, host_of, sign_in


@pytest.fixture
def provider(cast: Any) -> Any:
    return cast["provider"]


def _row(company: Any, user: User) -> Membership:
    return Membership.objects.get(author=company, user=user, ended_at=None)


def test_a_person_is_created_once(db: None, now: Any) -> None:
    one = create_person(email=" Ada@Example.org ", name="Ada", language="de", now=now)
    other = create_person(email="ada@example.org", name="Somebody else", now=now)
    assert (one.pk, other.name, other.email) == (other.pk, "Ada", "ada@example.org")
    assert not one.has_usable_password()


@pytest.mark.parametrize(
    ("email", "name", "language"),
    [("no address", "A", "en"), ("a@example.org", " ", "en"), ("a@example.org", "A", "xx")],
)
def test_odd_people_are_refused(db: None, now: Any, email: str, name: str, language: str) -> None:
    with pytest.raises(ValidationError):
        create_person(email=email, name=name, language=language, now=now)
    assert not User.objects.exists()


def test_a_membership_is_added_once(provider: Any, as_company: Any, now: Any) -> None:
    user = create_person(email="ada@example.org", name="Ada", now=now)
    with as_company(provider):
        one = add_membership(user=user, position="finance", now=now)
        other = add_membership(user=user, position="viewer", now=now)
        assert (one.pk, other.position) == (other.pk, "finance")
        with pytest.raises(ValidationError):
            add_membership(
                user=create_person(email="b@example.org", name="B", now=now),
                position="king",
                now=now,
            )


def test_a_changed_position_counts_from_the_next_request(
    provider: Any, client_of: Any, person_of: Any, as_company: Any
) -> None:
    viewer, director = client_of(provider, "viewer"), client_of(provider, "director")
    assert viewer.get("/keys/").status_code == 403
    with as_company(provider):
        row = _row(provider, person_of(provider, "viewer"))
    answer = director.post(f"/people/{row.public_id}/position/", {"position": "technician"})
    assert answer.status_code == 302
    assert viewer.get("/keys/").status_code == 200
    with as_company(provider):
        audit = AuditRow.objects.get(action="person.position_changed")
        assert (audit.details["before"], audit.details["position"]) == ("viewer", "technician")
        assert audit.actor_id == person_of(provider, "director").pk


def test_the_last_director_stays(
    provider: Any, client_of: Any, person_of: Any, as_company: Any
) -> None:
    director = client_of(provider, "director")
    with as_company(provider):
        row = _row(provider, person_of(provider, "director"))
    for way, data in (("position", {"position": "viewer"}), ("ending", {})):
        answer = director.post(f"/people/{row.public_id}/{way}/", data, follow=True)
        assert "last director" in answer.content.decode()
    with as_company(provider):
        assert _row(provider, person_of(provider, "director")).position == "director"


def test_one_of_two_directors_may_go(
    provider: Any, person_of: Any, as_company: Any, now: Any
) -> None:
    first = person_of(provider, "director")
    second = create_person(email="second@example.org", name="Second", now=now)
    with as_company(provider):
        add_membership(user=second, position="director", now=now)
        end_membership(membership=_row(provider, first), now=now)
        with pytest.raises(ValidationError):
            change_position(membership=_row(provider, second), position="viewer", now=now)


def test_ending_a_membership(
    provider: Any, client_of: Any, person_of: Any, as_company: Any
) -> None:
    finance, director = client_of(provider, "finance"), client_of(provider, "director")
    assert finance.get("/people/").status_code == 200
    with as_company(provider):
        row = _row(provider, person_of(provider, "finance"))
    director.post(f"/people/{row.public_id}/ending/")
    assert finance.get("/people/").status_code == 302
    assert director.get(f"/people/{row.public_id}/").status_code == 404
    with as_company(provider):
        assert person_of(provider, "finance") in known_people()
        assert AuditRow.objects.filter(action="person.left").count() == 1
        again = add_membership(
            user=person_of(provider, "finance"), position="viewer", now=timezone.now()
        )
        assert again.pk != row.pk


def test_who_may_not_manage_people_only_sees_them(
    provider: Any, client_of: Any, person_of: Any, as_company: Any
) -> None:
    viewer = client_of(provider, "viewer")
    director = person_of(provider, "director")
    with as_company(provider):
        row = _row(provider, director)
    page = viewer.get(f"/people/{row.public_id}/").content.decode()
    assert director.email in page
    assert "/ending/" not in page
    for path in (f"/people/{row.public_id}/ending/", f"/people/{row.public_id}/position/"):
        assert viewer.post(path, {"position": "viewer"}).status_code == 403
    assert viewer.get("/people/invitations/new/").status_code == 403


def test_people_of_other_companies_are_absent(
    cast: Any, client_of: Any, person_of: Any, as_company: Any, now: Any
) -> None:
    foreigner = person_of(cast["customer"], "director")
    with as_company(cast["customer"]):
        foreign = _row(cast["customer"], foreigner)
    director = client_of(cast["provider"])
    absent = director.get("/people/mem_01hzzzzzzzzzzzzzzzzzzzzzzz/")
    answer = director.get(f"/people/{foreign.public_id}/")
    assert answer.status_code == absent.status_code == 404
    assert answer.content == absent.content
    assert director.post(f"/people/{foreign.public_id}/ending/").status_code == 404
    assert foreigner.email not in director.get("/people/").content.decode()


def test_own_memberships_elsewhere_are_not_on_the_list(
    cast: Any, client_of: Any, person_of: Any, as_company: Any, now: Any
) -> None:
    """A person reads their own rows of other companies; the company's list must not show them."""
    director = person_of(cast["provider"])
    with as_company(cast["customer"]):
        add_membership(user=director, position="viewer", now=now)
    page = client_of(cast["provider"]).get("/people/")
    assert page.context["total"] == 1
    names = [entry["name"] for entry in page.context["other_companies"]]
    assert names == ["Customer Foods GmbH"]


# --- Invitations --------------------------------------------------------------------------------


def _invited(
    provider: Any, person_of: Any, as_company: Any, email: str = "new@example.org"
) -> tuple[Invitation, str]:
    """An invitation and the address in its mail."""
    with as_company(provider):
        now = timezone.now()
        invitation = invite(
            email=email, position="finance", now=now, actor=person_of(provider, "director")
        )
        assert run_waiting_jobs(now=now) == 1
    message = mail.outbox[-1]
    assert message.to == [email]
    found = re.search(r"http://\S+/invitations/acceptance/\?token=\S+", message.body)
    assert found, message.body
    return invitation, found.group()


def test_a_new_person_accepts(
    provider: Any, person_of: Any, as_company: Any, browser: Browser
) -> None:
    _invitation, address = _invited(provider, person_of, as_company)
    shown, page = browser.follow(address)
    assert shown.endswith("/invitations/acceptance/"), "the token has left the address"
    assert "new@example.org" in page.content.decode()
    with as_company(provider):
        assert open_invitations(timezone.now()).count() == 1, "looking accepts nothing"
    weak = browser.post(shown, {"name": "New", "language": "en", "password": "password"})
    assert weak.status_code == 200
    assert not User.objects.filter(email="new@example.org").exists()
    done = browser.post(shown, {"name": "New", "language": "de", "password": PASSWORD})
    assert done["Location"] == "/"
    user = User.objects.get(email="new@example.org")
    assert (user.name, user.language) == ("New", "de")
    with as_company(provider):
        assert _row(provider, user).position == "finance"
        assert AuditRow.objects.filter(action="invitation.accepted").count() == 1
    assert browser.follow(address)[1].status_code == 404, "it works once"
    sign_in(browser, user)
    _address, page = browser.follow(f"http://{host_of(provider)}/people/")
    assert page.wsgi_request.user == user


def test_a_known_person_signs_in_to_accept(
    cast: Any, provider: Any, person_of: Any, as_company: Any, browser: Browser, with_password: Any
) -> None:
    user = with_password(cast["customer"], "director", language="de")
    _invitation, address = _invited(provider, person_of, as_company, user.email)
    assert "lädt" in mail.outbox[-1].subject or "invites" in mail.outbox[-1].subject
    shown, page = browser.follow(address)
    assert "password" not in page.content.decode().split("<form", 1)[1].lower()
    asked = browser.post(shown)
    assert asked["Location"].startswith(f"http://{PUBLIC}")
    query = "?" + asked["Location"].split("?", 1)[1]
    onward = sign_in(browser, user, query)["Location"]
    _shown, page = browser.follow(f"http://{PUBLIC}{onward}")
    assert page.context["right"]
    assert not page.wsgi_request.user.is_authenticated, "proof is not membership"
    assert browser.get(f"http://{host_of(provider)}/people/").status_code == 302
    browser.post(shown)
    with as_company(provider):
        assert _row(provider, user).position == "finance"
    _address, page = browser.follow(f"http://{host_of(provider)}/people/")
    assert page.wsgi_request.user == user


def test_somebody_else_cannot_accept(
    cast: Any, provider: Any, person_of: Any, as_company: Any, browser: Browser, with_password: Any
) -> None:
    invited = with_password(cast["customer"], "director")
    other = with_password(cast["customer"], "viewer")
    invitation, address = _invited(provider, person_of, as_company, invited.email)
    shown, _page = browser.follow(address)
    asked = browser.post(shown)
    onward = sign_in(browser, other, "?" + asked["Location"].split("?", 1)[1])["Location"]
    _shown, page = browser.follow(f"http://{PUBLIC}{onward}")
    assert not page.context["right"]
    browser.post(shown)
    with as_company(provider):
        assert not members().filter(user=other).exists()
        with pytest.raises(ValidationError):
            accept_invitation(invitation=invitation, user=other, now=timezone.now())


@pytest.mark.parametrize("end", ["expired", "withdrawn", "replaced"])
def test_an_invitation_that_is_over(
    provider: Any, person_of: Any, as_company: Any, browser: Browser, end: str
) -> None:
    invitation, address = _invited(provider, person_of, as_company)
    with as_company(provider):
        if end == "expired":
            Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        elif end == "withdrawn":
            withdraw_invitation(invitation=invitation, now=timezone.now())
        else:
            invite(
                email=invitation.email,
                position="viewer",
                now=timezone.now(),
                actor=person_of(provider, "director"),
            )
    assert browser.follow(address)[1].status_code == 404


def test_a_token_of_another_company_opens_nothing(
    cast: Any, provider: Any, person_of: Any, as_company: Any, browser: Browser
) -> None:
    _invitation, address = _invited(provider, person_of, as_company)
    assert browser.follow(address.replace("provider.", "customer."))[1].status_code == 404


def test_tokens_are_stored_hashed(provider: Any, person_of: Any, as_company: Any) -> None:
    _invitation, address = _invited(provider, person_of, as_company)
    token = address.split("token=")[1]
    with as_company(provider):
        assert Invitation.objects.get().token_hash == hash_of(token)


def test_inviting_through_the_page(
    provider: Any, client_of: Any, person_of: Any, as_company: Any
) -> None:
    director = client_of(provider)
    member = person_of(provider, "viewer")
    refused = director.post(
        "/people/invitations/new/", {"email": member.email, "position": "viewer"}
    )
    assert "member of your company already" in refused.content.decode()
    director.post("/people/invitations/new/", {"email": "New@example.org", "position": "viewer"})
    page = director.get("/people/").content.decode()
    assert "new@example.org" in page
    with as_company(provider):
        invitation = Invitation.objects.get()
    director.post(f"/people/invitations/{invitation.public_id}/withdrawal/")
    assert "new@example.org" not in director.get("/people/").content.decode().split("alert")[-1]
    with as_company(provider):
        assert run_waiting_jobs(now=timezone.now()) == 1
    assert mail.outbox == [], "a withdrawn invitation is not mailed"
