"""A company's life in the browser: signed up, trial, order, limits, upgrade, a smaller plan taken back, a failed payment, read-only, paid,
ended, its data taken along, erased, and the certificate read."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect, sync_playwright

from apps.subscriptions.models import Departure, Plan, Subscription
from apps.tenancy.context import as_platform, company_context, no_company
from apps.tenancy.models import Company
from portal.local.stripe.portal import save_card
from portal.local.stripe.server import Fake
from tests.browser.axe import grave
from tests.browser.mails import sign_up_link
from tests.browser.steps import picture, sign_in
from tests.browser.test_checkout import stripe_fake
from tests.integration.payments.signing import SECRET
from tests.integration.subscriptions.ordering import POOR, go_on, row_of
from tests.serving import Serving, chromium, serving

__all__ = ["stripe_fake"]
pytestmark = [pytest.mark.browser, pytest.mark.long]
PASSWORD = "right horse battery"
EMAIL = "anna@werk-nord.example"
NAME = "werk-nord"
DAY = 24 * 3600
LETTER = re.compile(r"http\S+/certificate/\?token=\S+")


@pytest.fixture
def portal(
    own_database: str, stripe_fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Serving]:
    """With mails as files."""
    monkeypatch.setenv("PERUSE_EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
    monkeypatch.setenv("PERUSE_MAIL_FOLDER", str(tmp_path / "mails"))
    # The provider's clock is behind: what happens there lies in the past here.
    stripe_fake.store.ahead = -55 * DAY
    with serving(own_database, tmp_path / "portal.log") as portal:
        stripe_fake.delivery.endpoints.append((portal.address(path="/webhooks/stripe/"), SECRET))
        yield portal


def see_plan(page: Page, portal: Serving, text: str) -> None:
    """The page of the plan, opened again until a worker has noted what the provider told."""
    for _ in range(60):
        page.goto(portal.address(NAME, "/plan/"))
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{text}: {page.inner_text('main')}")


def found_network(page: Page, portal: Serving, name: str) -> None:
    page.goto(portal.address(NAME, "/networks/new/"))
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


def test_the_life_of_a_plan(portal: Serving, stripe_fake: Fake, tmp_path: Path) -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium())
        page = browser.new_context(locale="en-GB").new_page()
        _signed_up(page, portal, tmp_path / "mails")
        company = apart(lambda: Company.objects.get(slug=NAME))
        _trial(page, portal, company)
        _order(page, portal, stripe_fake)
        _kinds(browser, portal)
        _limits_and_upgrade(page, portal)
        _smaller_and_back(page, portal)
        _unpaid(page, portal, stripe_fake, company)
        _paid(page, portal, stripe_fake)
        _ended(page, portal, stripe_fake)
        _asks_to_leave(page, portal)
        _leaving_in_german(browser, portal)
        _erased(page, portal, company, tmp_path / "mails", stripe_fake)
        browser.close()


def _signed_up(page: Page, portal: Serving, mails: Path) -> None:
    page.goto(portal.address(path="/sign-up/"))
    page.get_by_label("Your e-mail address at work").fill(EMAIL)
    page.get_by_role("button", name="Mail me the link").click()
    page.goto(sign_up_link(mails, page))
    page.get_by_role("button", name="Yes, go on").click()
    for label, value in {
        "Company": "Werk Nord GmbH", "Street": "Hafen 1", "Postcode": "24103", "City": "Kiel",
        "VAT id": "DE136695976", "Address of your portal": NAME, "Your name": "Anna Nord",
        "Choose a password": PASSWORD,
    }.items():  # fmt: skip
        page.get_by_label(label, exact=label == "Company").fill(value)
    page.get_by_role("button", name="Set the portal up").click()
    expect(page.get_by_role("heading", name="Your portal is ready")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Open it").click()
    expect(page.get_by_text("First steps")).to_be_visible(timeout=30_000)


def _trial(page: Page, portal: Serving, company: Any) -> None:
    see_plan(page, portal, "Free trial until")
    picture(page, "plan trial")
    apart(lambda: end_trial(company))
    page.goto(portal.address(NAME, "/plan/"))
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
        sign_in(page, portal.address(NAME), EMAIL, PASSWORD)
        if kind == "german":
            page.goto(portal.address(NAME))
            page.locator(".language-form button").first.click()
        page.goto(portal.address(NAME, "/plan/"))
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
    page.goto(portal.address(NAME, "/plan/"))
    expect(page.get_by_text("Full: what you have goes on")).to_be_visible()
    page.get_by_role("button", name="Change to this plan").click()
    confirm(page)
    expect(page.get_by_text("Your plan is “Network” now.")).to_be_visible()
    found_network(page, portal, "Rails")
    expect(page.get_by_role("heading", name="Rails").first).to_be_visible()


def _smaller_and_back(page: Page, portal: Serving) -> None:
    """A smaller plan follows at the end of the paid period, unless it is taken back."""
    apart(lambda: limit("business", most_networks=3))
    page.goto(portal.address(NAME, "/plan/"))
    page.get_by_role("button", name="Change to this plan").click()
    confirm(page)
    expect(page.get_by_text("“Business” follows at the end of the paid period.")).to_be_visible()
    picture(page, "plan smaller follows")
    assert grave(page) == []
    page.get_by_role("button", name="Keep “Network”").click()
    expect(page.get_by_text("Your plan is “Network” now.")).to_be_visible()


def confirm(page: Page) -> None:
    """The portal's own question."""
    page.locator("#confirm button[value=yes]").click()


def _unpaid(page: Page, portal: Serving, fake: Fake, company: Any) -> None:
    customer = apart(lambda: row_of(company).customer_ref)
    with fake.store.lock:
        save_card(fake.store, customer, POOR)
        go_on(fake, 32)
    see_plan(page, portal, "A payment is missing")
    picture(page, "plan read-only")
    page.wait_for_timeout(31_000)
    page.goto(portal.address(NAME, "/company/"))
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
    page.goto(portal.address(NAME, "/plan/"))
    page.get_by_role("button", name="Ask the provider").click()
    page.wait_for_load_state()
    expect(page.get_by_text("A payment is missing")).to_have_count(0)
    page.wait_for_timeout(31_000)
    found_network(page, portal, "Rivers")
    expect(page.get_by_role("heading", name="Rivers").first).to_be_visible()


def _ended(page: Page, portal: Serving, fake: Fake) -> None:
    page.goto(portal.address(NAME, "/plan/"))
    page.get_by_role("button", name="End the plan").click()
    confirm(page)
    expect(page.get_by_text("Your plan ends with the paid period.")).to_be_visible()
    expect(page.get_by_role("button", name="Go on after all")).to_be_visible()
    picture(page, "plan ending")
    page.goto(portal.address(NAME, "/plan/leaving/"))
    expect(page.get_by_role("button", name="Have everything erased")).to_be_visible()
    with fake.store.lock:
        go_on(fake, 32)
    see_plan(page, portal, "has ended")
    picture(page, "plan ended")


def _asks_to_leave(page: Page, portal: Serving) -> None:
    page.get_by_role("link", name="Leave the platform").click()
    picture(page, "leaving")
    assert grave(page) == []
    page.get_by_role("button", name="Have everything erased").click()
    confirm(page)
    page.wait_for_load_state()
    if page.locator("input[type=password]").count():
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("main button[type=submit], main form button").first.click()
        page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Stay after all")).to_be_visible()
    for _ in range(60):
        page.goto(portal.address(NAME, "/plan/leaving/"))
        if page.get_by_text("The export is written").count():
            break
        page.wait_for_timeout(500)
    picture(page, "leaving asked")
    page.goto(portal.address(NAME, "/plan/exports/"))
    picture(page, "leaving export")
    with page.expect_download() as taken:
        page.locator("a[href*='/plan/exports/']").last.click()
    assert taken.value.suggested_filename == f"{NAME}.zip"


def _leaving_in_german(browser: Browser, portal: Serving) -> None:
    page = browser.new_context(locale="de-DE").new_page()
    sign_in(page, portal.address(NAME), EMAIL, PASSWORD)
    page.goto(portal.address(NAME))
    page.locator(".language-form button").first.click()
    page.goto(portal.address(NAME, "/plan/leaving/"))
    expect(page.get_by_role("button", name="Doch bleiben")).to_be_visible()
    picture(page, "leaving german")
    assert grave(page) == []
    page.locator(".language-form button").first.click()


def let_the_day_come(company: Any) -> None:
    """The company asked a month and a day ago."""
    past = timezone.now() - timedelta(days=31)
    with no_company(), as_platform():
        Departure.all_parties.filter(author=company).update(
            asked_at=past, due_at=past + timedelta(days=30)
        )


def letter(folder: Path, page: Page) -> str:
    for _ in range(400):
        for file in folder.glob("*"):
            text = message_from_bytes(file.read_bytes()).get_payload(decode=True).decode()
            if found := LETTER.search(text):
                return found.group(0)
        page.wait_for_timeout(1_000)
    raise AssertionError("no certificate came")


def _erased(page: Page, portal: Serving, company: Any, mails: Path, fake: Fake) -> None:
    apart(lambda: let_the_day_come(company))
    page.goto(letter(mails, page))
    assert "token" not in page.url
    expect(page.get_by_role("heading", name="Certificate of erasure")).to_be_visible()
    for _look in range(60):
        if "the provider confirmed it" in page.locator("main").inner_text():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    expect(page.locator("main")).to_contain_text("the provider confirmed it")
    assert list(fake.store.all("customer")) == []
    picture(page, "certificate")
    assert grave(page) == []
    page.locator(".language-form button").first.click()
    expect(page.get_by_role("heading", name="Bescheinigung der Löschung")).to_be_visible()
    picture(page, "certificate german")
    with page.expect_download() as taken:
        page.get_by_role("link", name="Unterschriebene Datei (JSON)").click()
    assert taken.value.suggested_filename == f"certificate-{NAME}.json"
    answer = page.goto(portal.address(NAME))
    assert answer is not None
    assert answer.status == 404
