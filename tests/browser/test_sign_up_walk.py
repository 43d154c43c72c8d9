"""A company signs up in the browser: mail, proof, company, its portal being set up, and its first page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.axe import grave
from tests.browser.mails import sign_up_link
from tests.browser.steps import picture
from tests.serving import Serving, chromium, serving

pytestmark = [pytest.mark.browser, pytest.mark.long]
PASSWORD = "right horse battery"


@pytest.fixture
def portal(own_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """With mails as files."""
    mails = tmp_path / "mails"
    monkeypatch.setenv("PERUSE_EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
    monkeypatch.setenv("PERUSE_MAIL_FOLDER", str(mails))
    with serving(own_database, tmp_path / "portal.log") as portal:
        yield portal


def look(page: Page, name: str) -> None:
    picture(page, name)
    assert grave(page) == []


def test_a_company_signs_up(portal: Serving, tmp_path: Path) -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium())
        page = browser.new_context(locale="en-GB").new_page()
        page.goto(portal.address())
        look(page, "public landing")
        page.get_by_role("link", name="Prices").first.click()
        expect(page.get_by_text("99.00 EUR")).to_be_visible()
        look(page, "public prices")
        page.get_by_role("link", name="Sign your company up").first.click()
        page.get_by_label("Your e-mail address at work").fill("anna@werk-nord.example")
        look(page, "public sign up")
        page.get_by_role("button", name="Mail me the link").click()
        expect(page.get_by_text("A link is on its way")).to_be_visible()
        page.goto(sign_up_link(tmp_path / "mails", page))
        look(page, "public proof")
        page.get_by_role("button", name="Yes, go on").click()
        _describe(page)
        expect(page.get_by_role("heading", name="Your portal is ready")).to_be_visible(
            timeout=60_000
        )
        look(page, "public ready")
        page.get_by_role("link", name="Open it").click()
        expect(page.get_by_text("First steps")).to_be_visible(timeout=30_000)
        look(page, "first page of a company")
        page.goto(page.url.rstrip("/") + "/plan/")
        expect(page.get_by_text("Free trial until")).to_be_visible()
        _others(browser, portal)
        browser.close()


def _describe(page: Page) -> None:
    page.get_by_label("Company").fill("Werk Nord GmbH")
    page.get_by_label("Street").fill("Hafen 1")
    page.get_by_label("Postcode").fill("24103")
    page.get_by_label("City").fill("Kiel")
    page.get_by_label("Address of your portal").fill("maker")
    page.get_by_label("Your name").fill("Anna Nord")
    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_role("button", name="Set the portal up").click()
    expect(page.get_by_text("This address is taken.")).to_be_visible()
    look(page, "public company")
    page.get_by_label("Address of your portal").fill("werk-nord")
    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_role("button", name="Set the portal up").click()


def _others(browser: Browser, portal: Serving) -> None:
    """The public pages in German, dark and on a phone."""
    kinds: dict[str, dict[str, Any]] = {
        "german": {"locale": "de-DE"},
        "dark": {"locale": "en-GB", "color_scheme": "dark"},
        "phone": {"locale": "en-GB", "viewport": {"width": 390, "height": 844}},
    }
    for kind, given in kinds.items():
        page = browser.new_context(**given).new_page()
        for path, name in {"/": "landing", "/prices/": "prices", "/imprint/": "imprint"}.items():
            page.goto(portal.address(path=path))
            look(page, f"public {name} {kind}")
