"""Founding, inviting, answering and leaving, as each company sees it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from apps.events.operations import run_waiting_jobs
from apps.networks.models import Answer, Participation, ValueNetwork
from apps.networks.operations import (
    answer_invitation,
    end_participation,
    found_network,
    invite_company,
    leave_network,
    note_answer,
)
from apps.networks.queries import invitations_waiting, roles_played
from apps.tenancy.context import company_context
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies

STATE = Participation.State


class Scene:
    """A network of the provider, and who is asked to join it."""

    def __init__(self, cast: dict[str, Any], now: datetime, members_meet: bool = False) -> None:
        self.cast, self.now = cast, now
        with company_context(cast["provider"]):
            self.network = found_network(
                name="Clean dairy", purpose="Clean lines", members_meet=members_meet,
                roles=["provider"], now=now, actor="Anna",
            )  # fmt: skip

    def invite(self, slug: str, role: str) -> Participation:
        with company_context(self.cast["provider"]):
            return invite_company(
                network=self.network, company=self.cast[slug], role=role, now=self.now, actor="Anna"
            )

    def answer(self, row: Participation, accepts: bool = True) -> None:
        """As the company does it in its portal; the founder's job follows."""
        with company_context(row.company):
            own = Participation.objects.select_related("network").get(pk=row.pk)
            answer_invitation(participation=own, accepts=accepts, now=self.now, actor="Carl")
        with company_context(self.cast["provider"]):
            run_waiting_jobs(now=self.now)

    def join(self, slug: str, role: str) -> Participation:
        row = self.invite(slug, role)
        self.answer(row)
        return row

    def seen_by(self, slug: str) -> set[tuple[str, str]]:
        with company_context(self.cast[slug]):
            rows = Participation.objects.filter(network_id=self.network.pk)
            return {(row.company.slug, row.state) for row in rows.select_related("company")}


@pytest.fixture
def scene(cast: dict[str, Any], now: datetime) -> Scene:
    return Scene(cast, now)


def test_a_network_is_seen_by_its_founder_alone_until_somebody_is_asked(scene: Scene) -> None:
    assert scene.seen_by("provider") == {("provider", "active")}
    assert scene.seen_by("customer") == set()
    with company_context(scene.cast["customer"]):
        assert not ValueNetwork.objects.exists()


def test_an_invitation_is_answered_in_the_other_portal(scene: Scene) -> None:
    row = scene.invite("customer", "customer")
    with company_context(scene.cast["customer"]):
        assert list(invitations_waiting()) == [row]
        assert roles_played() == frozenset()
    scene.answer(row)
    assert scene.seen_by("customer") == {("provider", "active"), ("customer", "active")}
    with company_context(scene.cast["customer"]):
        assert not invitations_waiting().exists()
        assert roles_played() == {"customer"}


def test_no_is_noted_and_the_network_is_gone_for_who_said_it(scene: Scene) -> None:
    row = scene.invite("customer", "customer")
    scene.answer(row, accepts=False)
    assert scene.seen_by("provider") == {("provider", "active"), ("customer", "declined")}
    with company_context(scene.cast["customer"]):
        assert not ValueNetwork.objects.exists()


def test_asking_twice_and_answering_twice_is_once(scene: Scene) -> None:
    row = scene.invite("customer", "customer")
    assert scene.invite("customer", "customer") == row
    scene.answer(row)
    scene.answer(row)
    with company_context(scene.cast["customer"]):
        assert Answer.objects.count() == 1
        with pytest.raises(ValidationError, match="answered already"):
            answer_invitation(participation=row, accepts=False, now=scene.now, actor="Carl")
    with company_context(scene.cast["provider"]):
        assert not note_answer(participation_id=row.pk, now=scene.now)


def test_a_company_plays_several_roles_and_comes_back_after_leaving(scene: Scene) -> None:
    scene.join("maker", "manufacturer")
    first = scene.join("maker", "supplier")
    with company_context(scene.cast["maker"]):
        assert roles_played() == {"manufacturer", "supplier"}
        own = Participation.objects.select_related("network").get(pk=first.pk)
        leave_network(participation=own, now=scene.now + timedelta(days=1), actor="Mia")
    with company_context(scene.cast["provider"]):
        run_waiting_jobs(now=scene.now + timedelta(days=1))
        first.refresh_from_db()
        assert (first.state, first.ended_at) == ("ended", scene.now + timedelta(days=1))
    again = scene.join("maker", "supplier")
    assert again.pk != first.pk
    with company_context(scene.cast["maker"]):
        assert roles_played() == {"manufacturer", "supplier"}


def test_members_see_the_founder_alone_unless_they_meet(scene: Scene) -> None:
    scene.join("customer", "customer")
    scene.join("maker", "manufacturer")
    for slug in ("customer", "maker"):
        assert scene.seen_by(slug) == {("provider", "active"), (slug, "active")}


def test_members_that_meet_see_each_other_and_nobody_else_does(
    cast: dict[str, Any], now: datetime
) -> None:
    scene = Scene(cast, now, members_meet=True)
    scene.join("customer", "customer")
    scene.join("maker", "manufacturer")
    asked = scene.invite("financier", "owner")
    everybody = {("provider", "active"), ("customer", "active"), ("maker", "active")}
    assert scene.seen_by("customer") == scene.seen_by("maker") == everybody
    assert scene.seen_by("financier") == {("financier", "invited")}
    assert scene.seen_by("stranger") == set()
    scene.answer(asked)
    assert scene.seen_by("financier") == everybody | {("financier", "active")}


def test_who_joins_is_an_acquaintance_from_then_on(cast: dict[str, Any], now: datetime) -> None:
    scene = Scene(cast, now)
    with company_context(cast["provider"]):
        assert cast["stranger"] not in known_companies()
    row = scene.invite("stranger", "supplier")
    with company_context(cast["provider"]):
        assert cast["stranger"] not in known_companies()
    scene.answer(row)
    for one, other in (("provider", "stranger"), ("stranger", "provider")):
        with company_context(cast[one]):
            assert cast[other] in known_companies()


def test_an_invitation_taken_back_cannot_be_accepted(scene: Scene) -> None:
    row = scene.invite("customer", "customer")
    with company_context(scene.cast["provider"]):
        end_participation(participation=row, now=scene.now, actor="Anna")
        end_participation(participation=row, now=scene.now, actor="Anna")
    with company_context(scene.cast["customer"]):
        own = Participation.objects.get(pk=row.pk)
        assert own.state == "withdrawn"
        with pytest.raises(ValidationError, match="taken back"):
            answer_invitation(participation=own, accepts=True, now=scene.now, actor="Carl")
        assert not Answer.objects.exists()


def test_an_answer_that_crosses_a_withdrawal_changes_nothing(scene: Scene) -> None:
    row = scene.invite("customer", "customer")
    with company_context(scene.cast["customer"]):
        own = Participation.objects.select_related("network").get(pk=row.pk)
        answer_invitation(participation=own, accepts=True, now=scene.now, actor="Carl")
    with company_context(scene.cast["provider"]):
        end_participation(participation=row, now=scene.now, actor="Anna")
        run_waiting_jobs(now=scene.now)
    assert scene.seen_by("provider") == {("provider", "active"), ("customer", "withdrawn")}


def test_of_two_answers_at_once_the_first_stands(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither saw the other when it looked, as when two people of a company press at once."""
    row = scene.invite("customer", "customer")
    monkeypatch.setattr("apps.networks.operations.answering.last_answer", lambda row: None)
    with company_context(scene.cast["customer"]):
        own = Participation.objects.select_related("network").get(pk=row.pk)
        answer_invitation(participation=own, accepts=False, now=scene.now, actor="Carl")
        with pytest.raises(ValidationError, match="answered already, or taken back"):
            answer_invitation(participation=own, accepts=True, now=scene.now, actor="Carla")
        assert Answer.objects.get().kind == "declined"


def test_an_answer_that_did_not_see_the_withdrawal_is_refused(scene: Scene) -> None:
    row = scene.invite("customer", "customer")
    with company_context(scene.cast["customer"]):
        own = Participation.objects.select_related("network").get(pk=row.pk)
    with company_context(scene.cast["provider"]):
        end_participation(participation=row, now=scene.now, actor="Anna")
    with company_context(scene.cast["customer"]):
        with pytest.raises(ValidationError, match="answered already, or taken back"):
            answer_invitation(participation=own, accepts=True, now=scene.now, actor="Carl")
        assert not Answer.objects.exists()


def test_nobody_answers_for_another_company(scene: Scene) -> None:
    row = scene.invite("customer", "customer")
    with company_context(scene.cast["maker"]), pytest.raises(Participation.DoesNotExist):
        answer_invitation(participation=row, accepts=True, now=scene.now, actor="Mia")


def test_the_database_keeps_the_other_side_from_writing(scene: Scene) -> None:
    row = scene.join("customer", "customer")
    with company_context(scene.cast["customer"]):
        changed = Participation.objects.filter(pk=row.pk).update(role="owner")
        assert changed == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            Answer.objects.update(kind="declined")
    with company_context(scene.cast["provider"]):
        row.refresh_from_db()
        assert row.role == "customer"


def test_a_role_is_open_once_and_a_member_has_joined(scene: Scene) -> None:
    row = scene.join("customer", "customer")
    with company_context(scene.cast["provider"]):
        row.refresh_from_db()
        copy = {
            "author": row.author, "parties": row.parties, "network": row.network,
            "company": row.company, "company_name": "x", "role": row.role, "invited_at": row.invited_at,
        }  # fmt: skip
        with pytest.raises(IntegrityError, match="networks_role_once"), transaction.atomic():
            Participation.objects.create(**copy, state=STATE.INVITED)
        with pytest.raises(IntegrityError, match="has_joined"), transaction.atomic():
            Participation.objects.create(**{**copy, "role": "owner"}, state=STATE.ACTIVE)


def test_the_pages_walk_from_founding_to_leaving(
    cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    founder, member = client_of(cast["provider"]), client_of(cast["customer"])
    assert "Start a network" in founder.get("/networks/").content.decode()
    refused = founder.post("/networks/new/", {"name": "Clean dairy"})
    assert "Choose at least one role" in refused.content.decode()
    assert 'value="Clean dairy"' in refused.content.decode()
    given = {"name": "Clean dairy", "purpose": "Clean lines", "roles": ["provider", "owner"]}
    page = founder.post("/networks/new/", given)["Location"]
    again = founder.post("/networks/new/", given)
    assert "of this name already" in again.content.decode()
    company = Company.objects.get(slug="customer")
    wrong = founder.post(page + "invitations/", {"company": company.pk, "role": "king"})
    assert wrong.status_code == 422
    founder.post(page + "invitations/", {"company": company.pk, "role": "customer"})
    with company_context(company):
        row = Participation.objects.get()
    listed = member.get("/networks/").content.decode()
    assert "asks you to join" in listed
    assert member.get(page).status_code == 200
    assert client_of(cast["customer"], "viewer").post(
        f"/participations/{row.public_id}/acceptance/"
    ).status_code == 403  # fmt: skip
    member.post(f"/participations/{row.public_id}/acceptance/")
    with company_context(cast["provider"]):
        run_waiting_jobs(now=timezone.now())
        row.refresh_from_db()
    assert row.state == STATE.ACTIVE
    assert "Leave this role" in member.get(page).content.decode()
    member.post(f"/participations/{row.public_id}/leaving/")
    with company_context(cast["provider"]):
        run_waiting_jobs(now=timezone.now())
        row.refresh_from_db()
    assert row.state == STATE.ENDED
    assert client_of(cast["stranger"]).get(page).status_code == 404


def test_the_page_asks_the_same_for_many_members_as_for_few(
    scene: Scene, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    page, client = f"/networks/{scene.network.public_id}/", client_of(cast["provider"])
    scene.join("customer", "customer")
    few = asked(client, page)
    for slug, role in (("maker", "manufacturer"), ("financier", "owner"), ("workshop", "supplier")):
        scene.join(slug, role)
    scene.invite("stranger", "customer")
    assert asked(client, page) == few == 9
    html = client.get(page).content.decode()
    assert html.count("End this role") == 5
    assert html.count("Withdraw the invitation") == 1


def asked(client: Any, page: str) -> int:
    """Queries of the page, when what is remembered is remembered."""
    client.get(page)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page).status_code == 200
    return sum(query["sql"].startswith(("SELECT", "DECLARE")) for query in queries)


def test_a_choice_in_words_translates_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    monkeypatch.setattr(translation._trans, "gettext", lambda text: texts.append(text) or text)
    assert Participation(role="supplier").get_role_display() == "supplier"
    assert Participation(role="").get_role_display() == ""
    assert texts == ["supplier"]
