"""The second factor: asked after the password, each code once, compulsory for some."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import mail
from django.core.checks import run_checks
from django.utils import timezone

from apps.accounts.domain.tokens import hash_of, new_token
from apps.accounts.models import EntryCode, Membership, User
from apps.accounts.operations import add_membership, change_position, issue_entry_code
from apps.accounts.queries import owes_second_factor
from apps.accounts.views.entry import ENTRY_COOKIE
from apps.tenancy.context import set_person
from tests.integration.accounts.conftest import PASSWORD, PUBLIC, Browser, host_of, sign_in
from tests.integration.accounts.factors import code_of, factors_of, with_app, with_codes

STEP = f"http://{PUBLIC}/sign-in/code/"
COMPANIES = f"http://{PUBLIC}/companies/"


@pytest.fixture
def compulsory(settings: Any) -> None:
    settings.PERUSE_MFA = True


def is_in(browser: Browser) -> bool:
    return bool(browser.get(COMPANIES).status_code == 200)


def test_the_password_alone_does_not_sign_in(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    secret = with_app(user)
    assert sign_in(browser, user)["Location"] == "/sign-in/code/"
    assert not is_in(browser)
    assert browser.post(STEP, {"code": "000000"}).status_code == 200
    assert not is_in(browser)
    assert browser.post(STEP, {"code": code_of(secret)}).status_code == 302
    assert is_in(browser)


def test_the_second_step_leads_where_the_person_was_going(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    secret = with_app(user)
    address, _page = browser.follow(f"http://{host_of(cast['provider'])}/people/?q=x")
    sign_in(browser, user, "?" + address.split("?")[1])
    answer = browser.post(STEP, {"code": code_of(secret)})
    address, page = browser.follow(f"http://{PUBLIC}{answer['Location']}")
    assert address.endswith("/people/?q=x")
    assert page.wsgi_request.user == user


def test_a_code_of_the_app_counts_once(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    code = code_of(with_app(user))
    sign_in(browser, user)
    assert browser.post(STEP, {"code": code}).status_code == 302
    thief = Browser()
    sign_in(thief, user)
    assert "not right, or was used" in thief.post(STEP, {"code": code}).content.decode()
    assert not is_in(thief)


def test_an_earlier_code_than_the_last_that_counted_is_refused(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    secret = with_app(user)
    sign_in(browser, user)
    browser.post(STEP, {"code": code_of(secret, 1)})
    assert is_in(browser), "the phone's clock is half a minute ahead"
    other = Browser()
    sign_in(other, user)
    assert other.post(STEP, {"code": code_of(secret)}).status_code == 200


@pytest.mark.parametrize("steps", [-2, 2])
def test_codes_of_other_minutes_are_refused(
    cast: Any, browser: Browser, with_password: Callable[..., User], steps: int
) -> None:
    user = with_password(cast["provider"])
    # Between making the code and sending it no half minute passes.
    with time_machine.travel(timezone.now(), tick=False):
        code = code_of(with_app(user), steps)
        sign_in(browser, user)
        assert browser.post(STEP, {"code": code}).status_code == 200


def test_a_recovery_code_counts_once(
    cast: Any, browser: Browser, with_password: Callable[..., User]
) -> None:
    user = with_password(cast["provider"])
    with_app(user)
    codes = with_codes(user)
    assert len(set(codes)) == 10
    sign_in(browser, user)
    assert browser.post(STEP, {"code": codes[3]}).status_code == 302
    again = Browser()
    sign_in(again, user)
    assert again.post(STEP, {"code": codes[3]}).status_code == 200
    assert again.post(STEP, {"code": codes[4]}).status_code == 302


def test_secrets_are_sealed_at_rest(cast: Any, with_password: Callable[..., User]) -> None:
    user = with_password(cast["provider"])
    secret = with_app(user)
    codes = with_codes(user)
    stored = "".join(str(row.data) for row in Authenticator.objects.filter(user=user))
    assert secret not in stored
    assert not any(code in stored for code in codes)


def test_setting_up_an_app_shows_the_codes_once_and_tells_by_mail(
    cast: Any, browser: Browser, signed_in: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.db.transaction.on_commit", lambda act: act())
    user = signed_in(cast["provider"])
    page = browser.get(f"http://{PUBLIC}/security/app/")
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    answer = browser.post(f"http://{PUBLIC}/security/app/", {"code": code_of(secret)})
    assert answer["Location"] == "/security/codes/"
    assert factors_of(user) == {"totp", "recovery_codes"}
    codes = browser.get(f"http://{PUBLIC}/security/codes/").context["unused_codes"]
    assert len(codes) == 10
    again = browser.get(f"http://{PUBLIC}/security/codes/").content.decode()
    assert not any(code in again for code in codes)
    assert [message.to for message in mail.outbox] == [[user.email]]
    assert "authenticator app was added" in str(mail.outbox[0].body)


def test_a_stale_session_confirms_before_it_changes_factors(
    cast: Any, browser: Browser, signed_in: Callable[..., User], time_machine: Any
) -> None:
    user = signed_in(cast["provider"])
    with_app(user)
    time_machine.move_to(timezone.now() + timedelta(seconds=301))
    removal = f"http://{PUBLIC}/security/app/removal/"
    answer = browser.get(removal)
    assert answer["Location"].startswith("/confirmation/?next=")
    assert browser.post(removal).status_code == 302
    assert factors_of(user) == {"totp"}
    confirm = f"http://{PUBLIC}{answer['Location']}"
    assert browser.post(confirm, {"password": "wrong"}).status_code == 200
    assert browser.get(removal).status_code == 302
    assert factors_of(user) == {"totp"}
    assert browser.post(confirm, {"password": PASSWORD})["Location"] == "/security/"
    assert factors_of(user) == set(), "what was sent before the confirmation is done after it"


@pytest.mark.parametrize(
    ("position", "bound"),
    [("director", True), ("finance", True), ("operations", False), ("viewer", False)],
)
def test_for_whom_it_is_compulsory(
    cast: Any, with_password: Callable[..., User], compulsory: None, position: str, bound: bool
) -> None:
    user = with_password(cast["provider"], position)
    set_person(user.pk)
    assert owes_second_factor(user) is bound


def test_operators_need_one_too(cast: Any, now: Any, compulsory: None) -> None:
    user = User.objects.create_user(email="ops@peruse.example", joined_at=now, is_staff=True)
    set_person(user.pk)
    assert owes_second_factor(user)
    with_codes(user)
    assert owes_second_factor(user), "recovery codes alone are no factor"
    with_app(user)
    assert not owes_second_factor(user)


def test_who_needs_one_sets_it_up_before_going_on(
    cast: Any, browser: Browser, signed_in: Callable[..., User], compulsory: None
) -> None:
    user = signed_in(cast["provider"])
    home = f"http://{host_of(cast['provider'])}/people/"
    address, page = browser.follow(home)
    assert address == f"http://{PUBLIC}:{settings.PERUSE_PORT}/security/"
    assert "needs a second factor" in page.content.decode()
    assert EntryCode.objects.count() == 0
    with_app(user)
    page = browser.get(f"http://{PUBLIC}/security/")
    going_to = page.context["going_to"]
    assert going_to.startswith("/companies/provider/entry/")
    address, page = browser.follow(f"http://{PUBLIC}{going_to}")
    assert address.endswith("/people/")
    assert page.wsgi_request.user == user


def _goes_in(browser: Browser, company: Any) -> bool:
    """Whether a page of the company opens without going anywhere."""
    return bool(browser.get(f"http://{host_of(company)}/people/").status_code == 200)


@pytest.mark.parametrize("path", ["/invitations/acceptance/", "/people/"])
def test_the_way_of_an_invitation_lets_no_member_in_without_one(
    cast: Any, browser: Browser, signed_in: Callable[..., User], compulsory: None, path: str
) -> None:
    """The code says itself that it is for an invitation: another path in the address changes nothing."""
    signed_in(cast["provider"])
    start = f"http://{PUBLIC}/companies/provider/entry/?path=/invitations/acceptance/"
    address, _page = browser.follow(start, stop_at="/enter/?code=")
    assert EntryCode.objects.get().way == "acceptance"
    answer = browser.get(address.partition("&path=")[0] + f"&path={path}")
    assert answer["Location"] == "/invitations/acceptance/"
    assert not _goes_in(browser, cast["provider"])


def test_a_code_without_one_lets_nobody_in(
    cast: Any, browser: Browser, with_password: Callable[..., User], compulsory: None
) -> None:
    """Whoever writes the code: the company's host asks itself."""
    person, host, nonce = with_password(cast["provider"]), host_of(cast["provider"]), new_token()
    browser.client(host).cookies[ENTRY_COOKIE] = nonce
    facts: dict[str, Any] = {
        "user": person, "company": cast["provider"], "browser_hash": hash_of(nonce),
        "session_key": "", "now": timezone.now(),
    }  # fmt: skip
    assert browser.get(f"http://{host}/enter/?code={issue_entry_code(**facts)}").status_code == 400
    assert not _goes_in(browser, cast["provider"])
    with_app(person)
    assert browser.get(f"http://{host}/enter/?code={issue_entry_code(**facts)}").status_code == 302
    assert _goes_in(browser, cast["provider"])


def test_who_is_promoted_needs_one_from_the_next_page_on(
    cast: Any, browser: Browser, signed_in: Callable[..., User], as_company: Any, compulsory: None
) -> None:
    provider = cast["provider"]
    person = signed_in(provider, "viewer")
    browser.follow(f"http://{host_of(provider)}/people/")
    assert _goes_in(browser, provider)
    with as_company(provider):
        change_position(
            membership=Membership.objects.get(author=provider, user=person), position="director",
            now=timezone.now(),
        )  # fmt: skip
    address, _page = browser.follow(f"http://{host_of(provider)}/people/")
    assert address.endswith("/security/")
    with_app(person)
    address, _page = browser.follow(f"http://{host_of(provider)}/people/")
    assert address.endswith("/people/")


def test_whose_last_one_goes_is_out(
    cast: Any, browser: Browser, signed_in: Callable[..., User], compulsory: None
) -> None:
    person = signed_in(cast["provider"])
    with_app(person)
    browser.follow(f"http://{host_of(cast['provider'])}/people/")
    assert _goes_in(browser, cast["provider"])
    Authenticator.objects.filter(user=person).delete()
    assert not _goes_in(browser, cast["provider"])


def test_off_lets_them_in(
    cast: Any, browser: Browser, signed_in: Callable[..., User], settings: Any
) -> None:
    settings.PERUSE_MFA = False
    signed_in(cast["provider"])
    address, _page = browser.follow(f"http://{host_of(cast['provider'])}/people/")
    assert address.endswith("/people/")


def test_a_position_of_another_company_binds_too(
    cast: Any, browser: Browser, signed_in: Callable[..., User], as_company: Any, now: Any,
    compulsory: None,
) -> None:  # fmt: skip
    user = signed_in(cast["provider"], "viewer")
    with as_company(cast["customer"]):
        add_membership(user=user, position="finance", now=now)
    address, _page = browser.follow(f"http://{host_of(cast['provider'])}/people/")
    assert address.endswith("/security/")


def test_the_check_before_going_live_says_when_it_is_off(settings: Any) -> None:
    settings.PERUSE_MFA = False
    found = {message.id for message in run_checks(include_deployment_checks=True)}
    assert "accounts.W001" in found
    settings.PERUSE_MFA = True
    found = {message.id for message in run_checks(include_deployment_checks=True)}
    assert "accounts.W001" not in found


def test_pages_of_factors_are_of_signed_in_people(browser: Browser, db: None) -> None:
    for path in ("security/", "security/app/", "security/passkeys/new/", "security/codes/",
                 "confirmation/", "confirmation/passkey/", "security/passkeys/1/removal/"):  # fmt: skip
        answer = browser.get(f"http://{PUBLIC}/{path}")
        assert answer["Location"].startswith(f"http://{PUBLIC}:{settings.PERUSE_PORT}/sign-in/")
    assert browser.get(STEP)["Location"] == "/sign-in/"


@pytest.mark.parametrize(
    "credential", ["", "x", "{}", "[]", '{"response": {"clientDataJSON": "e30"}}']
)
def test_odd_passkeys_are_refused(browser: Browser, db: None, credential: str) -> None:
    answer = browser.post(f"http://{PUBLIC}/sign-in/passkey/", {"credential": credential})
    assert answer["Location"] == "/sign-in/"
    assert not is_in(browser)
