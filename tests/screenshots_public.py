"""Pictures of the public host: what is public, signing up, and a person's ways in."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page

from tests import databases
from tests.browser.mails import sign_up_link
from tests.serving import Serving

if TYPE_CHECKING:
    from tests.screenshots import Photographer

PASSWORD = "look-closely-2026"
NAMES = (
    "landing", "prices", "imprint", "privacy", "sign-up", "sign-up-sent", "sign-up-proof", "sign-up-company",
    "sign-in", "password-forgotten", "security", "app-new", "passkey-new", "recovery-codes", "security-app",
    "second-step", "companies", "profile", "sign-in-refused",
)  # fmt: skip
_STANDING = {"landing": "/", "prices": "/prices/", "imprint": "/imprint/", "privacy": "/privacy/"}


def person_of_pictures(portal: Serving, kind: str) -> str:
    """Somebody new, whose first factor is set up before the camera; the address."""
    email = f"{kind}-{secrets.token_hex(3)}@clearwash.example"
    words = ["create_person", email, "--name", "Nora Neumann", "--company", "clearwash"]
    words += ["--language", "de" if kind == "german" else "en"]
    databases.run(
        [".venv/bin/python", "manage.py", *words, "--position", "viewer"],
        portal.environment("ops", PERUSE_PASSWORD=PASSWORD),
    )
    return email


def photograph_public(photographer: "Photographer", kind: str, email: str, mails: Path) -> None:
    """Everything a stranger meets, then the ways in of the person with this address."""
    if not any(photographer.wants(name) for name in NAMES):
        return
    page = photographer.blank(kind)
    _standing(photographer, page, kind)
    _signing_up(photographer, page, kind, mails)
    _first_factor(photographer, page, kind, email)
    page.context.close()


def _open(photographer: "Photographer", page: Page, path: str) -> None:
    page.goto(photographer.portal.address("", path))


def _take(photographer: "Photographer", page: Page, name: str, kind: str) -> None:
    if photographer.wants(name):
        photographer.take(page, name, kind)


def _standing(photographer: "Photographer", page: Page, kind: str) -> None:
    for name, path in _STANDING.items():
        _open(photographer, page, path)
        _take(photographer, page, name, kind)


def _signing_up(photographer: "Photographer", page: Page, kind: str, mails: Path) -> None:
    _open(photographer, page, "/sign-up/")
    _take(photographer, page, "sign-up", kind)
    page.locator("main input[type=email]").fill(f"anna-{secrets.token_hex(3)}@werk-nord.example")
    page.locator("main form button.btn-primary").first.click()
    _take(photographer, page, "sign-up-sent", kind)
    page.goto(sign_up_link(mails, page))
    _take(photographer, page, "sign-up-proof", kind)
    page.locator("main form button.btn-primary").first.click()
    page.wait_for_url("**/sign-up/company/")
    _take(photographer, page, "sign-up-company", kind)


def _signed_in(photographer: "Photographer", page: Page, email: str) -> None:
    _open(photographer, page, "/sign-in/?next=/security/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit], main form button").first.click()
    page.wait_for_load_state()


def _first_factor(photographer: "Photographer", page: Page, kind: str, email: str) -> None:
    """An app before the camera; its codes, and the second step of the next sign-in."""
    # Its tables are there once Django is set up.
    from tests.integration.accounts.factors import code_of

    _open(photographer, page, "/sign-in/")
    _take(photographer, page, "sign-in", kind)
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill("not the password")
    page.locator("main form button[type=submit], main form button").first.click()
    _take(photographer, page, "sign-in-refused", kind)
    _open(photographer, page, "/password/reset/")
    _take(photographer, page, "password-forgotten", kind)
    _signed_in(photographer, page, email)
    for name, path in {
        "companies": "/companies/", "profile": "/profile/", "security": "/security/",
        "passkey-new": "/security/passkeys/new/", "app-new": "/security/app/",
    }.items():  # fmt: skip
        _open(photographer, page, path)
        _take(photographer, page, name, kind)
    page.locator("input[name=code]").fill(code_of(page.locator(".copyable code").inner_text(), -1))
    page.locator("main form button.btn-primary").first.click()
    page.wait_for_url("**/security/codes/")
    _take(photographer, page, "recovery-codes", kind)
    _open(photographer, page, "/security/")
    _take(photographer, page, "security-app", kind)
    _sign_out(page)
    _signed_in(photographer, page, email)
    _take(photographer, page, "second-step", kind)


def _sign_out(page: Any) -> None:
    page.locator("form[action='/sign-out/'] button").first.click()
    page.wait_for_load_state()
