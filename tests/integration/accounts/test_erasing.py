"""What is stored of a person is told, and goes as far as the law lets it."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Invitation, Membership, User
from apps.accounts.operations import add_membership, invite
from apps.events.models import AuditRow
from apps.events.operations import record
from apps.tenancy.context import as_platform, company_context, no_company
from tests import databases
from tests.conftest import NOW

NAME, ADDRESS = "Ada Canary-7719", "ada.canary@example.org"


@pytest.fixture
def person(own_database: str, cast: dict[str, Any], person_of: Callable[..., Any]) -> User:
    """A member of two companies, invited into a third, who did something."""
    user = User.objects.create_user(ADDRESS, "a long password", name=NAME, joined_at=NOW)
    for name in ("provider", "customer"):
        with company_context(cast[name]):
            add_membership(user=user, position="finance", now=NOW)
            record(action="test.did", actor=user, now=NOW)
    with company_context(cast["maker"]):
        host = person_of(cast["maker"])
        invite(email=ADDRESS, position="viewer", now=NOW, actor=host)
    return user


def told(*words: str) -> dict[str, Any]:
    out = StringIO()
    call_command(*words, stdout=out)
    return dict(json.loads(out.getvalue()))


def test_everything_of_a_person_is_told_without_secrets(person: User, tmp_path: Path) -> None:
    place = tmp_path / "person.json"
    call_command("export_person", ADDRESS.upper(), "--file", str(place))
    said = json.loads(place.read_text())
    shared = said["shared"]
    assert shared["accounts_user"][0]["name"] == NAME
    assert len(shared["accounts_membership"]) == 2
    assert shared["accounts_invitation"][0]["email"] == ADDRESS
    assert {row["action"] for row in shared["events_auditrow"]} >= {"test.did"}
    assert "password" not in shared["accounts_user"][0]
    assert person.password not in place.read_text()
    # Nobody else's.
    others = User.objects.exclude(pk=person.pk).values_list("email", flat=True)
    assert not [address for address in others if f'"email": "{address}"' in place.read_text()]


def test_an_erased_person_is_nobody(
    own_database: str, cast: dict[str, Any], person: User, client_of: Callable[..., Any]
) -> None:
    done = told("erase_person", ADDRESS, "--yes")
    assert (done["memberships"], done["invitations"]) == (2, 1)
    person.refresh_from_db()
    assert person.name == "Erased person"
    assert not person.is_active
    assert not person.has_usable_password()
    with no_company(), as_platform():
        assert not Membership.all_parties.filter(user=person, ended_at=None).exists()
        assert not Invitation.all_parties.filter(email=ADDRESS).exists()
        kept = AuditRow.all_parties.filter(actor=f"{NAME} <{ADDRESS}>").count()
    assert kept == 2  # who did what is kept, and says so
    places = where_said(own_database, ADDRESS)
    assert places <= {"events_auditrow", "events_outboxevent", "events_job"}, places
    with pytest.raises(CommandError, match="no person"):
        call_command("erase_person", ADDRESS, "--yes")


def where_said(database: str, text: str) -> set[str]:
    with databases.admin(database) as server:
        names = server.execute("select tablename from pg_tables where schemaname = 'public'")
        return {
            name
            for (name,) in names.fetchall()
            if server.execute(
                f"select 1 from {name} t where position(%s in t::text) > 0 limit 1", [text]
            ).fetchone()
        }


def test_a_last_director_is_not_erased_and_nothing_changes(
    own_database: str, cast: dict[str, Any], person: User
) -> None:
    with company_context(cast["stranger"]):
        Membership.objects.filter(position="director").update(ended_at=NOW)
        add_membership(user=person, position="director", now=NOW)
    before = asked_all(own_database)
    with pytest.raises(CommandError, match="would have no director left"):
        call_command("erase_person", ADDRESS, "--yes")
    with pytest.raises(CommandError, match="say --yes"):
        call_command("erase_person", ADDRESS)
    assert asked_all(own_database) == before


def asked_all(database: str) -> list[Any]:
    with databases.admin(database) as server:
        return server.execute(
            "select 'm', m::text from accounts_membership m union all "
            "select 'u', u::text from accounts_user u union all "
            "select 'i', i::text from accounts_invitation i order by 1, 2"
        ).fetchall()
