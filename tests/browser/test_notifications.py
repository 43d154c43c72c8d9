"""Somebody is invited and offered things, sees it at the bell, reads it, and chooses what to hear of."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from apps.networks.operations import found_network, invite_company
from apps.notifications.models import Mail
from apps.tenancy.context import company_context
from apps.tenancy.models import Company
from tests.browser.axe import grave, settled
from tests.browser.steps import looks, picture
from tests.browser.test_first_path import PASSWORD, Window
from tests.conftest import Portal
from tests.integration.notifications import scene
from tests.serving import Serving, serving

pytestmark = [pytest.mark.browser, pytest.mark.long]

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
PEOPLE = [("provider", "en"), ("customer", "de")]


@pytest.fixture
def portal(own_database: str, tmp_path: Path, monkeypatch: Any) -> Iterator[Serving]:
    people = "\n".join(
        f"  - {{email: {slug}@walk.example, name: {slug} direction, company: {slug},"
        f" position: director, language: {language}, password: {PASSWORD}}}"
        for slug, language in PEOPLE
    )
    scenario = tmp_path / "people.yaml"
    scenario.write_text(f"format: 1\npeople:\n{people}\n")
    Portal(own_database).load_scenario(scenario)
    # The browser's loop runs in this thread; the database is asked between its steps.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    monkeypatch.setenv("PERUSE_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
    with serving(own_database, tmp_path / "portal.log") as running:
        yield running


def invite_and_offer(now: Any) -> None:
    """What partners do in their own portals; the sweeper rings for what follows."""
    provider, customer = (Company.objects.get(slug=slug) for slug in ("provider", "customer"))
    with company_context(provider):
        network = found_network(
            name="Dairy", purpose="Clean lines", members_meet=False, roles=["provider"], now=now,
            actor="Anna",
        )  # fmt: skip
        invite_company(network=network, company=customer, role="customer", now=now, actor="Anna")
    for title in ("Pressing by the hour", "Cleaning by the wash"):
        scene.offered(scene.contract_of(provider, customer, title))


def looked_at(page: Page, name: str) -> None:
    """Kept as pictures where somebody asks for them; axe finds nothing grave in any of them."""
    for scheme, size in looks(("light", DESK), ("dark", DESK), ("light", PHONE)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.reload()
        settled(page)
        picture(page, f"{name}-{scheme}-{size['width']}")
        assert grave(page) == [], (name, scheme, size)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]


def test_from_the_bell_to_the_thing_and_to_what_one_hears_of(
    portal: Serving, browser: Browser, tmp_path: Path
) -> None:
    customer = Window(browser, portal, "customer")
    page = customer.go("/notifications/")
    expect(page.locator("main")).to_contain_text("Nichts Neues")
    looked_at(page, "notifications-empty")
    invite_and_offer(timezone.now() - timedelta(minutes=1))
    number = page.locator(".bell-number")
    for _second in range(60):
        page = customer.go("/contracts/")
        settled(page)
        if number.count() and number.inner_text() == "3":
            break
    expect(number).to_have_text("3")
    page.locator(".bell").click()
    expect(page.locator("main")).to_contain_text("lädt Sie in das Netzwerk „Dairy“ ein")
    looked_at(page, "notifications")
    page.get_by_role("button", name="Pressing by the hour").click()
    expect(page.locator("h1")).to_contain_text("Pressing by the hour")
    expect(number).to_have_text("2")
    page.locator(".bell").click()
    page.get_by_role("button", name="Alle als gelesen markieren").click()
    expect(number).to_have_count(0)
    page.get_by_role("link", name="Wovon ich erfahre").click()
    looked_at(page, "topics")
    page.locator("[name=offers-mail]").select_option("daily")
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator("main")).to_contain_text("Gespeichert.")
    expect(page.locator("[name=offers-mail]")).to_have_value("daily")
    assert customer.complaints == []
    mailed(tmp_path / "portal.log")


def mailed(log: Path) -> None:
    """The workers sent each mail once."""
    customer = Company.objects.get(slug="customer")
    with company_context(customer):
        assert set(Mail.objects.values_list("state", flat=True)) == {"sent"}
        assert Mail.objects.count() == 3
    assert log.read_text().count("To: customer@walk.example") == 3
