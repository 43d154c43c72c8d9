"""A company sets up its own identity provider, its director links themself, and signs in by it from then on.

The provider stands on this machine and speaks discovery, keys and the code flow with PKCE over real HTTP.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import grave
from tests.browser.steps import picture, sign_in
from tests.conftest import Portal
from tests.integration.accounts.provider import CLIENT, SECRET, Provider, providing
from tests.serving import Serving

pytestmark = [pytest.mark.browser, pytest.mark.long]

PASSWORD = "a-browser-walks-2026"
EMAIL = "dora@provider.example"
SCENARIO = f"""
format: 1
people:
  - {{email: {EMAIL}, name: Dora Director, company: provider, position: director,
     password: {PASSWORD}}}
"""


@pytest.fixture
def idp() -> Iterator[Provider]:
    with providing() as found:
        yield found


@pytest.fixture
def scene(scene: Portal, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """Where a provider may stand on this machine."""
    monkeypatch.setenv("PERUSE_WEBHOOKS_TO_LOOPBACK", "1")
    return scene


def looked_at(page: Page, name: str) -> None:
    picture(page, name)
    assert grave(page) == []


def set_up(page: Page, portal: Serving, issuer: str) -> None:
    page.goto(portal.address("provider", "/company/sign-on/"))
    looked_at(page, "sign-on empty")
    page.get_by_role("link", name="Name your provider").click()
    looked_at(page, "sign-on form")
    page.get_by_label("Issuer").fill(f"{issuer}/elsewhere")
    page.get_by_label("Client id").fill(CLIENT)
    page.get_by_label("Client secret").fill(SECRET)
    page.get_by_label("Domains of addresses").fill("provider.example")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".invalid-feedback, .alert-danger").first).to_be_visible()
    looked_at(page, "sign-on refused")
    page.get_by_label("Issuer").fill(issuer)
    page.get_by_label("Client secret").fill(SECRET)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your people may sign in at this provider.")).to_be_visible()
    looked_at(page, "sign-on set up")


def link(page: Page, portal: Serving) -> None:
    page.get_by_role("button", name="Link your account").click()
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("link", name=f"Go on as {EMAIL}").click()
    page.wait_for_url(portal.address("provider", "/company/sign-on/"))
    expect(page.locator("main").get_by_text("Linked", exact=True)).to_be_visible()
    looked_at(page, "sign-on linked")


def test_from_setting_up_to_signing_in(portal: Serving, browser: Browser, idp: Provider) -> None:
    idp.shows = {"sub": "sub-1", "email": EMAIL}
    page = browser.new_context(locale="en-GB").new_page()
    sign_in(page, portal.address("provider"), EMAIL, PASSWORD)
    set_up(page, portal, idp.issuer)
    link(page, portal)

    other = browser.new_context(locale="en-GB").new_page()
    other.goto(portal.address("provider", "/people/"))
    looked_at(other, "sign-in with a provider")
    other.get_by_role("link", name="Sign in at Provider Services GmbH").click()
    other.get_by_role("link", name=f"Go on as {EMAIL}").click()
    other.wait_for_url(portal.address("provider", "/people/"))
    expect(other.locator("main")).to_contain_text("Dora Director")
    assert "code=" not in other.url
    # It opened this company alone: the sign-in host knows nobody in this browser.
    other.goto(portal.address("", "/companies/"))
    assert "/sign-in/" in other.url

    # Their own list says what was linked.
    page.goto(portal.address("", "/security/"))
    expect(page.get_by_text("Linked at a company's identity provider.")).to_be_visible()
    looked_at(page, "security with changes")

    # The control: who is somebody else there comes nowhere.
    idp.shows = {"sub": "sub-2", "email": EMAIL}
    stranger = browser.new_context(locale="en-GB").new_page()
    stranger.goto(portal.address("provider", "/people/"))
    stranger.get_by_role("link", name="Sign in at Provider Services GmbH").click()
    stranger.get_by_role("link", name=f"Go on as {EMAIL}").click()
    expect(stranger.locator("body")).to_contain_text("Nobody in Provider Services GmbH is linked")
    looked_at(stranger, "sign-on of nobody")
