"""The operator is asked by a person to tell and to erase them: asked who they are, refused once, done once."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from apps.accounts.models import User
from apps.accounts.operations import add_membership
from apps.tenancy.context import as_platform, company_context, no_company
from tests import databases
from tests.browser.axe import GRAVE, LOOK, settled, source
from tests.browser.steps import looks, picture, sign_in
from tests.browser.test_first_path import PASSWORD
from tests.conftest import Portal
from tests.serving import Serving

pytestmark = [pytest.mark.browser, pytest.mark.long]

CONSOLE = True
OPERATOR, ADA = "olga@platform.example", "ada@provider.example"
SCENARIO = f"""
format: 1
people:
  - {{email: {ADA}, name: Ada Canary, company: provider, position: director, password: {PASSWORD}}}
  - {{email: dora@provider.example, name: Dora Director, company: provider, position: director,
     password: {PASSWORD}}}
"""
SECONDS = 10
LOOKS: list[tuple[Any, int, str]] = [("light", 1280, "en"), ("dark", 1280, "en"), ("light", 1280, "de"), ("light", 390, "en"), ("dark", 390, "de")]  # fmt: skip


@pytest.fixture
def scene(scene: Portal, cast: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Portal:
    monkeypatch.setenv("PERUSE_CONFIRMED_SECONDS", str(SECONDS))
    with no_company(), as_platform():
        User.objects.create_user(
            OPERATOR, PASSWORD, name="Olga Operator", joined_at=timezone.now(), is_staff=True
        )
    with company_context(cast["customer"]):
        add_membership(user=User.objects.get(email=ADA), position="finance", now=timezone.now())
    return scene


def confirm(page: Page, portal: Serving) -> None:
    """On the sign-in host, by the password; then back in the console."""
    page.wait_for_url(portal.address("", "/confirmation/**"))
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_url(f"http://console.peruse.localhost:{portal.console_port}/**")


def form_of(page: Page, button: str) -> Locator:
    wanted = page.get_by_role("button", name=button, exact=True)
    return page.locator("form").filter(has=wanted)


def open_person(page: Page, console: str, name: str) -> None:
    page.goto(f"{console}/accounts/user/")
    page.locator("#result_list").get_by_role("link", name=name).click()
    expect(page.get_by_role("link", name="Export or erase")).to_be_visible()


def opened(page: Page, address: str, portal: Serving) -> None:
    """The page, by way of the confirmation where the last one is over."""
    page.goto(address)
    if page.url != address:
        confirm(page, portal)
    expect(page).to_have_url(address)


def looked_at(page: Page, address: str, portal: Serving, name: str) -> None:
    """In each look, nothing grave in what is ours; the frame is Unfold's."""
    found = []
    for scheme, width, language in looks(*LOOKS):
        speak(portal, language)
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 844})
        opened(page, address, portal)
        settled(page)
        page.evaluate(source())
        ours = page.evaluate(LOOK.replace("document", "'.c-grid'"))
        found += [f"{scheme}: {one}" for one in ours if one["impact"] in GRAVE]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        picture(page, f"{name} {scheme} {width} {language}")
    speak(portal, "en")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 844})
    assert found == []


def speak(portal: Serving, language: str) -> None:
    """The operator's own language, chosen on another host."""
    with databases.admin(portal.database) as server:
        server.execute(
            "update accounts_user set language = %s where email = %s", [language, OPERATOR]
        )


def test_a_person_asks_to_be_told_and_erased(
    portal: Serving, browser: Browser, tmp_path: Path
) -> None:
    console = f"http://console.peruse.localhost:{portal.console_port}"
    page = browser.new_context(locale="en-GB").new_page()
    sign_in(page, console, OPERATOR, PASSWORD)
    open_person(page, console, "Ada Canary")
    picture(page, "person")
    address = page.url.replace("change", "personal-data")
    page.wait_for_timeout(SECONDS * 1000)
    page.get_by_role("link", name="Export or erase").click()
    confirm(page, portal)
    expect(page).to_have_url(address)
    expect(page.locator("body")).to_contain_text("§ 147 AO")
    looked_at(page, address, portal, "personal-data")
    refused_then_told(page, address, portal, tmp_path)
    erased(page, address, portal)
    the_audit_says_so(page, console)
    nobody_erases_the_last_director(page, console, portal)


def refused_then_told(page: Page, address: str, portal: Serving, tmp_path: Path) -> None:
    """A wrong address erases nobody; the file is written."""
    opened(page, address, portal)
    form = form_of(page, "Erase")
    form.locator("[name=reason]").fill("letter 4711")
    form.locator("[name=address]").fill("somebody@provider.example")
    form.get_by_role("button").click()
    expect(page.locator("body")).to_contain_text("nothing is erased")
    told = form_of(page, "Download")
    told.locator("[name=reason]").fill("letter 4711")
    with page.expect_download() as taken:
        told.get_by_role("button").click()
    taken.value.save_as(tmp_path / "person.json")
    said = json.loads((tmp_path / "person.json").read_text())
    assert said["shared"]["accounts_user"][0]["email"] == ADA


def erased(page: Page, address: str, portal: Serving) -> None:
    """What was typed when the time was over is kept, and sent by a click after confirming."""
    form = form_of(page, "Erase")
    form.locator("[name=reason]").fill("letter 4711")
    form.locator("[name=address]").fill(ADA)
    page.wait_for_timeout(SECONDS * 1000)
    form.get_by_role("button").click()
    confirm(page, portal)
    expect(page.locator("body")).to_contain_text("What you sent before is kept")
    picture(page, "kept in the console")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("body")).to_contain_text("The person is erased")
    expect(page.locator("body")).to_contain_text("Erased person")
    assert ADA not in page.content()
    picture(page, "person erased")


def the_audit_says_so(page: Page, console: str) -> None:
    page.goto(f"{console}/console/operatoract/")
    rows = page.locator("#result_list")
    for words in ("console.person_exported", "console.person_erased", "letter 4711"):
        expect(rows).to_contain_text(words)
    expect(rows).not_to_contain_text("Ada")
    # Confirming is no new entry.
    assert rows.get_by_text("console.entered").count() == 1


def nobody_erases_the_last_director(page: Page, console: str, portal: Serving) -> None:
    """Dora directs the provider alone now."""
    open_person(page, console, "Dora Director")
    address = page.url.replace("change", "personal-data")
    opened(page, address, portal)
    expect(page.locator(".c-note")).to_contain_text("would have no director left")
    assert page.get_by_role("button", name="Erase", exact=True).count() == 0
    looked_at(page, address, portal, "personal-data-alone")
