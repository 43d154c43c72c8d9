"""What somebody changes about their way in is kept, told and shown; a mail server that is away stops nothing."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import ProgrammingError, transaction

from apps.accounts.models import PersonAct, User
from apps.accounts.operations.person_acts import note_change
from apps.events.models import AuditRow
from apps.events.operations import record
from tests.conftest import NOW
from tests.integration.accounts.conftest import PASSWORD, PUBLIC, Browser, sign_in
from tests.integration.accounts.factors import code_of

HOME = f"http://{PUBLIC}"
APP = f"{HOME}/security/app/"
FORGOTTEN = f"{HOME}/password/reset/"


@pytest.fixture
def no_mail_server(settings: Any) -> Iterator[None]:
    """A port of this machine where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = held.getsockname()
        yield


def changes(user: User) -> list[str]:
    return [act.change for act in PersonAct.objects.filter(person=user).order_by("id")]


def add_app(browser: Browser) -> Any:
    secret = browser.get(APP).context["form"].secret
    return browser.post(APP, {"code": code_of(secret)})


def test_each_change_is_kept_and_shown(
    own_database: str, cast: Any, browser: Browser, signed_in: Callable[..., User], as_company: Any
) -> None:
    user = signed_in(cast["provider"])
    for step in (
        lambda: add_app(browser),
        lambda: browser.post(f"{HOME}/security/codes/new/"),
        lambda: browser.post(f"{HOME}/security/app/removal/"),
        lambda: browser.post(
            f"{HOME}/profile/",
            {"old_password": PASSWORD, "new_password1": "another horse battery", "new_password2": "another horse battery"},
        ),
    ):  # fmt: skip
        answer = step()
        assert answer.status_code == 302, answer.content.decode()[:3000]
    assert changes(user) == [
        "totp_activated", "recovery_codes_generated", "totp_deactivated", "password_changed",
    ]  # fmt: skip
    page = browser.get(f"{HOME}/security/").content.decode()
    assert "New recovery codes were made." in page
    assert "127.0.0.1" in page
    assert len(mail.outbox) == 4
    with as_company(cast["provider"]):
        rows = AuditRow.objects.filter(action="person.way_in_changed", actor_id=user.pk)
        assert {row.details["change"] for row in rows} == set(changes(user))
    with as_company(cast["customer"]):
        assert not AuditRow.objects.filter(action="person.way_in_changed").exists()


def test_another_name_of_a_passkey_is_kept_with_the_one_before(
    cast: Any, browser: Browser, signed_in: Callable[..., User], as_company: Any
) -> None:
    user = signed_in(cast["provider"])
    passkey = Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": "old phone", "credential": {}}
    )
    page = f"{HOME}/security/passkeys/{passkey.pk}/name/"
    # Sent as it was, nothing is renamed and nothing noted; an empty name is none.
    for name in ("old phone", ""):
        browser.post(page, {"name": name})
        assert changes(user) == []
    assert browser.post(page, {"name": "work laptop"}).status_code == 302
    assert changes(user) == ["webauthn_renamed"]
    act = PersonAct.objects.get(person=user)
    assert (act.what, act.address) == ("old phone → work laptop", "127.0.0.1")
    assert "old phone → work laptop" in browser.get(f"{HOME}/security/").content.decode()
    with as_company(cast["provider"]):
        row = AuditRow.objects.get(action="person.way_in_changed", actor_id=user.pk)
    assert row.details == {"change": "webauthn_renamed"}, "its name is the person's own business"


def test_a_sign_in_ended_from_afar_is_kept_with_its_browser(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    user = signed_in(cast["provider"])
    sign_in(Browser(), user)
    sign_in(Browser(), user)
    assert browser.post(f"{HOME}/security/sessions/ending/").status_code == 302
    assert changes(user) == ["sign_in_ended", "sign_in_ended"]


def test_nobody_sees_anothers_changes(
    cast: Any, browser: Browser, signed_in: Callable[..., User], person_of: Callable[..., User]
) -> None:
    signed_in(cast["provider"])
    other = person_of(cast["provider"], "finance")
    note_change(person=other, change=PersonAct.Change.PASSKEY_ADDED, now=NOW, address="203.0.113.9")
    assert "203.0.113.9" not in browser.get(f"{HOME}/security/").content.decode()


def test_the_longest_name_and_address_can_act(cast: Any, as_company: Any) -> None:
    """They are longer together than what an audit row holds of who did it."""
    person = User(name="n" * 120, email=f"{'a' * 64}@{'b' * 60}.{'c' * 60}.example")
    person.helping = True
    with as_company(cast["provider"]):
        record(action="test.did", now=NOW, actor=person)
        assert AuditRow.objects.get(action="test.did").actor.startswith("n" * 120)


def test_a_change_once_kept_stays(cast: Any, person_of: Callable[..., User]) -> None:
    act = note_change(person=person_of(cast["provider"]), change="webauthn_added", now=NOW)
    for change in (
        lambda: PersonAct.objects.filter(pk=act.pk).update(change="linked"),
        lambda: PersonAct.objects.filter(pk=act.pk).delete(),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            change()


def test_a_factor_counts_without_a_mail_server(
    own_database: str, cast: Any, browser: Browser, signed_in: Callable[..., User],
    no_mail_server: None,
) -> None:  # fmt: skip
    user = signed_in(cast["provider"])
    answer = add_app(browser)
    assert answer.status_code == 302
    assert "could not be sent just now" in browser.get(f"{HOME}/security/").content.decode()
    assert Authenticator.objects.filter(user=user, type="totp").exists()
    assert changes(user) == ["totp_activated"]
    # The control: a server that nobody looks after is an error.
    with pytest.raises(OSError, match="refused"):
        mail.send_mail("x", "x", None, [user.email])


@pytest.mark.parametrize("known", [True, False])
def test_a_forgotten_password_waits_calmly_for_the_mail_server(
    cast: Any,
    browser: Browser,
    with_password: Callable[..., User],
    no_mail_server: None,
    known: bool,
) -> None:
    """The same words for whoever is known here: nothing is told by a server that is away."""
    user = with_password(cast["provider"])
    email = user.email if known else "nobody@nowhere.example"
    answer = browser.post(FORGOTTEN, {"email": email})
    assert answer.status_code == 200
    assert "No mail can be sent just now. Try again in some minutes." in answer.content.decode()


def test_a_server_that_goes_away_meanwhile_changes_no_answer(
    cast: Any, browser: Browser, with_password: Callable[..., User], no_mail_server: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    user = with_password(cast["provider"])
    monkeypatch.setattr("apps.accounts.forms.mail_server_answers", lambda: True)
    for email in (user.email, "nobody@nowhere.example"):
        answer = browser.post(FORGOTTEN, {"email": email})
        assert (answer.status_code, answer["Location"]) == (302, "/password/reset/done/")
