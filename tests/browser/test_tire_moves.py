"""A tire moves between two trucks in mid-month: mounted on the page, billed, opened, verified."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from apps.telemetry.operations import RawItem, recompute_dirty, take_in
from apps.tenancy.context import company_context
from tests.browser.test_first_path import PASSWORD, Window, open_the_draft
from tests.conftest import Portal
from tests.serving import Serving

pytestmark = pytest.mark.browser

SCENARIO = f"""
format: 1
people:
  - {{email: provider@walk.example, name: Provider direction, company: provider, position: director,
     password: {PASSWORD}}}
  - {{email: customer@walk.example, name: Customer direction, company: customer, position: director,
     password: {PASSWORD}}}
asset_types:
  - company: provider
    name: Truck
    positions: ["FL; Front left", "FR; Front right"]
    channels:
      - {{code: odometer, title: Odometer, kind: counter, unit: km, max_rate_per_hour: "150"}}
  - {{company: provider, name: Tire, is_component: true}}
assets:
  - {{company: provider, type: Truck, name: Truck one, serial: LKW-1, provider: provider,
     customer: customer}}
  - {{company: provider, type: Truck, name: Truck two, serial: LKW-2, provider: provider,
     customer: customer}}
  - {{company: provider, type: Tire, name: Tire A, serial: TIRE-A, provider: provider,
     customer: customer}}
  - {{company: provider, type: Tire, name: Tire B, serial: TIRE-B, provider: provider,
     customer: customer}}
mountings:
  - {{company: provider, component: TIRE-A, host: LKW-1, position: FL,
     mounted_at: "2026-01-01T00:00:00+01:00", mounted_value: "18000"}}
  - {{company: provider, component: TIRE-B, host: LKW-2, position: FL,
     mounted_at: "2026-01-01T00:00:00+01:00", mounted_value: "430000"}}
contracts:
  - provider: provider
    customer: customer
    title: Tires by the kilometre
    starts_on: 2026-01-01
    state: active
    items:
      - {{asset: TIRE-A, channel: odometer, meter: km, follows_host: true}}
      - {{asset: TIRE-B, channel: odometer, meter: km, follows_host: true}}
    plan:
      name: Tires by the kilometre
      currency: EUR
      charges:
        - {{model: per_unit, code: km, title: {{en: Tire kilometres, de: Reifenkilometer}}, meter: km,
           unit: km, unit_price: "0.05", pooling: each}}
"""


def drive(provider: object) -> None:
    """Both trucks from midnight in Berlin on, 10 km an hour, read every hour in UTC."""
    now = timezone.now()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    items = [
        RawItem(
            hour, serial, "odometer", (start + timedelta(hours=hour)).isoformat(),
            str(first + 10 * hour),
        )
        for serial, first in (("LKW-1", 18010), ("LKW-2", 430010))
        for hour in range(24 * 31 - 1)
    ]  # fmt: skip
    with company_context(provider):
        outcomes = take_in(items=items, source="walk", now=now)
        assert {out.status for out in outcomes} == {"accepted"}
        recompute_dirty(now=now)


@pytest.fixture
def scene(scene: Portal, cast: dict[str, Any]) -> Portal:
    drive(cast["provider"])
    return scene


def open_asset(window: Window, name: str) -> Page:
    page = window.go("/assets/")
    page.locator("main table").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name).first).to_be_visible()
    return page


def exchange_on_the_second_truck(provider: Window) -> None:
    """Tire A comes from truck one to the front left of truck two; tire B gives way."""
    page = open_asset(provider, "Truck two")
    page.get_by_role("link", name="Exchange").first.click()
    page.locator("[name=component]").fill("TIRE-A")
    page.locator("[name=at]").fill("2026-01-14T10:30:00")
    page.locator("[name=value]").fill("433225.5")
    page.get_by_role("button", name="Mount").click()
    expect(page.locator("main")).to_contain_text("Tire A is mounted at FL")


def run_january(provider: Window) -> Page:
    page = provider.go("/billing/runs/new/")
    page.locator("[name=month]").fill("2026-01")
    page.locator("[name=dry]").uncheck()
    page.get_by_role("button", name="Start", exact=True).click()
    page = open_the_draft(provider)
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Issue").click()
    page.locator("#confirm [data-confirm-yes], #confirm button.btn-primary").first.click()
    expect(page.get_by_role("heading", name="Invoice RE-").first).to_be_visible()
    return page


def test_a_tire_moves_and_its_line_opens_to_both_trucks(portal: Serving, browser: Browser) -> None:
    provider = Window(browser, portal, "provider")
    customer = Window(browser, portal, "customer")
    exchange_on_the_second_truck(provider)
    page = open_asset(provider, "Tire A")
    expect(page.locator("main")).to_contain_text("Truck one")
    expect(page.locator("main")).to_contain_text("433,225.5")

    page = run_january(provider)
    invoice = page.url.split("/invoices/")[1].strip("/")
    # 10:30 in Berlin is 09:30 UTC: truck one between 21,220 and 21,230 km; truck two was read.
    # Tire A: 21,225 − 18,000 = 3,225 and 437,430 − 433,225.5 = 4,204.5 km, times 0.05 EUR.
    # Tire B: 433,225.5 − 430,000 = 3,225.5 km.
    total = page.locator("main").inner_text()
    for figure in ("7,429.5", "371.48", "3,225.5", "161.28"):
        assert figure in total, total

    for window in (provider, customer):
        page = window.go(f"/invoices/{invoice}/")
        page.get_by_role("link", name="Explain").first.click()
        table = page.locator("main")
        for words in ("Truck one", "Truck two", "21,225", "433,225.5", "interpolated", "412,000.5"):
            expect(table).to_contain_text(words)
        page.get_by_role("link", name="The readings themselves").first.click()
        expect(page.locator("main table tbody tr").first).to_be_visible()
    page = customer.go(f"/invoices/{invoice}/verify/")
    for _ in range(40):
        if "verified" in page.locator("main").inner_text().lower():
            break
        page.wait_for_timeout(500)
        page.reload()
    assert "verified" in page.locator("main").inner_text().lower()
    assert provider.complaints == []
    assert customer.complaints == []
