"""The list of sign-ins, and signing out from afar."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.utils import timezone

from apps.accounts.models import User
from tests.integration.accounts.conftest import PUBLIC, Browser, host_of, sign_in

SECURITY = f"http://{PUBLIC}/security/"


def test_sign_ins_are_listed_with_browser_and_address(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    agent = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/149.0"
    browser.client(PUBLIC).defaults |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": "198.51.100.9"}
    sign_in(browser, user)
    other = Browser()
    sign_in(other, user)
    page = other.get(SECURITY).content.decode()
    assert "Firefox, Windows" in page
    assert "198.51.100.9" in page
    assert page.count("this browser") == 1


def test_one_is_signed_out_from_afar_with_its_companies(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    sign_in(browser, user)
    home = f"http://{host_of(cast['provider'])}/people/"
    browser.follow(home)
    assert browser.get(home).status_code == 200
    lost = UserSession.objects.get(user=user)
    own = Browser()
    sign_in(own, user)
    own.post(f"{SECURITY}sessions/{lost.pk}/ending/")
    assert browser.get(home).status_code == 302
    assert browser.get(f"http://{PUBLIC}/companies/").status_code == 302
    assert own.get(f"http://{PUBLIC}/companies/").status_code == 200


def test_signing_out_everywhere_else(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    others = [Browser(), Browser()]
    for one in (*others, browser):
        sign_in(one, user)
    browser.post(f"{SECURITY}sessions/ending/")
    assert UserSession.objects.filter(user=user).count() == 1
    assert all(one.get(SECURITY).status_code == 302 for one in others)
    assert browser.get(SECURITY).status_code == 200


def test_nobody_signs_others_out(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    victim, other = with_password(cast["provider"]), with_password(cast["customer"])
    theirs = Browser()
    sign_in(theirs, victim)
    sign_in(browser, other)
    row = UserSession.objects.get(user=victim)
    assert browser.post(f"{SECURITY}sessions/{row.pk}/ending/").status_code == 404
    assert theirs.get(SECURITY).status_code == 200
    assert browser.get(f"{SECURITY}sessions/ending/").status_code == 405


def test_work_in_a_company_is_seen_at_the_sign_in(
    cast: Any, browser: Browser, with_password: Callable[..., User], time_machine: Any
) -> None:
    user = with_password(cast["provider"])
    sign_in(browser, user)
    home = f"http://{host_of(cast['provider'])}/people/"
    browser.follow(home)
    later = timezone.now() + timedelta(minutes=20)
    time_machine.move_to(later)
    browser.get(home)
    seen = UserSession.objects.get(user=user).last_seen_at
    assert abs(seen - later) < timedelta(seconds=30)
    time_machine.move_to(later + timedelta(minutes=4))
    browser.get(home)
    assert UserSession.objects.get(user=user).last_seen_at == seen, "noted each five minutes"
