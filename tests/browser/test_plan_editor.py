"""New prices for a contract in force: edited with a preview over real usage, proposed, accepted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect

from apps.telemetry.operations import RawItem, recompute_dirty, take_in
from apps.tenancy.context import company_context
from tests.browser.test_first_path import PASSWORD, Window
from tests.conftest import Portal
from tests.serving import Serving

pytestmark = pytest.mark.browser

TITLE = "Pressing by the cycle"
SCENARIO = f"""
format: 1
people:
  - {{email: provider@walk.example, name: Provider direction, company: provider, position: director,
     password: {PASSWORD}}}
  - {{email: customer@walk.example, name: Customer direction, company: customer, position: director,
     password: {PASSWORD}}}
asset_types:
  - company: provider
    name: Press
    channels:
      - {{code: cycles, title: Cycles, kind: counter, unit: "1", max_rate_per_hour: "5000"}}
assets:
  - {{company: provider, type: Press, name: Press one, serial: PRESS-1, provider: provider,
     customer: customer}}
contracts:
  - provider: provider
    customer: customer
    title: {TITLE}
    starts_on: 2026-01-01
    state: active
    items:
      - {{asset: PRESS-1, channel: cycles, meter: cycles}}
    plan:
      name: {TITLE}
      currency: EUR
      charges:
        - {{model: per_unit, code: cycles, title: {{en: Cycles, de: Zyklen}}, meter: cycles,
           unit: "1", unit_price: "0.05"}}
"""


def press(provider: object) -> None:
    """In January in Berlin 7,440 cycles: ten an hour, read at the hour."""
    start = datetime(2025, 12, 31, 23, tzinfo=UTC)
    items = [
        RawItem(
            hour, "PRESS-1", "cycles", (start + timedelta(hours=hour)).isoformat(), str(10 * hour)
        )
        for hour in range(24 * 31 + 1)
    ]
    now = timezone.now()
    with company_context(provider):
        assert {out.status for out in take_in(items=items, source="walk", now=now)} == {"accepted"}
        recompute_dirty(now=now)


@pytest.fixture
def scene(scene: Portal, cast: dict[str, Any]) -> Portal:
    press(cast["provider"])
    return scene


def open_contract(window: Window) -> Page:
    page = window.go("/contracts/")
    page.locator("main").get_by_role("link", name=TITLE).first.click()
    expect(page.get_by_role("heading", name=TITLE).first).to_be_visible()
    return page


def edit_prices(page: Page) -> None:
    """Graduated instead of one price: 0.05 up to 5,000 cycles, 0.03 beyond."""
    page.get_by_role("link", name="Propose new prices").first.click()
    page.locator("[name=preview_month]").fill("2026-01")
    page.locator("[name=preview_month]").blur()
    expect(page.locator("#preview-total")).to_contain_text("372.00", timeout=30_000)
    page.locator("[name=charges-0-model]").select_option("graduated")
    another_tier_slowly(page)
    page.locator("#id_charges-0-up_to-0").fill("5000")
    page.locator("#id_charges-0-tier_price-0").fill("0.05")
    page.locator("#id_charges-0-tier_price-1").fill("0.03")
    page.locator("#id_charges-0-tier_price-1").blur()
    # 5,000 × 0.05 + 2,440 × 0.03
    expect(page.locator("#preview-total")).to_contain_text("323.20", timeout=30_000)
    expect(page.locator("#preview .chart svg").first).to_be_visible()


def another_tier_slowly(page: Page) -> None:
    """While the new row is on its way nothing can be typed that it would not hold."""
    held: list[Route] = []
    page.route("**/contracts/charges/", lambda route: held.append(route))
    page.get_by_role("button", name="Another tier").click()
    expect(page.locator("#id_charges-0-tier_price-0")).to_be_disabled()
    held[0].continue_()
    expect(page.locator("[name=charges-0-tier_price]")).to_have_count(2)
    expect(page.locator("#id_charges-0-tier_price-0")).to_be_enabled()
    page.unroute("**/contracts/charges/")


def accept(customer: Window) -> None:
    page = open_contract(customer)
    expect(page.locator("main")).to_contain_text("Proposed prices from")
    page.get_by_role("button", name="Accept and sign").click()
    for _look in range(120):
        if "Prices, version 2 from" in page.locator("main").inner_text():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError("the new prices were not agreed")


def test_new_prices_are_previewed_proposed_and_accepted(portal: Serving, browser: Browser) -> None:
    provider = Window(browser, portal, "provider")
    customer = Window(browser, portal, "customer")
    page = open_contract(provider)
    edit_prices(page)
    page.get_by_role("button", name="Sign and propose").last.click()
    expect(page.locator("main")).to_contain_text("The new prices are proposed to")
    accept(customer)
    expect(open_contract(provider).locator("main")).to_contain_text("Prices, version 2 from")
    assert provider.complaints == []
    assert customer.complaints == []
