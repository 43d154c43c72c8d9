"""The operator's day: a failed job is tried again, a portal looked into, a company suspended, resumed."""

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from apps.accounts.models import User, VatCheck
from apps.events.models import Job
from apps.subscriptions.models import Certificate
from apps.tenancy.context import as_platform, company_context, no_company
from tests import databases
from tests.browser.axe import GRAVE, LOOK, settled, source
from tests.browser.steps import picture, sign_in
from tests.browser.test_first_path import PASSWORD
from tests.conftest import Portal
from tests.serving import Serving

pytestmark = [pytest.mark.browser, pytest.mark.long]

SCENARIO = f"""
format: 1
people:
  - {{email: dora@provider.example, name: Dora Director, company: provider, position: director,
     password: {PASSWORD}}}
"""
CERTIFIED = {
    "deleted": {"own": [{"table": "telemetry_device", "rows": 3}], "shared": []},
    "kept": [{"table": "billing_invoice", "rows": 12, "reason": "books"}],
    "export": {"sha256": "5e" * 32},
}
OPERATOR = "olga@platform.example"


CONSOLE = True
STUCK = "assets.heal_use_grants"


@pytest.fixture
def scene(scene: Portal, cast: dict[str, Any]) -> Portal:
    now = timezone.now()
    with no_company(), as_platform():
        User.objects.create_user(
            OPERATOR, PASSWORD, name="Olga Operator", joined_at=now, is_staff=True
        )
        Certificate.objects.create(
            company=cast["stranger"], made_at=now, body=CERTIFIED, public_key="ab" * 32,
            signature="cd" * 64, email="anna@stranger.example", language="en",
            customers=["cus_1"], customers_asked_at=now, customers_said="No such customer: 'cus_1'",
        )  # fmt: skip
    with company_context(cast["provider"]):
        VatCheck.objects.create(
            author=cast["provider"], parties=[cast["provider"].pk], vat_id="DE136695976",
            state="valid", asked_at=now, consultation="WAPIAAAAX1Y2Z3",
        )  # fmt: skip
        Job.objects.create(
            author=cast["provider"], parties=[cast["provider"].pk], company=cast["provider"],
            kind="telemetry.roll_up", state=Job.State.PARKED, attempts=3, run_after=now,
            created_at=now, finished_at=now, error="OperationalError: the disk was full",
        )  # fmt: skip
        Job.objects.create(
            author=cast["provider"], parties=[cast["provider"].pk], company=cast["provider"],
            kind=STUCK, state=Job.State.DONE, attempts=1, run_after=now, created_at=now, finished_at=now,
        )  # fmt: skip
    return scene


class Console:
    """The operator's window."""

    def __init__(self, browser: Browser, portal: Serving) -> None:
        self.address = f"http://console.peruse.localhost:{portal.console_port}"
        self.page = browser.new_context(locale="en-GB").new_page()
        sign_in(self.page, self.address, OPERATOR, PASSWORD)
        expect(self.page.get_by_text("Companies that need attention")).to_be_visible()

    def company(self, name: str) -> Page:
        self.page.goto(f"{self.address}/tenancy/company/")
        self.page.locator("#result_list").get_by_role("link", name=name).click()
        expect(self.page.get_by_role("heading", name="Acts", exact=True)).to_be_visible()
        return self.page

    def act(self, button: str, reason: str) -> Page:
        form = self.page.locator("form").filter(
            has=self.page.get_by_role("button", name=button, exact=True)
        )
        form.locator("[name=reason]").fill(reason)
        form.get_by_role("button").click()
        return self.page


def retry_the_failed_job(console: Console) -> None:
    page = console.page
    page.goto(console.address)
    picture(page, "console-overview")
    page.locator("a.c-tile", has_text="Failed jobs").click()
    page.locator("#result_list").get_by_role("link", name="telemetry.roll_up").click()
    expect(page.locator("pre")).to_contain_text("the disk was full")
    picture(page, "console-failed-job")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("body")).to_contain_text("tried again within some seconds")
    until(page, "State: done")


def take_up_the_stuck_job(console: Console, portal: Serving) -> None:
    """Its worker was killed and the lease ran out; with a new worker it goes on."""
    portal.kill_worker()
    with databases.admin(portal.database) as server:
        server.execute(
            "update events_job set state = 'running', attempts = 1, lease_until = now() - interval '9 minutes',"
            " finished_at = null, run_after = now() - interval '10 minutes' where kind = %s", [STUCK],
        )  # fmt: skip
    page = console.page
    page.goto(console.address)
    expect(page.locator("a.c-tile", has_text="stuck")).to_contain_text("1")
    page.goto(f"{console.address}/events/job/?condition=stuck")
    page.locator("#result_list").get_by_role("link", name=STUCK).click()
    expect(page.locator("body")).to_contain_text("State: stuck")
    picture(page, "console-stuck-job")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("body")).to_contain_text("tried again within some seconds")
    page.wait_for_timeout(12_000)
    page.reload()
    # The control: without a worker the sweeper's bell is heard by nobody.
    expect(page.locator("body")).to_contain_text("State: waiting")
    portal.start_worker()
    until(page, "State: done")


def until(page: Page, words: str) -> None:
    """A worker needs a moment; the page is looked at again each half second."""
    for _look in range(120):
        if words in page.locator("body").inner_text():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"{words!r} never stood on the page")


def look_into_the_portal(console: Console, portal: Serving) -> None:
    """By the sign-in host, like people to their company, and out again from the banner."""
    console.company("Provider")
    page = console.act("Look into the portal", "ticket 4711")
    page.wait_for_url(portal.address("provider", "/**"))
    expect(page.locator(".impersonation")).to_contain_text("ticket 4711")
    picture(page, "visit")
    page.goto(portal.address("provider", "/keys/"))
    expect(page.locator("body")).to_contain_text("as the platform's operator")
    page.goto(portal.address("provider", "/company/"))
    expect(page.locator("main")).to_contain_text("Olga Operator")
    picture(page, "visit-company")
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "visit-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("button", name="End the visit").click()
    page.wait_for_url("**/tenancy/company/*/change/")
    page.goto(portal.address("provider"))
    assert page.locator(".impersonation").count() == 0
    page.goto(f"{console.address}/accounts/impersonation/")
    expect(page.locator("#result_list")).to_contain_text("ticket 4711")
    picture(page, "console-visits")


def suspend_and_resume(console: Console, browser: Browser, portal: Serving) -> None:
    page = browser.new_context(locale="de-DE").new_page()
    address = portal.address("provider")
    sign_in(page, address, "dora@provider.example", PASSWORD)
    console.company("Provider")
    console.act("Suspend", "unpaid since May")
    expect(console.page.locator("body")).to_contain_text("is suspended within half a minute")
    picture(console.page, "console-suspended")
    until(page, "Dieses Portal ist gesperrt")
    picture(page, "suspended-german")
    console.act("Resume", "paid today")
    expect(console.page.locator("body")).to_contain_text("is open again")
    gone(page, "Dieses Portal ist gesperrt")


def gone(page: Page, words: str) -> None:
    for _look in range(120):
        if words not in page.locator("body").inner_text():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"{words!r} still stands on the page")


def nothing_grave_in(console: Console) -> None:
    """axe on what is ours; frame and lists are Unfold's."""
    page, found = console.page, []
    for scheme, width in (("light", 1280), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": 844})
        for path in ("/", "/tenancy/company/"):
            page.goto(console.address + path)
            if path != "/":
                page.locator("#result_list tbody a").first.click()
            settled(page)
            page.evaluate(source())
            ours = page.evaluate(LOOK.replace("document", "'.c-grid'"))
            found += [f"{path} {scheme}: {one}" for one in ours if one["impact"] in GRAVE]
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 844})
    assert found == []


def the_audit_tells(console: Console) -> None:
    page = console.page
    page.goto(f"{console.address}/console/operatoract/")
    rows = page.locator("#result_list")
    for words in (
        "console.entered",
        "console.job_retried",
        "console.impersonation_started",
        "unpaid since May",
        "paid today",
    ):
        expect(rows).to_contain_text(words)
    picture(page, "console-acts")


def a_certificate_is_read(console: Console) -> None:
    page = console.page
    page.goto(f"{console.address}/subscriptions/certificate/")
    page.locator("#result_list tbody a").first.click()
    expect(page.locator("body")).to_contain_text("5e" * 32)
    expect(page.locator("body")).to_contain_text("12: Books and documents")
    expect(page.locator("body")).to_contain_text("is not confirmed yet")
    expect(page.locator("body")).to_contain_text("No such customer")
    picture(page, "console-certificate")
    console.company("Provider")
    expect(page.locator("body")).to_contain_text("WAPIAAAAX1Y2Z3")
    picture(page, "console-company")


def every_list_opens(console: Console) -> None:
    page = console.page
    page.goto(console.address)
    links = page.locator("#nav-sidebar-apps a")
    paths = links.evaluate_all("found => found.map(one => one.getAttribute('href'))")
    assert len(paths) >= 10
    for path in paths:
        answer = page.goto(console.address + path)
        assert answer is not None
        assert answer.status == 200, path
        for number in range(1, page.locator("#result_list thead a").count() + 1):
            sorted_by = page.goto(f"{console.address}{path}?o={number}")
            assert sorted_by is not None
            assert sorted_by.status == 200, (path, number)
        first = page.locator("#result_list tbody a")
        if first.count():
            first.first.click()
            expect(page.locator("body")).not_to_contain_text(re.compile("Server Error|Traceback"))


def test_the_operators_day(portal: Serving, browser: Browser) -> None:
    console = Console(browser, portal)
    retry_the_failed_job(console)
    take_up_the_stuck_job(console, portal)
    look_into_the_portal(console, portal)
    suspend_and_resume(console, browser, portal)
    the_audit_tells(console)
    a_certificate_is_read(console)
    every_list_opens(console)
    nothing_grave_in(console)
