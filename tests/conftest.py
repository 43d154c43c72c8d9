"""Fixtures of all tests. Database tests run as peruse_app, the role of the portal's own processes."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests import databases

# What a busy machine takes for an example says nothing: no property test is timed.
hypothesis.settings.register_profile("untimed", parent=hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("untimed")

# Who is signed in by `signed_in` has confirmed who they are, whatever a test's clock says.
_ALWAYS = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The present of a test: 2 November 2026, 09:00 UTC."""
    return NOW


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """One clone of the template per test process instead of Django's own test database."""
    from django.db import connection

    name = os.environ["PERUSE_DATABASE"]
    databases.clone(name)
    connection.settings_dict["NAME"] = name
    yield
    with django_db_blocker.unblock():
        connection.close()
    databases.drop(name)


@contextmanager
def connected_to_a_clone() -> Iterator[str]:
    """This process on a clone of the template, until the block ends."""
    from django.db import connection

    name, before = databases.fresh_name(), connection.settings_dict["NAME"]
    databases.clone(name)
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield name
    finally:
        connection.set_schema_to_public()  # type: ignore[attr-defined]
        connection.close()
        connection.settings_dict["NAME"] = before
        databases.drop(name)


@pytest.fixture
def own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A clone of its own for a test that commits, uses threads or breaks connections.

    The test's process is connected to it; give the yielded name as PERUSE_DATABASE to others.
    """
    with django_db_blocker.unblock(), connected_to_a_clone() as name:
        yield name


@pytest.fixture(scope="module")
def shared_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A clone for all tests of a module that only look; what they write stays for the next."""
    with django_db_blocker.unblock(), connected_to_a_clone() as name:
        yield name


@dataclass(frozen=True)
class Portal:
    """Runs the portal's own programs against one database."""

    database: str

    def environment(self, login: str = "app", **more: str) -> dict[str, str]:
        return {**os.environ, "PERUSE_DATABASE": self.database, "PERUSE_LOGIN": login, **more}

    def manage(self, *words: str, login: str = "app", check: bool = True) -> Any:
        """`manage.py words…` to its end; the completed process."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=databases.ROOT,
            text=True,
            capture_output=True,
            env=self.environment(login),
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"manage.py {words}: {done.stdout}\n{done.stderr}")
        return done

    def load_scenario(self, path: Path) -> None:
        """What `manage.py load_scenario` does, in this process: it is connected to the database."""
        from django.core.management import call_command

        call_command("load_scenario", str(path), stdout=StringIO())


@pytest.fixture
def fresh_database(own_database: str) -> Portal:
    """`own_database` with a way to run manage.py against it in processes of its own."""
    return Portal(own_database)


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The companies of tests/cast.py by address name."""
    if not {"own_database", "shared_database"} & set(request.fixturenames):
        request.getfixturevalue("db")
    from apps.tenancy.models import Company

    return {company.slug: company for company in Company.objects.all()}


@pytest.fixture
def as_company() -> Callable[..., Any]:
    """`with as_company(company): …` asks as that company."""
    from apps.tenancy.context import company_context

    return company_context


def make_person(company: Any, position: str = "director", language: str = "en") -> Any:
    """A person with that position in the company, made once."""
    from apps.accounts.models import Membership, User
    from apps.tenancy.context import company_context

    user, made = User.objects.get_or_create(
        email=f"{position}@{company.slug}.example",
        defaults={
            "name": f"{position} {company.slug}",
            "joined_at": NOW,
            "language": language,
            "password": "!unusable",
        },
    )
    if made:
        with company_context(company):
            Membership.objects.create(
                author=company, parties=[company.pk], user=user, position=position, joined_at=NOW
            )
    return user


@pytest.fixture
def person_of(cast: dict[str, Any]) -> Callable[..., Any]:
    """`person_of(company, position)` gives a person with that position there (made once)."""
    return make_person


@pytest.fixture
def client_of(cast: dict[str, Any]) -> Callable[..., Any]:
    """`client_of(company, position)` gives a test client signed in on that company's host."""
    return signed_in


def signed_in(company: Any, position: str = "director", **extra: Any) -> Any:
    """A test client of a person with that position, signed in on the company's host."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.test import Client

    from apps.accounts.confirming import SESSION_CONFIRMED
    from apps.accounts.middleware import SESSION_HOST

    user = make_person(company, position)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[SESSION_HOST] = company.pk
    session[SESSION_CONFIRMED] = _ALWAYS
    session.create()
    client = Client(HTTP_HOST=f"{company.slug}.{settings.PERUSE_DOMAIN}", **extra)
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key or ""
    return client


@pytest.fixture(scope="session", autouse=True)
def _middleware_made_once() -> Iterator[None]:
    """All test clients share one chain of middleware: WhiteNoise looks at every file when made."""
    from django.test.client import ClientHandler

    load, made = ClientHandler.load_middleware, {}

    def load_once(self: Any, is_async: bool = False) -> None:
        if is_async not in made:
            load(self, is_async)
            made[is_async] = self._middleware_chain
        self._middleware_chain = made[is_async]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "load_middleware", load_once)
        yield


@pytest.fixture(autouse=True)
def _clean_context(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test inherits another's company, person, role or host cache."""
    yield
    if not {"django_db_setup", "cast", "shared_database"} & set(request.fixturenames):
        return
    from django.db import connection

    from apps.tenancy.backend.base import APP
    from apps.tenancy.middleware import forget_hosts

    connection.set_schema_to_public()  # type: ignore[attr-defined]
    connection.role, connection.person_id = APP, None  # type: ignore[attr-defined]
    forget_hosts()
