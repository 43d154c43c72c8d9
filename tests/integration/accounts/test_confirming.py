"""Who is there is asked anew for keys, bank details, exports and money that leaves, on the sign-in host alone."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import ApiKey, User
from tests.databases import ROOT
from tests.integration.accounts.conftest import PASSWORD, PUBLIC, Browser, host_of

# What asks for it: routes of a company's host by name.
ASKING = {
    "key_new", "key_successor", "webhook_secret", "device_new", "asset_export", "export_file",
    "archive_new", "archive_file", "bank_account_new", "bank_account_priority",
    "bank_account_closing", "mandate_new", "stripe_connection", "sign_on_provider", "sign_on_ending",
    "sign_on_link", "plan_export_new", "plan_export_file", "plan_leaving_new", "payout_approval",
    "payout_loss_approval", "debit_approval", "refund_approval",
}  # fmt: skip


@pytest.fixture
def in_company(
    cast: Any, browser: Browser, signed_in: Callable[..., User], time_machine: Any
) -> str:
    """Somebody entered the provider six minutes ago; the portal's address."""
    signed_in(cast["provider"])
    address = f"http://{host_of(cast['provider'])}"
    browser.follow(f"{address}/people/")
    time_machine.move_to(timezone.now() + timedelta(minutes=6))
    return address


def confirm(browser: Browser, address: str, password: str = PASSWORD) -> Any:
    """Follow to the page that asks, answer, and follow back."""
    asked, page = browser.follow(address)
    assert asked.startswith(f"http://{PUBLIC}"), asked
    assert "/confirmation/?next=" in asked
    assert page.status_code == 200
    answer = browser.post(asked, {"password": password})
    return (
        browser.follow(f"http://{PUBLIC}{answer['Location']}")
        if answer.status_code == 302
        else answer
    )


def test_a_page_is_opened_after_confirming(browser: Browser, in_company: str) -> None:
    address, page = confirm(browser, f"{in_company}/keys/new/")
    assert address.endswith("/keys/new/")
    assert page.status_code == 200
    assert browser.get(f"{in_company}/keys/new/").status_code == 200


def test_a_wrong_password_confirms_nothing(browser: Browser, in_company: str) -> None:
    assert confirm(browser, f"{in_company}/keys/new/", "wrong").status_code == 200
    assert browser.get(f"{in_company}/keys/new/").status_code == 302


def test_it_counts_for_five_minutes(browser: Browser, in_company: str, time_machine: Any) -> None:
    confirm(browser, f"{in_company}/keys/new/")
    begun = timezone.now()
    time_machine.move_to(begun + timedelta(minutes=4, seconds=50))
    assert browser.get(f"{in_company}/keys/new/").status_code == 200
    time_machine.move_to(begun + timedelta(minutes=5, seconds=1))
    assert browser.get(f"{in_company}/keys/new/").status_code == 302


def test_what_was_typed_is_kept_and_sent_by_a_click(
    browser: Browser, in_company: str, cast: Any, as_company: Any
) -> None:
    typed = {"name": "Line <3>", "scope": "intake"}
    answer = browser.post(f"{in_company}/keys/new/", typed)
    with as_company(cast["provider"]):
        assert not ApiKey.objects.exists()
    address, page = confirm(browser, answer["Location"])
    assert address.endswith("/confirmation/kept/")
    assert 'action="/keys/new/"' in page.content.decode()
    assert 'value="Line &lt;3&gt;"' in page.content.decode()
    made = browser.post(f"{in_company}/keys/new/", dict(page.context["fields"]))
    assert made.status_code == 200
    with as_company(cast["provider"]):
        assert ApiKey.objects.get().name == "Line <3>"
    assert browser.get(address)["Location"] == "/", "shown once"


def test_a_fresh_sign_in_counts(
    cast: Any, browser: Browser, signed_in: Callable[..., User]
) -> None:
    signed_in(cast["provider"])
    address, page = browser.follow(f"http://{host_of(cast['provider'])}/keys/new/")
    assert address.endswith("/keys/new/")
    assert page.status_code == 200


def test_a_part_of_a_page_takes_the_whole_page_to_confirm(
    browser: Browser, in_company: str
) -> None:
    answer = browser.get(
        f"{in_company}/keys/new/",
        headers={"HX-Request": "true", "HX-Current-URL": f"{in_company}/keys/"},
    )
    assert "confirm=1" in answer.headers["HX-Redirect"]


def test_the_csrf_token_of_an_open_page_stays_good(browser: Browser, in_company: str) -> None:
    before = browser.client(in_company[7:]).session.session_key
    browser.get(f"{in_company}/people/invitations/new/")
    cookie = browser.client(in_company[7:]).cookies["__Host-csrf"].value
    confirm(browser, f"{in_company}/keys/new/")
    client = browser.client(in_company[7:])
    assert client.cookies["__Host-csrf"].value == cookie
    assert client.session.session_key != before, "the session's key is new"


def test_everything_that_asks_for_it_is_on_the_list() -> None:
    from apps.accounts.confirming import confirmed
    from tests.architecture.test_routes import routes

    code = confirmed(lambda request: None).__code__  # type: ignore[arg-type, return-value]
    found = {route for route, view in routes("portal.urls") if _is_guarded(view, code)}
    assert len(found) == len(ASKING), sorted(found)


def _is_guarded(view: Any, code: Any) -> bool:
    while view is not None:
        if getattr(view, "__code__", None) is code:
            return True
        view = getattr(view, "__wrapped__", None)
    return False


# In a process of its own: the console's frame is loaded nowhere else.
_ASKING_THERE = """
import json, django
django.setup()
from apps.accounts.confirming import confirmed
from tests.architecture.test_routes import routes
from tests.integration.accounts.test_confirming import _is_guarded
code = confirmed(lambda request: None).__code__
found = [route for route, view in routes("portal.urls_console") if _is_guarded(view, code)]
print(json.dumps(found))
"""


@pytest.mark.long
def test_the_console_asks_before_acts_on_people_and_on_plans() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ASKING_THERE], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PERUSE_PROCESS": "console", "PERUSE_LOGIN": "ops"}, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    person = "accounts/user/<path:object_id>"
    company = "tenancy/company/<path:object_id>"
    assert sorted(found) == [
        f"{person}/erasure/", f"{person}/export/", f"{person}/personal-data/",
        f"{company}/agreement-ending/", f"{company}/agreement/",
    ]  # fmt: skip
