"""From the sign-in host into a company: one code, one browser, one company, thirty seconds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from apps.accounts.addresses import local_path, safe_path
from apps.accounts.domain.tokens import hash_of
from apps.accounts.middleware import SESSION_HOST
from apps.accounts.models import EntryCode, Membership, User
from apps.accounts.operations import add_membership, end_membership
from apps.accounts.views.entry import ENTRY_COOKIE
from apps.events.models import AuditRow
from tests.integration.accounts.conftest import PUBLIC, Browser, host_of, sign_in


def test_a_page_is_reached_through_signing_in(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    home = f"http://{host_of(cast['provider'])}/people/?q=x"
    address, page = browser.follow(home)
    assert address.startswith(f"http://{PUBLIC}:{settings.PERUSE_PORT}/sign-in/?company=provider")
    assert page.status_code == 200
    query = "?" + address.split("?")[1]
    entered, page = browser.follow(
        sign_in(browser, user, query)["Location"].join(["http://" + PUBLIC, ""])
    )
    assert entered.endswith("/people/?q=x")
    assert page.status_code == 200
    assert page.wsgi_request.user == user
    assert page.wsgi_request.membership.position == "director"


def test_entering_is_in_the_audit_rows(
    cast: Any, browser: Browser, signed_in: Callable[..., User], as_company: Any
) -> None:
    signed_in(cast["provider"])
    browser.follow(f"http://{host_of(cast['provider'])}/people/")
    with as_company(cast["provider"]):
        assert AuditRow.objects.filter(action="person.entered").count() == 1


def test_starting_at_the_list_of_companies(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    signed_in(cast["provider"])
    page = browser.get(f"http://{PUBLIC}/companies/")
    assert "Provider Services GmbH" in page.content.decode()
    address, page = browser.follow(f"http://{PUBLIC}/companies/provider/entry/")
    assert address == f"http://provider.{PUBLIC}:{settings.PERUSE_PORT}/"
    assert page.wsgi_request.user.is_authenticated


def test_the_only_company_is_entered_straight_after_signing_in(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    response = sign_in(browser, with_password(cast["provider"]))
    address, _page = browser.follow(f"http://{PUBLIC}{response['Location']}", stop_at="provider.")
    assert address == f"http://provider.{PUBLIC}:{settings.PERUSE_PORT}/"


def _code_address(browser: Browser, company: Any, path: str = "/people/") -> str:
    """The address with the code that the browser of a signed-in person is sent to."""
    address, _page = browser.follow(f"http://{host_of(company)}{path}", stop_at="/enter/?code=")
    assert "/enter/?code=" in address
    return address


def _is_in(browser: Browser, company: Any) -> bool:
    page = browser.get(f"http://{host_of(company)}/people/")
    return bool(page.wsgi_request.user.is_authenticated)


def test_a_code_works_once(cast: Any, browser: Browser, signed_in: Callable[..., User]) -> None:
    signed_in(cast["provider"])
    address = _code_address(browser, cast["provider"])
    nonce = browser.client(host_of(cast["provider"])).cookies[ENTRY_COOKIE].value
    assert browser.get(address).status_code == 302
    again = Browser()
    again.client(host_of(cast["provider"])).cookies[ENTRY_COOKIE] = nonce
    assert again.get(address).status_code == 400
    assert not _is_in(again, cast["provider"])


def test_a_stale_code_in_the_history_of_who_is_in_goes_on(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    signed_in(cast["provider"])
    address = _code_address(browser, cast["provider"])
    browser.get(address)
    assert browser.get(address)["Location"] == "/people/"


def test_a_code_is_worthless_in_another_browser(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    signed_in(cast["provider"])
    address = _code_address(browser, cast["provider"])
    thief = Browser()
    thief.get(f"http://{host_of(cast['provider'])}/people/")  # has a nonce of its own
    assert thief.get(address).status_code == 400
    assert not _is_in(thief, cast["provider"])
    assert browser.get(address).status_code == 400, "the attempt spent it"


def test_a_code_is_worthless_without_the_nonce(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    signed_in(cast["provider"])
    address = _code_address(browser, cast["provider"])
    browser.client(host_of(cast["provider"])).cookies.clear()
    assert browser.get(address).status_code == 400


def test_a_code_is_worthless_at_another_company(
    cast: Any, browser: Browser, signed_in: Callable[..., User], as_company: Any, now: Any
) -> None:
    user = signed_in(cast["provider"])
    with as_company(cast["customer"]):
        add_membership(user=user, position="viewer", now=now)
    address = _code_address(browser, cast["provider"])
    nonce = browser.client(host_of(cast["provider"])).cookies[ENTRY_COOKIE].value
    browser.client(host_of(cast["customer"])).cookies[ENTRY_COOKIE] = nonce
    assert browser.get(address.replace("provider.", "customer.")).status_code == 400
    assert EntryCode.objects.count() == 0


def test_a_code_expires(cast: Any, browser: Browser, signed_in: Callable[..., User]) -> None:
    signed_in(cast["provider"])
    address = _code_address(browser, cast["provider"])
    EntryCode.objects.update(expires_at=timezone.now() - timedelta(milliseconds=1))
    assert browser.get(address).status_code == 400


def test_codes_are_stored_hashed_and_for_thirty_seconds(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    signed_in(cast["provider"])
    address = _code_address(browser, cast["provider"])
    code = address.split("code=")[1].split("&")[0]
    stored = EntryCode.objects.get()
    assert stored.code_hash == hash_of(code)
    assert stored.expires_at <= timezone.now() + timedelta(seconds=30)


def test_who_is_no_member_does_not_get_in(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    signed_in(cast["provider"])
    address, page = browser.follow(f"http://{host_of(cast['customer'])}/people/")
    assert "/companies/customer/entry/" in address
    assert page.status_code == 404
    assert EntryCode.objects.count() == 0


def test_a_company_that_does_not_exist_is_the_same_page(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    signed_in(cast["provider"])
    foreign = browser.get(f"http://{PUBLIC}/companies/customer/entry/")
    absent = browser.get(f"http://{PUBLIC}/companies/nobody/entry/")
    assert foreign.status_code == absent.status_code == 404
    mask = [("customer", "X"), ("nobody", "X")]
    bodies = []
    for response in (foreign, absent):
        body = response.content.decode()
        for word, x in mask:
            body = body.replace(word, x)
        bodies.append([line for line in body.splitlines() if "csrf" not in line])
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "///evil.example",
        "javascript:alert(1)",
        "/enter/?code=x",
        "/sign-in/",
        "/" + "x" * 3000,
        "",
        None,
    ],
)
def test_only_local_pages_are_returned_to(path: str | None) -> None:
    assert local_path(path) == "/"


def test_local_pages_are_kept() -> None:
    assert local_path("/assets/?q=a%20b&page=2") == "/assets/?q=a%20b&page=2"
    assert safe_path("/sign-in/?company=alpha") == "/sign-in/?company=alpha"


def test_no_open_redirect_on_the_way(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    signed_in(cast["provider"])
    host = host_of(cast["provider"])
    address, _page = browser.follow(f"http://{host}/enter/start/?path=//evil.example/x")
    assert address == f"http://{host}:{settings.PERUSE_PORT}/"
    for way in (
        "next=//evil.example/",
        "next=https://evil.example/",
        f"next=http://beta.{PUBLIC}/",
    ):
        answer = browser.get(f"http://{PUBLIC}/sign-in/?{way}")
        assert answer["Location"] == "/companies/?straight=1"


def test_a_session_of_one_company_is_none_at_another(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    signed_in(cast["provider"])
    browser.follow(f"http://{host_of(cast['provider'])}/people/")
    cookie = browser.client(host_of(cast["provider"])).cookies[settings.SESSION_COOKIE_NAME].value
    other = Browser()
    other.client(host_of(cast["customer"])).cookies[settings.SESSION_COOKIE_NAME] = cookie
    assert not _is_in(other, cast["customer"])
    assert not Session.objects.filter(session_key=cookie).exists(), "it ended"


def test_the_session_key_is_new_after_entering(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    signed_in(cast["provider"])
    client = browser.client(host_of(cast["provider"]))
    planted = client.session
    planted["x"] = 1
    planted[SESSION_HOST] = cast["provider"].pk
    planted.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key or ""
    _address, page = browser.follow(f"http://{host_of(cast['provider'])}/people/")
    assert page.wsgi_request.session.session_key != planted.session_key
    assert "x" not in page.wsgi_request.session


def test_an_ended_membership_ends_the_next_request(
    cast: Any, browser: Browser, signed_in: Callable[..., User], person_of: Any, as_company: Any
) -> None:
    provider = cast["provider"]
    user = signed_in(provider, "finance")
    person_of(provider, "director")
    browser.follow(f"http://{host_of(provider)}/people/")
    assert _is_in(browser, provider)
    with as_company(provider):
        row = Membership.objects.get(user=user, author=provider)
        end_membership(membership=row, now=timezone.now())
    assert not _is_in(browser, provider)


def test_signing_out_here_signs_out_everywhere(
    cast: Any, browser: Browser, signed_in: Callable[..., User], as_company: Any, now: Any
) -> None:
    user = signed_in(cast["provider"])
    with as_company(cast["customer"]):
        add_membership(user=user, position="viewer", now=now)
    for slug in ("provider", "customer"):
        browser.follow(f"http://{host_of(cast[slug])}/people/")
        assert _is_in(browser, cast[slug])
    out = browser.post(f"http://{host_of(cast['provider'])}/sign-out/")
    assert out["Location"].startswith(f"http://{PUBLIC}")
    assert not _is_in(browser, cast["provider"])
    assert not _is_in(browser, cast["customer"])
    assert browser.get(f"http://{PUBLIC}/companies/").status_code == 302


def test_signing_out_takes_a_post(cast: Any, client_of: Any) -> None:
    assert client_of(cast["provider"]).get("/sign-out/").status_code == 405


def test_parts_of_a_page_take_the_whole_page_to_sign_in(cast: Any, browser: Browser) -> None:
    host = host_of(cast["provider"])
    answer = browser.get(
        f"http://{host}/people/",
        headers={"HX-Request": "true", "HX-Current-URL": f"http://{host}/assets/?q=1"},
    )
    target = answer.headers["HX-Redirect"]
    assert target.startswith(f"http://{PUBLIC}:{settings.PERUSE_PORT}/sign-in/?company=provider")
    assert target.endswith("path=%2Fassets%2F%3Fq%3D1")


def test_the_language_of_the_page_can_be_changed_before_signing_in(
    cast: Any, browser: Browser
) -> None:
    answer = browser.post(
        f"http://{PUBLIC}/language/", {"language": "de", "next": "/sign-in/?company=provider"}
    )
    assert answer["Location"] == "/sign-in/?company=provider"
    assert browser.get(f"http://{PUBLIC}/sign-in/").headers["Content-Language"] == "de"
    assert browser.post(f"http://{PUBLIC}/language/", {"language": "xx"}).status_code == 404


def test_sign_in_is_limited(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    for _attempt in range(5):
        browser.post(f"http://{PUBLIC}/sign-in/", {"login": user.email, "password": "wrong"})
    answer = browser.post(
        f"http://{PUBLIC}/sign-in/", {"login": user.email, "password": "correct horse battery"}
    )
    assert answer.status_code == 200, "not let in, with the right password either"
    assert "Too many" in answer.content.decode()


def test_nobody_signs_up_alone(browser: Browser, db: None) -> None:
    assert browser.get(f"http://{PUBLIC}/signup/").status_code == 404
