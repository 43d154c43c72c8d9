"""Tries of secrets: as many as the bucket holds, also of a hundred at once, whatever headers say."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.accounts import adapter, limits
from apps.accounts.clients import KNOWN_COOKIE, browser_in_words, client_address, client_network
from apps.accounts.models import Attempt, User
from apps.accounts.operations.attempts import Rate, give_attempt_back, take_attempt
from tests.integration.accounts.conftest import PASSWORD, PUBLIC, Browser, sign_in
from tests.integration.accounts.factors import code_of, with_app

SIGN_IN = f"http://{PUBLIC}/sign-in/"
RATE = Rate(3, 60)


def tries(count: int, now: Any, subject: str = "somebody") -> list[timedelta | None]:
    return [
        take_attempt(kind="test", subject=subject, rate=RATE, now=now) for _number in range(count)
    ]


def test_a_bucket_holds_so_many_and_fills_with_time(db: None, now: Any) -> None:
    assert tries(4, now) == [None, None, None, timedelta(seconds=60)]
    assert tries(1, now + timedelta(seconds=59)) == [timedelta(seconds=1)]
    assert tries(2, now + timedelta(seconds=60)) == [None, timedelta(seconds=60)]
    assert tries(4, now + timedelta(hours=1)) == [None, None, None, timedelta(seconds=60)]


def test_who_goes_on_trying_is_not_locked_out(db: None, now: Any) -> None:
    """Refused tries count for nothing: after a minute one is free, however many were refused."""
    tries(200, now)
    assert tries(1, now + timedelta(seconds=60)) == [None]


def test_subjects_have_buckets_of_their_own_and_get_back(db: None, now: Any) -> None:
    tries(3, now)
    assert tries(1, now, "another") == [None]
    give_attempt_back(kind="test", subject="somebody", rate=RATE)
    assert tries(2, now)[0] is None


def test_full_buckets_are_forgotten(db: None, now: Any) -> None:
    tries(1, now)
    tries(1, now + timedelta(hours=1), "another")
    assert Attempt.objects.count() == 1


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Passwords that were looked at."""
    seen: list[str] = []
    check = User.check_password

    def count(user: User, password: str) -> bool:
        seen.append(password)
        return check(user, password)

    monkeypatch.setattr(User, "check_password", count)
    return seen


@pytest.fixture
def at_once(own_database: str, cast: Any, person_of: Callable[..., Any]) -> Iterator[Any]:
    """`at_once(100)`: so many sign-ins on one account, side by side; the answers.

    With `to` the sign-in page of another door, from an address of its own.
    """
    user = person_of(cast["provider"])
    user.set_password(PASSWORD)
    user.save()
    operator = User.objects.create_user(
        "olga@platform.example", PASSWORD, name="Olga", joined_at=timezone.now(), is_staff=True
    )

    def one(number: int, to: str) -> Any:
        forwarded = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"}
        address, email = ("198.51.100.7", operator.email) if to else ("127.0.0.1", user.email)
        client = Client(HTTP_HOST=PUBLIC, headers=forwarded, REMOTE_ADDR=address)
        try:
            return client.post(f"/sign-in/{to}", {"login": email, "password": f"guess {number}"})
        finally:
            connection.close()

    def run(count: int, to: str = "") -> list[Any]:
        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(one, range(count), [to] * count))

    yield run
    connection.close()


def test_a_hundred_at_once_look_at_no_more_passwords_than_the_limit(
    at_once: Any, checked: list[str]
) -> None:
    for door in ("", "?console=1"):
        del checked[:]
        answers = at_once(100, door)
        assert 0 < len(checked) <= limits.ACCOUNT.burst + 1
        assert {answer.status_code for answer in answers} == {200}
        said = [answer.content.decode() for answer in answers]
        assert sum("Too many attempts. Wait" in text for text in said) == 100 - len(checked)


def test_without_the_limit_all_are_looked_at(
    at_once: Any, checked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    monkeypatch.setattr(adapter, "take", lambda buckets, now: None)
    at_once(20)
    assert len(checked) == 20


def test_the_right_password_waits_too_but_not_in_a_browser_that_is_known(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    sign_in(browser, user)
    browser.post(f"http://{PUBLIC}/sign-out/")
    assert browser.client(PUBLIC).cookies[KNOWN_COOKIE]["httponly"]
    stranger = Browser()
    for _attempt in range(limits.ACCOUNT.burst):
        stranger.post(SIGN_IN, {"login": user.email, "password": "wrong"})
    refused = stranger.post(SIGN_IN, {"login": user.email, "password": PASSWORD})
    assert "Too many attempts. Wait" in refused.content.decode()
    sign_in(browser, user)


def test_a_forged_cookie_makes_no_browser_known(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    for number in range(limits.ACCOUNT.burst + 1):
        browser.client(PUBLIC).cookies[KNOWN_COOKIE] = f"eyJhIjoiYiJ9:1aa:{number}"
        answer = browser.post(SIGN_IN, {"login": user.email, "password": "wrong"})
    assert "Too many attempts. Wait" in answer.content.decode()


def test_one_address_tries_many_accounts_only_so_often(browser: Browser, db: None) -> None:
    address = [("address", "127.0.0.1", limits.ADDRESS)]
    for _number in range(limits.ADDRESS.burst):
        limits.take(address, timezone.now())
    answer = browser.post(SIGN_IN, {"login": "another@x.example", "password": "wrong"})
    assert "Too many attempts. Wait" in answer.content.decode()


def test_what_is_tried_stays_counted_when_the_request_fails(
    cast: Any, with_password: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal import urls_public

    views = {
        str(entry.pattern): entry.callback
        for part in urls_public.urlpatterns[:-1]
        for entry in part.url_patterns
    }
    for path in ("sign-in/", "profile/", "password/reset/"):
        assert "default" in views[path]._non_atomic_requests, path


def test_codes_of_the_second_step_are_counted_by_person(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    secret = with_app(user)
    for _attempt in range(limits.PERSON.burst):
        other = Browser()
        sign_in(other, user)
        other.post(f"http://{PUBLIC}/sign-in/code/", {"code": "000000"})
    sign_in(browser, user)
    answer = browser.post(f"http://{PUBLIC}/sign-in/code/", {"code": code_of(secret)})
    assert "Too many attempts. Wait" in answer.content.decode()


def test_the_old_password_in_the_profile_is_counted(
    cast: Any, browser: Browser, signed_in: Callable[..., User], checked: list[str]
) -> None:
    signed_in(cast["provider"])
    del checked[:]
    typed = {"old_password": "wrong", "new_password1": "a-new-one-2026", "new_password2": "x"}
    for _attempt in range(limits.PERSON.burst + 3):
        answer = browser.post(f"http://{PUBLIC}/profile/", typed)
    assert len(checked) == limits.PERSON.burst
    assert "Too many attempts. Wait" in answer.content.decode()


def test_mails_to_one_account_are_counted(
    cast: Any, browser: Browser, with_password: Callable[..., User], mailoutbox: list[Any]
) -> None:
    user = with_password(cast["provider"])
    for _attempt in range(limits.MAILS_OF_ACCOUNT.burst + 2):
        browser.post(f"http://{PUBLIC}/password/reset/", {"email": user.email})
    assert len(mailoutbox) == limits.MAILS_OF_ACCOUNT.burst


def test_mails_from_one_address_are_counted(browser: Browser, db: None) -> None:
    for number in range(limits.MAILS_OF_ADDRESS.burst + 1):
        answer = browser.post(f"http://{PUBLIC}/password/reset/", {"email": f"{number}@x.example"})
    assert answer.status_code == 429
    assert "Wait" in answer.content.decode()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.7", "198.51.100.1"),
        (0, "", "198.51.100.1"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "10.0.0.1, 203.0.113.7", "203.0.113.7"),
        (1, "203.0.113.7:51812", "203.0.113.7"),
        (1, "[2001:db8::7]:443", "2001:db8::7"),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
        (1, "nonsense", "198.51.100.1"),
        (1, "", "198.51.100.1"),
        (2, "9.9.9.9, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (2, "203.0.113.7", "198.51.100.1"),
    ],
)
def test_only_our_own_proxies_are_believed(
    settings: Any, proxies: int, forwarded: str, address: str
) -> None:
    settings.PERUSE_PROXIES = proxies
    request = RequestFactory().get(
        "/", REMOTE_ADDR="198.51.100.1", headers={"X-Forwarded-For": forwarded}
    )
    assert client_address(request) == address


def test_who_has_one_address_of_a_network_has_all() -> None:
    networks = {
        client_network(RequestFactory().get("/", REMOTE_ADDR=f"2001:db8:0:1::{number}"))
        for number in range(1, 9)
    }
    assert networks == {"2001:db8:0:1::/64"}


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:149.0) Gecko/20100101 Firefox/149.0", "Firefox, Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19 Safari/605", "Safari, macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36 Edg/150.0", "Edge, Linux"),
        ("strange/1", "strange/1"),
    ],
)  # fmt: skip
def test_browsers_in_words(agent: str, words: str) -> None:
    assert browser_in_words(agent) == words


def test_the_wait_is_said_in_words() -> None:
    assert limits.too_often(timedelta(seconds=1.2)).endswith("Wait 2 seconds and try again.")
    assert limits.too_often(timedelta(seconds=150)).endswith("Wait 3 minutes and try again.")
