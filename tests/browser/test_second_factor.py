"""Passkeys, codes and recovery codes in a real browser, with Chromium's own virtual authenticator."""

from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import grave
from tests.browser.steps import picture
from tests.conftest import Portal
from tests.integration.accounts.factors import code_of
from tests.serving import Serving

pytestmark = pytest.mark.browser

PASSWORD = "a-browser-walks-2026"
EMAIL = "provider@walk.example"
SCENARIO = f"""
format: 1
people:
  - {{email: {EMAIL}, name: Provider direction, company: provider, position: director,
     password: {PASSWORD}}}
"""


@pytest.fixture
def scene(scene: Portal, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """Where a second factor is compulsory."""
    monkeypatch.setenv("PERUSE_MFA", "on")
    return scene


def with_authenticator(page: Page) -> Any:
    """A device that keeps passkeys and knows its owner; the session that speaks with it."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return device, device.send("WebAuthn.addVirtualAuthenticator", {"options": options})[
        "authenticatorId"
    ]


def listened(context: BrowserContext) -> tuple[Page, list[str]]:
    """A page, and what the browser complains of on it."""
    page, faults = context.new_page(), list[str]()
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return page, faults


def type_password(page: Page, portal: Serving) -> None:
    page.goto(portal.address("provider"))
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def looked_at(page: Page, name: str) -> None:
    picture(page, name)
    assert grave(page) == []


@pytest.mark.long
def test_a_passkey_is_set_up_and_signs_in(portal: Serving, browser: Browser) -> None:
    page, faults = listened(browser.new_context(locale="en-GB"))
    device, authenticator = with_authenticator(page)
    type_password(page, portal)
    expect(page.get_by_text("Your position needs a second factor")).to_be_visible()
    looked_at(page, "security owed")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Work laptop")
    looked_at(page, "passkey new")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    looked_at(page, "recovery codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Work laptop")).to_be_visible()
    looked_at(page, "security with passkey")
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url(portal.address("provider") + "**")
    kept = device.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    assert [one["rpId"] for one in kept] == ["peruse.localhost"]
    assert kept[0]["isResidentCredential"]
    sign_out(page, portal)
    page.goto(portal.address("provider", "/people/"))
    looked_at(page, "sign in")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(portal.address("provider", "/people/"))
    sign_out(page, portal)
    type_password(page, portal)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(portal.address("provider") + "**")
    assert faults == []


def sign_out(page: Page, portal: Serving) -> None:
    page.goto(portal.address("", "/companies/"))
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")


@pytest.mark.long
def test_a_passkey_put_away_is_said(portal: Serving, browser: Browser) -> None:
    page, _faults = listened(browser.new_context(locale="en-GB"))
    with_authenticator(page)
    page.goto(portal.address("", "/sign-in/"))
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("could not be used")


def test_an_app_is_set_up_and_its_codes_sign_in(portal: Serving, browser: Browser) -> None:
    page, faults = listened(browser.new_context(locale="en-GB"))
    type_password(page, portal)
    page.get_by_role("link", name="Add an app").click()
    secret = page.locator(".copyable code").inner_text()
    assert page.locator("main img[width='200']").evaluate("image => image.naturalWidth") > 0
    looked_at(page, "app new")
    page.get_by_label("Code").fill(code_of(secret, -1))
    page.get_by_role("button", name="Add the app").click()
    codes = page.locator("#recovery-codes").inner_text().split()
    assert len(codes) == 10
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url(portal.address("provider") + "**")

    sign_out(page, portal)
    type_password(page, portal)
    looked_at(page, "second step")
    page.get_by_label("Code").fill("123")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("not right, or was used")).to_be_visible()
    page.get_by_label("Code").fill(code_of(secret))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(portal.address("provider") + "**")

    for expected in ("**/", "**/sign-in/code/"):
        sign_out(page, portal)
        type_password(page, portal)
        page.get_by_label("Code").fill(codes[0])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        page.wait_for_url(expected)
        if "code" not in expected:
            page.wait_for_url(portal.address("provider") + "**")
            continue
        expect(page.get_by_text("not right, or was used")).to_be_visible()
        page.get_by_role("button", name="Begin again").click()
    assert faults == []


@pytest.mark.long
def test_the_pages_in_other_clothes(portal: Serving, browser: Browser) -> None:
    for kind in ("german", "dark", "phone"):
        in_these_clothes(portal, browser, kind)


def in_these_clothes(portal: Serving, browser: Browser, kind: str) -> None:
    context = browser.new_context(
        locale="de-DE" if kind == "german" else "en-GB",
        color_scheme="dark" if kind == "dark" else "light",
        viewport={"width": 390, "height": 844} if kind == "phone" else None,
    )
    page, faults = listened(context)
    page.goto(portal.address("", "/sign-in/"))
    looked_at(page, f"sign in {kind}")
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    if kind == "german":
        page.locator(".language-form button").click()
    for name in ("security", "security/app", "security/passkeys/new", "confirmation"):
        page.goto(portal.address("", f"/{name}/"))
        looked_at(page, f"{name.replace('/', ' ')} {kind}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults == []
