"""A session is one on the host that began it: a cookie that is carried over opens nothing anywhere else."""

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from apps.accounts import middleware
from apps.accounts.access import requires
from apps.accounts.models import User
from apps.accounts.operations import add_membership, issue_entry_code
from apps.accounts.queries import root_stands
from apps.accounts.views import console
from apps.accounts.views.entry import ENTRY_COOKIE
from apps.tenancy.context import no_company
from tests.integration.accounts.conftest import PUBLIC, Browser, host_of, sign_in

SIGN_IN, CONSOLE, A, B = "sign-in", "console", "provider", "customer"
COOKIE = portal_settings.SESSION_COOKIE_NAME
HOSTS = {
    SIGN_IN: PUBLIC, CONSOLE: portal_settings.PERUSE_CONSOLE_HOST,
    A: f"{A}.{PUBLIC}", B: f"{B}.{PUBLIC}",
}  # fmt: skip
PAGE = {SIGN_IN: "/companies/", CONSOLE: "/", A: "/people/", B: "/people/"}


@requires("anybody")
def _opens(request: HttpRequest) -> HttpResponse:
    """What the console's own site asks of a session, without Unfold, which only its process knows."""
    from django.utils import timezone

    root = request.session.get(middleware.SESSION_ROOT, "")
    person: Any = request.user
    is_in = person.is_authenticated and person.is_staff and root_stands(root, timezone.now())
    return HttpResponse(status=200 if is_in else 302)


# The console's process, as far as sessions go.
urlpatterns = [path("", _opens), path("enter/", console.enter, name="enter")]


@pytest.fixture
def at(settings: Any) -> Callable[[str], None]:
    """`at(host)`: the process that serves this host answers from now on."""

    def become(host: str) -> None:
        settings.CONSOLE = host == CONSOLE
        settings.PUBLIC_SCHEMA_URLCONF = __name__ if host == CONSOLE else "portal.urls_public"

    return become


@pytest.fixture
def everywhere(
    cast: Any, browser: Browser, with_password: Callable[..., User], as_company: Any, now: Any,
    at: Callable[[str], None],
) -> dict[str, str]:  # fmt: skip
    """The session cookies of one operator, who is in two companies too, on all four hosts."""
    person = with_password(cast[A])
    User.objects.filter(pk=person.pk).update(is_staff=True)
    with as_company(cast[B]):
        add_membership(user=person, position="director", now=now)
    at(SIGN_IN)
    sign_in(browser, person)
    for slug in (A, B):
        browser.follow(f"http://{host_of(cast[slug])}/people/")
    at(CONSOLE)
    _enter_console(browser, person)
    return {name: browser.client(host).cookies[COOKIE].value for name, host in HOSTS.items()}


def _enter_console(browser: Browser, person: User) -> None:
    from django.utils import timezone

    from apps.accounts.domain.tokens import hash_of

    root = browser.client(PUBLIC).cookies[COOKIE].value
    code = issue_entry_code(
        user=person, company=None, browser_hash=hash_of("n"), session_key=root, now=timezone.now()
    )
    browser.client(HOSTS[CONSOLE]).cookies[ENTRY_COOKIE] = "n"
    answer = browser.get(f"http://{HOSTS[CONSOLE]}/enter/?code={code}")
    assert answer.status_code == 302


def opens(host: str, cookie: str) -> bool:
    """Whether a browser with this session cookie is somebody at this host."""
    client = Client(HTTP_HOST=HOSTS[host])
    client.cookies[COOKIE] = cookie
    return bool(client.get(PAGE[host]).status_code == 200)


def stands(cookie: str) -> bool:
    with no_company():
        return Session.objects.filter(session_key=cookie).exists()


@pytest.mark.parametrize("host", [SIGN_IN, CONSOLE, A, B])
def test_a_session_opens_its_own_host(
    everywhere: dict[str, str], at: Callable[[str], None], host: str
) -> None:
    at(host)
    assert opens(host, everywhere[host])


@pytest.mark.parametrize(("begun", "shown"), list(permutations([SIGN_IN, CONSOLE, A, B], 2)))
def test_a_cookie_carried_to_another_host_opens_nothing_and_ends(
    everywhere: dict[str, str], at: Callable[[str], None], begun: str, shown: str
) -> None:
    at(shown)
    assert not opens(shown, everywhere[begun])
    assert not stands(everywhere[begun]), "it ended"
    at(begun)
    assert not opens(begun, everywhere[begun])


def test_a_cookie_of_a_company_gets_no_code_for_another(
    everywhere: dict[str, str], at: Callable[[str], None]
) -> None:
    """A company may let people in by its own provider; that is no sign-in."""
    at(SIGN_IN)
    client = Client(HTTP_HOST=PUBLIC)
    client.cookies[COOKIE] = everywhere[A]
    answer = client.get(f"/companies/{B}/entry/", {"state": "0" * 64})
    assert "/sign-in/" in answer["Location"]
    assert "code=" not in answer["Location"]


def test_a_session_of_no_host_is_none(
    everywhere: dict[str, str], at: Callable[[str], None]
) -> None:
    at(SIGN_IN)
    client = Client(HTTP_HOST=PUBLIC)
    client.cookies[COOKIE] = everywhere[SIGN_IN]
    kept = client.session
    del kept[middleware.SESSION_HOST]
    kept.save()
    assert not opens(SIGN_IN, everywhere[SIGN_IN])
