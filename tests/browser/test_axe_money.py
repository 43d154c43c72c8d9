"""axe finds nothing serious or critical on the pages of money, in light and dark, on a desk and a phone, where
no table of them scrolls in its frame.

Opened as people get there: from the navigation, by the links of each page, two of a kind.
"""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import cut_tables, grave, reachable, settled
from tests.browser.test_checkout import stripe_fake
from tests.browser.test_first_path import Window
from tests.browser.test_settlement_walk import (
    PAYABLE,
    bill_the_month,
    bring_in_the_statement,
    issue_statements,
    pay_online,
    pay_out,
    portal,
    tablet,
    until,
)
from tests.scenarios import tire_story as story
from tests.scenarios.tire_story import CUSTOMER, FINANCIER, PROVIDER
from tests.serving import Serving

__all__ = ["portal", "stripe_fake", "tablet"]
pytestmark = [pytest.mark.browser, pytest.mark.long]

APPS = ("apps.billing", "apps.settlement", "apps.payments")
# Where the navigation leads; everything else is found by links.
STARTS = [
    "/money/", "/invoices/", "/payments/", "/payouts/", "/debits/", "/debits/new/?way=stripe",
    "/payment-settings/", "/bank-entries/", "/received/", "/statements/", "/shares/", "/ledger/",
    "/deposits/", "/self-billing/", "/margins/", "/receivables/", "/billing/runs/",
]  # fmt: skip
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


def looked_at(page: Page, path: str) -> list[str]:
    """What is wrong with the open page, in words."""
    found = []
    for scheme, size in (("light", DESK), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.reload()
        settled(page)
        found += [f"{path} {scheme}: {one['id']} {one['nodes']}" for one in grave(page)]
        if size == PHONE:
            found += [f"{path}: {table}" for table in cut_tables(page)]
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    return found


def test_nothing_grave_on_pages_of_money(
    portal: Serving, browser: Browser, tablet: tuple[str, str], tmp_path: Path
) -> None:
    def enter(company: str, person: str = "") -> Window:
        return Window(browser, portal, company, person, story.PASSWORD)

    provider, customer, partner = enter(PROVIDER), enter(CUSTOMER), enter(FINANCIER)
    invoice = bill_the_month(provider)
    until(provider, f"/invoices/{invoice}/", "PDF with embedded XML")
    pay_online(customer, invoice)
    issue_statements(provider, "axe", PAYABLE[FINANCIER])
    until(provider, "/money/", PAYABLE[FINANCIER])
    finance = enter(PROVIDER, f"{PROVIDER}.finance")
    bring_in_the_statement(finance, pay_out(finance, provider), tmp_path)
    wrong: list[str] = []
    seen: dict[str, Any] = {}
    for window in (provider, customer, partner):
        host = portal.address(window.company).rstrip("/")
        for path in reachable(window.page, host, STARTS, APPS):
            seen[path] = window.company
            wrong += looked_at(window.page, path)
    assert wrong == [], "\n".join(wrong)
    assert len(seen) > 30, sorted(seen)
