"""A reading comes after its invoice: the provider sees what it changed, the customer the document.

The last month is billed and issued; then the machine's meter turns out to have been read wrong.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from tests.browser.test_first_path import PASSWORD, Window
from tests.conftest import Portal
from tests.serving import Serving

pytestmark = pytest.mark.browser

# The portal's own clock runs, so the month is the one before this.
_TODAY = datetime.now(UTC)
LAST = datetime(_TODAY.year, _TODAY.month, 1, tzinfo=UTC) - timedelta(days=1)
MONTH = f"{LAST:%Y-%m}"
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
      - {{code: cycles, title: Cycles, kind: counter, unit: "{{cycle}}"}}
assets:
  - {{company: provider, type: Press, name: Press 7, serial: P-7, provider: provider,
     customer: customer}}
contracts:
  - provider: provider
    customer: customer
    title: Presses by the cycle
    starts_on: {MONTH}-01
    state: active
    items: [{{asset: P-7, channel: cycles, meter: cycles}}]
    plan:
      name: By use
      currency: EUR
      charges:
        - {{model: per_unit, code: cycles, title: {{en: Cycles, de: Takte}}, meter: cycles,
           unit: "{{cycle}}", unit_price: "0.067", pooling: each}}
"""


@pytest.fixture
def scene(scene: Portal, cast: dict[str, Any]) -> Portal:
    issue_the_month(cast["provider"])
    return scene


@pytest.fixture
def portal(portal: Serving, cast: dict[str, Any]) -> Serving:
    """The truth comes while the portal runs."""
    the_truth_comes(cast["provider"])
    return portal


def issue_the_month(provider: Any) -> None:
    """55 cycles at 0.067: 3.69, and 4.39 with tax."""
    from apps.billing.models import Invoice
    from apps.billing.operations import approve_invoices, issue_invoices, start_run
    from apps.events.operations import run_waiting_jobs
    from apps.tenancy.context import company_context

    with company_context(provider):
        run_waiting_jobs(now=timezone.now())
        before = LAST.replace(day=1, hour=0) - timedelta(hours=4)
        hear((before.isoformat(), "1000"), (f"{MONTH}-20T10:00:00Z", "1055"))
        start_run(label=MONTH, now=timezone.now(), started_by="test")
        run_waiting_jobs(now=timezone.now())
        keys = list(Invoice.objects.values_list("id", flat=True))
        approve_invoices(invoices=keys, now=timezone.now(), approved_by="test")
        assert len(issue_invoices(invoices=keys, now=timezone.now(), issued_by="test")) == 1


def hear(*readings: tuple[str, str]) -> None:
    from apps.telemetry.operations import RawItem, recompute_dirty, take_in

    items = [
        RawItem(number, "P-7", "cycles", at, value) for number, (at, value) in enumerate(readings)
    ]
    outcomes = take_in(items=items, source="test", now=timezone.now())
    assert {outcome.status for outcome in outcomes} == {"accepted"}
    recompute_dirty(now=timezone.now())


def the_truth_comes(provider: Any) -> None:
    """The reading of the 20th was wrong; the right one says 40 cycles."""
    from apps.common.period import parse_instant
    from apps.telemetry.models import Channel
    from apps.telemetry.operations import declare
    from apps.tenancy.context import company_context

    with company_context(provider):
        declare(
            channel=Channel.objects.get(), kind="disbelieve", reason="read the wrong meter",
            measured_at=parse_instant(f"{MONTH}-20T10:00:00Z"), by="Provider direction",
            now=timezone.now(),
        )  # fmt: skip
        hear((f"{MONTH}-21T10:00:00Z", "1040"))


def open_the_correction(provider: Window) -> None:
    """The workers find it in the background; it appears in the list."""
    for _ in range(80):
        page = provider.go("/billing/corrections/")
        link = page.locator("main table tbody a[href*='/billing/corrections/']")
        if link.count():
            link.first.click()
            return
        page.wait_for_timeout(500)
    raise AssertionError(provider.page.locator("main").inner_text())


def test_a_late_reading_becomes_a_credit_note_that_both_can_follow(
    portal: Serving, browser: Browser
) -> None:
    provider = Window(browser, portal, "provider")
    open_the_correction(provider)
    page = provider.page
    main = page.locator("main")
    # Before, now and why, side by side: 55 × 0.067 = 3.69, 40 × 0.067 = 2.68.
    for text in ("3.69", "2.68", "1.01", "Readings that came since", "1,040",
                 "read the wrong meter"):  # fmt: skip
        expect(main).to_contain_text(text)
    page.get_by_role("link", name="Draft credit note").click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Issue").click()
    page.locator("#confirm [data-confirm-yes], #confirm button.btn-primary").first.click()
    expect(page.get_by_role("heading", name="Credit note RK-").first).to_be_visible()
    note = page.url.split("/invoices/")[1].strip("/")

    customer = Window(browser, portal, "customer")
    page = customer.go(f"/invoices/{note}/")
    for text in ("Credit note RK-", "Corrects invoice RE-", "1.01", "1.20"):
        expect(page.locator("main")).to_contain_text(text)
    page.get_by_role("link", name="What changed, and why").first.click()
    expect(page.locator("main")).to_contain_text("3.69")
    page = customer.go(f"/invoices/{note}/verify/")
    for _ in range(60):
        if "verified" in page.locator("main").inner_text().lower():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.locator("main")).to_contain_text("verified", ignore_case=True)
    assert provider.complaints == []
    assert customer.complaints == []
