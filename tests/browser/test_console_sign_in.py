"""Operators reach the console from the sign-in host, and are out when that sign-in ends."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.steps import picture
from tests.conftest import Portal
from tests.serving import Serving

pytestmark = pytest.mark.browser

PASSWORD = "a-browser-walks-2026"
EMAIL = "operator@walk.example"


CONSOLE = True


@pytest.fixture
def scene(fresh_database: Portal) -> Portal:
    from django.utils import timezone

    from apps.accounts.models import User

    for email, staff in ((EMAIL, True), ("somebody@walk.example", False)):
        User.objects.create_user(
            email=email, password=PASSWORD, name=email, joined_at=timezone.now(), is_staff=staff
        )
    return fresh_database


def test_in_by_the_sign_in_host_and_out_with_it(portal: Serving, browser: Browser) -> None:
    console = f"http://console.peruse.localhost:{portal.console_port}"
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(f"{console}/tenancy/company/")
    assert page.url.startswith(portal.address("", "/sign-in/"))
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{console}/tenancy/company/")
    expect(page.get_by_text("Provider Services GmbH")).to_be_visible()
    picture(page, "console companies")
    assert "code=" not in page.url
    page.goto(portal.address("", "/companies/"))
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")
    page.goto(f"{console}/tenancy/company/")
    assert page.url.startswith(portal.address("", "/sign-in/"))


@pytest.mark.long
def test_nobody_else_gets_in(portal: Serving, browser: Browser) -> None:
    console = f"http://console.peruse.localhost:{portal.console_port}"
    page = browser.new_context(locale="en-GB").new_page()
    page.goto(console)
    page.locator("input[name=login]").fill("somebody@walk.example")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console/entry/**")
    expect(page.get_by_text("Provider Services GmbH")).not_to_be_visible()
    answer = page.goto(f"{console}/enter/?code=guessed")
    assert answer is not None
    assert answer.status == 400
    page.goto(f"{console}/login/")
    assert page.url.startswith(portal.address(""))
