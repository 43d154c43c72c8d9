"""From a file of real readings to an invoice that the customer verifies, in a real browser.

Uses the energy recording beside the checkout when it is there, else a file of the same form.
"""

import gzip
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests import databases
from tests.browser.steps import sign_in
from tests.serving import Serving

pytestmark = pytest.mark.browser

PASSWORD = "a-browser-walks-2026"
RECORDING = databases.ROOT.parent / "shared" / "data" / "energy-steel" / "steel_2018_h1.csv.gz"
SCENARIO = f"""
format: 1
people:
  - {{email: provider@walk.example, name: Provider direction, company: provider, position: director,
     password: {PASSWORD}}}
  - {{email: customer@walk.example, name: Customer direction, company: customer, position: director,
     password: {PASSWORD}}}
asset_types:
  - company: provider
    name: Electricity meter
    channels:
      - {{code: energy, title: Energy, kind: delta, unit: kW.h, expected_interval_seconds: 900}}
assets:
  - {{company: provider, type: Electricity meter, name: Main meter, serial: EM-1, provider: provider,
     customer: customer}}
import_profiles:
  - company: provider
    name: Quarter-hour meter
    mapping:
      asset: EM-1
      time: {{columns: [date], format: "%d/%m/%Y %H:%M", zone: Asia/Seoul, meaning: end,
              interval_seconds: 900, midnight_ends_day: true}}
      columns: [{{column: Usage_kWh, channel: energy, unit: kW.h}}]
"""


def made_up_recording() -> bytes:
    """A month of quarter-hours in the recording's form: 1 kWh each."""
    lines = ["date,Usage_kWh"]
    start = datetime(2018, 1, 1)  # noqa: DTZ001 (the file's stamps have no zone)
    for number in range(1, 96 * 31 + 1):
        stamp = start + timedelta(minutes=15 * number)
        if (stamp.hour, stamp.minute) == (0, 0):
            stamp -= timedelta(days=1)
        lines.append(f"{stamp:%d/%m/%Y %H:%M},1")
    return gzip.compress("\n".join(lines).encode())


TENTH_MS, MOMENT_MS = 100, 30
GAVE_WAY = ("htmx:sendAbort", "htmx:afterRequest")


class Window:
    """One signed-in person; remembers what the browser complained about."""

    def __init__(
        self, browser: Browser, portal: Serving, company: str, person: str = "",
        password: str = PASSWORD,
    ) -> None:  # fmt: skip
        self.portal, self.company = portal, company
        self.page: Page = browser.new_context(accept_downloads=True).new_page()
        self.page.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.under_way: set[Request] = set()
        self.page.on("request", self._began)
        self.page.on("requestfinished", self._ended)
        self.page.on("requestfailed", self._ended)
        email = f"{person or company}@walk.example"
        sign_in(self.page, portal.address(company), email, password)

    def _hear(self, message: Any) -> None:
        """Errors; a preview that gives way to a newer one is none, though htmx reports it."""
        if message.type == "error" and not message.text.startswith(GAVE_WAY):
            self.complaints.append(message.text)

    def _began(self, request: Request) -> None:
        if request.is_navigation_request():
            self.under_way.add(request)

    def _ended(self, request: Request) -> None:
        self.under_way.discard(request)

    def go(self, path: str) -> Page:
        """Another page, once what was clicked last is answered: before, it would be broken off."""
        for _tenth in range(200):
            self.page.wait_for_timeout(TENTH_MS if self.under_way else MOMENT_MS)
            if not self.under_way:
                break
        self.page.goto(self.portal.address(self.company, path))
        return self.page


def import_the_file(provider: Window, tmp_path: Path) -> None:
    file = tmp_path / "readings.csv.gz"
    file.write_bytes(RECORDING.read_bytes() if RECORDING.exists() else made_up_recording())
    page = provider.go("/imports/new/")
    page.locator("select[name=profile]").select_option(label="Quarter-hour meter")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_role("button", name="Start the import")).to_be_visible()
    expect(page.locator("main")).to_contain_text("energy")
    page.get_by_role("button", name="Start the import").click()
    expect(page.locator("main")).to_contain_text("done", ignore_case=True, timeout=90_000)


def draft_and_offer(provider: Window) -> str:
    page = provider.go("/contracts/new/")
    page.locator("[name=title]").fill("Electricity by the kilowatt hour")
    page.locator("[name=customer]").select_option(label="Customer Foods GmbH")
    page.locator("[name=starts_on]").fill("2018-01-01")
    page.locator("[name=time_zone]").select_option("Asia/Seoul")
    covered = page.locator("[name=items-0-covered]")
    covered.select_option(index=1)
    page.locator("[name=items-0-meter]").fill("energy")
    page.locator("[name=charges-0-title_en]").fill("Electricity")
    page.locator("[name=charges-0-title_de]").fill("Strom")
    page.locator("[name=charges-0-meter]").fill("energy")
    page.locator("[name=charges-0-unit]").select_option("kW.h")
    page.locator("[name=charges-0-unit_price]").fill("0.1874")
    page.locator("[name=preview_month]").fill("2018-01")
    page.locator("[name=preview_month]").blur()
    expect(page.locator("main")).to_contain_text("EUR", timeout=30_000)
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("button", name="Sign and offer").click()
    expect(page.locator("main")).to_contain_text("Offered")
    return page.url.split("/contracts/")[1].strip("/")


def sign(customer: Window, contract: str) -> None:
    page = customer.go(f"/contracts/{contract}/")
    page.get_by_role("button", name="Sign").click()
    for _ in range(60):
        if "Active" in (page.locator("main").inner_text()):
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError("the contract did not become active")


def open_the_draft(provider: Window) -> Page:
    """The run works in the background; its draft appears in the list."""
    for _ in range(60):
        page = provider.go("/invoices/?state=draft")
        link = page.locator("main a[href*='/invoices/inv_']")
        if link.count():
            link.first.click()
            return page
        page.wait_for_timeout(500)
    page = provider.go("/billing/runs/")
    page.locator("main table tbody a").first.click()
    raise AssertionError(f"the run made no draft: {page.locator('main').inner_text()}")


def run_the_month(provider: Window) -> None:
    page = provider.go("/billing/runs/new/")
    page.locator("[name=month]").fill("2018-01")
    page.locator("[name=dry]").uncheck()
    page.get_by_role("button", name="Start", exact=True).click()
    draft = open_the_draft(provider)
    page = draft
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Issue").click()
    page.locator("#confirm [data-confirm-yes], #confirm button.btn-primary").first.click()
    expect(page.get_by_role("heading", name="Invoice RE-").first).to_be_visible()


def open_down_to_the_readings(window: Window) -> str:
    page = window.page
    page.get_by_role("link", name="Explain").first.click()
    expect(page.locator("main")).to_contain_text("0.1874")
    page.get_by_role("link", name="The readings themselves").first.click()
    expect(page.locator("main table tbody tr").first).to_be_visible()
    return page.locator("main").inner_text()


def test_a_file_becomes_an_invoice_that_the_customer_verifies(
    portal: Serving, browser: Browser, tmp_path: Path
) -> None:
    provider = Window(browser, portal, "provider")
    customer = Window(browser, portal, "customer")
    import_the_file(provider, tmp_path)
    contract = draft_and_offer(provider)
    sign(customer, contract)
    run_the_month(provider)
    invoice = provider.page.url.split("/invoices/")[1].strip("/")
    total = provider.page.locator("main").inner_text()
    if RECORDING.exists():
        # 126,238.29 kWh of January × 0.1874 = 23,657.06 (half up); with 19 % tax 28,151.90.
        assert "23,657.06" in total
        assert "28,151.90" in total
    open_down_to_the_readings(provider)

    page = customer.go(f"/invoices/{invoice}/")
    assert "23,657" in page.locator("main").inner_text() or not RECORDING.exists()
    open_down_to_the_readings(customer)
    page = customer.go(f"/invoices/{invoice}/verify/")
    for _ in range(40):
        if "verified" in page.locator("main").inner_text().lower():
            break
        page.wait_for_timeout(500)
        page.reload()
    assert "verified" in page.locator("main").inner_text().lower()
    assert provider.complaints == []
    assert customer.complaints == []
