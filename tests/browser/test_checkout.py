"""A customer pays in the browser: from the portal to the provider's page and back, noted by itself.

The portal's policy lets forms lead to its own hosts alone; the way to the provider is a link.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect, sync_playwright

from apps.payments.models import Payment
from apps.payments.operations import start_checkout
from apps.tenancy.context import company_context
from portal.local.stripe.server import Fake
from tests.browser.steps import sign_in
from tests.integration.payments.conftest import KEY
from tests.integration.payments.signing import SECRET
from tests.integration.payments.test_payouts import connected
from tests.serving import Serving, chromium, serving

# The walk of a settlement pays on the same page, in every run of the tests.
pytestmark = [pytest.mark.browser, pytest.mark.long]
PASSWORD = "right horse battery"


@pytest.fixture
def stripe_fake(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """The stand-in, told to this process and to the portal's."""
    fake = Fake(("127.0.0.1", 0)).start()
    told = {"STRIPE_API_KEY": KEY, "STRIPE_API_BASE": fake.base, "STRIPE_WEBHOOK_SECRET": SECRET}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = KEY, fake.base
    yield fake
    fake.stop()


@pytest.fixture
def portal(own_database: str, stripe_fake: Fake, tmp_path: Path) -> Iterator[Serving]:
    with serving(own_database, tmp_path / "portal.log") as portal:
        stripe_fake.delivery.endpoints.append((portal.address(path="/webhooks/stripe/"), SECRET))
        yield portal


@pytest.fixture
def checkout(
    portal: Serving, cast: dict[str, Any], person_of: Any, stripe_fake: Fake, settings: Any
) -> str:
    """The path of a checkout in the customer's portal."""
    settings.PERUSE_PORT = str(portal.port)
    person = person_of(cast["customer"], "finance")
    person.set_password(PASSWORD)
    person.save()
    connected(cast["provider"], stripe_fake, timezone.now())
    with company_context(cast["customer"]):
        return start_checkout(
            payee=cast["provider"], reference="inv_a", title="RE-2026-0001", amount_minor=11_900,
            currency="EUR", return_url="/invoices/", now=timezone.now(),
        )  # fmt: skip


def pay(page: Page, address: str) -> None:
    sign_in(page, address, "finance@customer.example", PASSWORD)
    page.goto(address)
    page.get_by_role("link", name="Go to the payment page").click()
    expect(page.get_by_text("119.00 EUR")).to_be_visible()
    page.get_by_label("Card number").fill("4000 0000 0000 0002")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("alert")).to_have_text("Your card was declined.")
    page.get_by_label("Card number").fill("4000 0025 0000 3155")
    page.get_by_role("button", name="Pay").click()
    page.get_by_role("button", name="Approve").click()
    page.wait_for_url(address)
    expect(page.get_by_text("The payment is noted")).to_be_visible(timeout=30_000)


def test_a_customer_pays(
    portal: Serving, checkout: str, cast: dict[str, Any], own_database: str
) -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium())
        pay(browser.new_page(), portal.address("customer", checkout))
        browser.close()
    with company_context(cast["provider"]):
        paid = Payment.objects.get()
        assert (paid.reference, paid.amount_minor, paid.state) == ("inv_a", 11_900, "succeeded")
