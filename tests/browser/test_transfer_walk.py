"""An asset changes hands in two browsers: sold, accepted with a defect, and its passport goes with it."""

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from apps.assets.models import Asset
from apps.assets.operations import record_act
from apps.tenancy.context import company_context
from tests.browser.steps import picture
from tests.browser.test_first_path import PASSWORD, Window
from tests.conftest import Portal
from tests.serving import Serving

pytestmark = [pytest.mark.browser, pytest.mark.long]

SCENARIO = f"""
format: 1
people:
  - {{email: maker@walk.example, name: Max Maker, company: maker, position: director,
     password: {PASSWORD}}}
  - {{email: financier@walk.example, name: Fine Financier, company: financier, position: director,
     language: de, password: {PASSWORD}}}
asset_types:
  - company: maker
    name: Press 200
    channels:
      - {{code: cycles, title: Cycles, kind: counter, unit: "1", max_rate_per_hour: "5000"}}
assets:
  - {{company: maker, type: Press 200, name: Press one, serial: PRESS-1, manufacturer: maker,
     owner: maker, provider: provider, customer: financier, in_service_on: 2026-01-01}}
"""


@pytest.fixture
def acquainted(own_database: str, cast: dict[str, Any]) -> None:
    from apps.tenancy.operations import make_acquaintance

    with company_context(cast["maker"]):
        make_acquaintance(other=cast["provider"], now=timezone.now())


@pytest.fixture
def scene(acquainted: None, scene: Portal, cast: dict[str, Any]) -> Portal:
    now = timezone.now()
    with company_context(cast["maker"]):
        record_act(
            asset=Asset.objects.get(), kind="manufactured", happened_on=now.date(), now=now,
            actor="Max Maker", note="Line 4",
        )  # fmt: skip
    return scene


def offer(seller: Window) -> None:
    page = seller.go("/assets/")
    page.locator("main").get_by_role("link", name="Press one").first.click()
    page.get_by_role("link", name="Sell or give away").click()
    expect(page.locator("main")).to_contain_text("stay as they were signed")
    page.locator("[name=buyer]").select_option(label="Financier Leasing AG")
    page.locator("[name=price]").fill("125000")
    page.locator("[name=warranty_months]").fill("24")
    looked_at(page, "offer")
    page.get_by_role("button", name="Offer", exact=True).click()
    expect(page.locator("main")).to_contain_text("125,000.00")


def accept(buyer: Window) -> None:
    page = buyer.go("/")
    page.get_by_role("link", name="Anlage wird Ihnen angeboten").click()
    page.locator("main").get_by_role("link", name="Press one").click()
    looked_at(page, "answer")
    page.locator("[name=defects]").fill("Kratzer links\nHandbuch fehlt")
    page.get_by_role("button", name="Anlage annehmen").click()
    until(page, "Eigentum übergegangen")
    expect(page.locator("main")).to_contain_text("Handbuch fehlt")
    looked_at(page, "answered")


def until(page: Page, words: str) -> None:
    """The workers are quick, and yet a moment later."""
    for _look in range(120):
        if words in page.locator("body").inner_text():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(words)


def looked_at(page: Page, name: str) -> None:
    """Wide and light, dark, and on a phone."""
    picture(page, f"transfer-{name}")
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    picture(page, f"transfer-{name}-dark")
    page.evaluate("document.documentElement.dataset.bsTheme = 'light'")
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, f"transfer-{name}-phone")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, name
    page.set_viewport_size({"width": 1280, "height": 720})


def test_an_asset_changes_hands(portal: Serving, browser: Browser) -> None:
    seller, buyer = Window(browser, portal, "maker"), Window(browser, portal, "financier")
    offer(seller)
    accept(buyer)
    page = buyer.go("/assets/")
    page.locator("main").get_by_role("link", name="Press one").first.click()
    expect(page.get_by_role("heading", name="Lebenslauf")).to_be_visible()
    until(page, "Neuer Eigentümer durch eine Übertragung")
    expect(page.locator(".life")).to_contain_text("Verkauft")
    expect(page.locator(".life")).to_contain_text("Line 4")
    looked_at(page, "life")
    page.get_by_role("link", name="Pass", exact=True).click()
    expect(page.locator(".identification svg")).to_be_visible()
    looked_at(page, "passport")
    link = page.locator("dd", has_text="/id/ast_").inner_text()
    page.goto(portal.address("", "/id/" + link.split("/id/")[1]))
    expect(page.locator("main")).to_contain_text("Öffnen als Financier Leasing AG")
    looked_at(page, "identified")
    page.get_by_role("link", name="Öffnen als").click()
    expect(page.locator("main")).to_contain_text("PRESS-1")
    assert seller.complaints == buyer.complaints == []
