"""A webhook set up, tested and sent again in a real browser, with real workers and a real receiver."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import grave, settled
from tests.browser.steps import looks, picture, sign_in
from tests.browser.test_first_path import PASSWORD, SCENARIO
from tests.conftest import Portal
from tests.integration.events import receiver as answers
from tests.integration.events.receiver import Receiver, receiving
from tests.integration.events.test_sending import is_signed
from tests.serving import Serving

__all__ = ["SCENARIO"]
pytestmark = [pytest.mark.browser, pytest.mark.long]

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture
def scene(scene: Portal, monkeypatch: pytest.MonkeyPatch) -> Portal:
    """Where messages may go to this machine."""
    monkeypatch.setenv("PERUSE_WEBHOOKS_TO_LOOPBACK", "1")
    return scene


@pytest.fixture
def inside() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def looked_at(page: Page, name: str) -> list[str]:
    """What is wrong with the page, in light and dark, on a desk and a phone."""
    found = []
    for scheme, size in looks(("light", DESK), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        settled(page)
        picture(page, f"webhooks {name} {scheme}")
        found += [f"{name} {scheme}: {one['id']} {one['nodes']}" for one in grave(page)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    return found


def test_a_webhook_from_set_up_to_sent_again(
    portal: Serving, browser: Browser, inside: Receiver
) -> None:
    page = browser.new_context(viewport=DESK).new_page()  # type: ignore[arg-type]
    sign_in(page, portal.address("provider"), "provider@walk.example", PASSWORD)
    wrong: list[str] = []
    page.goto(portal.address("provider", "/webhooks/"))
    wrong += looked_at(page, "none")
    page.get_by_role("link", name="Set one up").click()
    page.get_by_label("Address").fill("https://127.0.0.1/")
    page.get_by_label("Description").fill("Bookkeeping")
    page.get_by_label("Invoices or credit notes were issued").check()
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_text("Enter the name of a host, not its IP address.")).to_be_visible()
    expect(page.get_by_label("Invoices or credit notes were issued")).to_be_checked()
    wrong += looked_at(page, "refused")
    page.get_by_label("Address").fill(inside.url)
    page.get_by_role("button", name="Set it up").click()
    secret = page.locator("[data-copy^=whsec_]").get_attribute("data-copy") or ""
    wrong += looked_at(page, "secret")
    page.get_by_role("link", name="I have copied it").click()
    wrong += looked_at(page, "new")

    inside.answer = answers.with_status(500, b"The ledger is closed.")
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_text("The ledger is closed.")).to_be_visible(timeout=20_000)
    wrong += looked_at(page, "failed")
    inside.answer = answers.with_status(204)
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("#tries").get_by_text("Delivered")).to_be_visible(timeout=30_000)
    wrong += looked_at(page, "delivered")
    assert len(inside.got) >= 2
    assert len(set(inside.ids)) == 1
    assert is_signed(secret, *inside.got[-1])

    page.get_by_role("link", name="Messages of webhooks").click()
    wrong += looked_at(page, "log")
    page.goto(portal.address("provider", "/webhooks/"))
    wrong += looked_at(page, "list")
    page.get_by_role("link", name="Bookkeeping").click()
    page.get_by_role("button", name="Pause").click()
    page.locator("#confirm").get_by_role("button", name="Yes, go on").click()
    expect(page.get_by_text("Let it go on", exact=True)).to_be_visible()
    wrong += looked_at(page, "paused")
    page.locator("button[name=language][value=de]").first.click()
    expect(page.get_by_text("Weiterlaufen lassen", exact=True)).to_be_visible()
    wrong += looked_at(page, "german")
    page.goto(portal.address("provider", "/webhooks/new/"))
    wrong += looked_at(page, "german form")
    assert wrong == []
