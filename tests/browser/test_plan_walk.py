"""A company's plan in the browser: trial, order, limits, upgrade, a failed payment, read-only, paid, ended."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect, sync_playwright

from apps.subscriptions.models import Plan, Subscription
from apps.tenancy.context import as_platform, company_context, no_company
from portal.local.stripe.portal import save_card
from portal.local.stripe.server import Fake
from tests.browser.axe import grave
from tests.browser.steps import picture, sign_in
from tests.browser.test_checkout import stripe_fake
from tests.integration.payments.signing import SECRET
from tests.integration.subscriptions.ordering import POOR, go_on, row_of, without_plan
from tests.serving import Serving, chromium, serving

__all__ = ["stripe_fake"]
pytestmark = [pytest.mark.browser, pytest.mark.long]
PASSWORD = "right horse battery"
EMAIL = "director@maker.example"
DAY = 24 * 3600


@pytest.fixture
def portal(
    own_database: str, stripe_fake: Fake, tmp_path: Path, cast: dict[str, Any], person_of: Any
) -> Iterator[Serving]:
    person = person_of(cast["maker"])
    person.set_password(PASSWORD)
    person.save()
    without_plan(cast["maker"])
    # The provider's clock is behind: what happens there lies in the past here.
    stripe_fake.store.ahead = -55 * DAY
    with serving(own_database, tmp_path / "portal.log") as portal:
        stripe_fake.delivery.endpoints.append((portal.address(path="/webhooks/stripe/"), SECRET))
        yield portal


def see_plan(page: Page, portal: Serving, text: str) -> None:
    """The page of the plan, opened again until a worker has noted what the provider told."""
    for _ in range(60):
        page.goto(portal.address("maker", "/plan/"))
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{text}: {page.inner_text('main')}")


def found_network(page: Page, portal: Serving, name: str) -> None:
    page.goto(portal.address("maker", "/networks/new/"))
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=roles]").first.check()
    page.locator("main form button[type=submit], main form button").last.click()
    page.wait_for_load_state()


def apart(act: Callable[[], Any]) -> Any:
    """Asked of the database while the browser runs: in a thread of its own."""

    def alone() -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(alone).result()


def limit(code: str, **fields: Any) -> None:
    with no_company(), as_platform():
        Plan.objects.filter(pk=code).update(**fields)


def end_trial(company: Any) -> None:
    with company_context(company):
        Subscription.objects.update(trial_until=timezone.now() - timedelta(hours=1))


def test_the_life_of_a_plan(
    portal: Serving, stripe_fake: Fake, cast: dict[str, Any], own_database: str
) -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium())
        page = browser.new_context(locale="en-GB").new_page()
        sign_in(page, portal.address("maker"), EMAIL, PASSWORD)
        _trial(page, portal, cast)
        _order(page, portal, stripe_fake)
        _kinds(browser, portal)
        _limits_and_upgrade(page, portal)
        _unpaid(page, portal, stripe_fake, cast)
        _paid(page, portal, stripe_fake)
        _ended(page, portal)
        browser.close()


def _trial(page: Page, portal: Serving, cast: dict[str, Any]) -> None:
    see_plan(page, portal, "Participant")
    picture(page, "plan participant")
    page.get_by_role("button", name="Try it for 30 days").first.click()
    expect(page.get_by_text("You may try “Business” now.")).to_be_visible()
    expect(page.get_by_text("Free trial until")).to_be_visible()
    picture(page, "plan trial")
    apart(lambda: end_trial(cast["maker"]))
    page.goto(portal.address("maker", "/plan/"))
    expect(page.get_by_text("The trial of “Business” is over.")).to_be_visible()


def _order(page: Page, portal: Serving, fake: Fake) -> None:
    page.get_by_role("button", name="Order").first.click()
    page.get_by_role("link", name="Go to the payment provider").click()
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name="Pay").click()
    see_plan(page, portal, "FAKE-0001")
    expect(page.get_by_text("This is your plan.")).to_be_visible()
    expect(page.get_by_text("Next invoice, as of now")).to_be_visible()
    picture(page, "plan ordered")


def _kinds(browser: Browser, portal: Serving) -> None:
    """The page in German, dark and on a phone; axe finds nothing grave."""
    kinds: dict[str, dict[str, Any]] = {
        "german": {"locale": "de-DE"},
        "dark": {"locale": "en-GB", "color_scheme": "dark"},
        "phone": {"locale": "en-GB", "viewport": {"width": 390, "height": 844}},
    }
    for kind, given in kinds.items():
        page = browser.new_context(**given).new_page()
        sign_in(page, portal.address("maker"), EMAIL, PASSWORD)
        if kind == "german":
            page.goto(portal.address("maker"))
            page.locator(".language-form button").first.click()
        page.goto(portal.address("maker", "/plan/"))
        page.wait_for_timeout(1_000)
        picture(page, f"plan {kind}")
        assert grave(page) == []
        if kind == "german":
            page.locator(".language-form button").first.click()


def _limits_and_upgrade(page: Page, portal: Serving) -> None:
    apart(lambda: limit("business", most_networks=1))
    found_network(page, portal, "Roads")
    found_network(page, portal, "Rails")
    expect(page.get_by_text("has room for 1 network of your own")).to_be_visible()
    picture(page, "plan limit met")
    page.goto(portal.address("maker", "/plan/"))
    expect(page.get_by_text("Full: what you have goes on")).to_be_visible()
    page.get_by_role("button", name="Change to this plan").click()
    confirm(page)
    expect(page.get_by_text("Your plan is “Network” now.")).to_be_visible()
    found_network(page, portal, "Rails")
    expect(page.get_by_role("heading", name="Rails").first).to_be_visible()


def confirm(page: Page) -> None:
    """The portal's own question."""
    page.locator("#confirm button[value=yes]").click()


def _unpaid(page: Page, portal: Serving, fake: Fake, cast: dict[str, Any]) -> None:
    customer = apart(lambda: row_of(cast["maker"]).customer_ref)
    with fake.store.lock:
        save_card(fake.store, customer, POOR)
        go_on(fake, 32)
    see_plan(page, portal, "A payment is missing")
    picture(page, "plan read-only")
    page.wait_for_timeout(31_000)
    page.goto(portal.address("maker", "/company/"))
    expect(page.get_by_text("read-only until the plan is paid")).to_be_visible()
    picture(page, "plan banner")
    found_network(page, portal, "Rivers")
    expect(page.get_by_text("This portal is read-only").first).to_be_visible()
    picture(page, "plan held back")


def _paid(page: Page, portal: Serving, fake: Fake) -> None:
    see_plan(page, portal, "A payment is missing")
    page.get_by_role("row").filter(has_text="To be paid").get_by_role("link").first.click()
    picture(page, "plan invoice")
    page.get_by_role("link", name="Go to the payment page").click()
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.locator("form button").first.click()
    page.goto(portal.address("maker", "/plan/"))
    page.get_by_role("button", name="Ask the provider").click()
    page.wait_for_load_state()
    expect(page.get_by_text("A payment is missing")).to_have_count(0)
    page.wait_for_timeout(31_000)
    found_network(page, portal, "Rivers")
    expect(page.get_by_role("heading", name="Rivers").first).to_be_visible()


def _ended(page: Page, portal: Serving) -> None:
    page.goto(portal.address("maker", "/plan/"))
    page.get_by_role("button", name="End the plan").click()
    confirm(page)
    expect(page.get_by_text("Your plan ends with the paid period.")).to_be_visible()
    expect(page.get_by_role("button", name="Go on after all")).to_be_visible()
    picture(page, "plan ending")
