"""axe finds nothing serious or critical on any page of the demo that a company's links lead to; none scrolls
sideways, and on a phone no table of it scrolls in its frame.

Each page in light on a desk and in dark on a phone in English, and in light on a desk in German.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests import databases
from tests.browser.axe import cut_tables, grave, settled
from tests.browser.steps import sign_in
from tests.screenshots import PASSWORD, PEOPLE, linked_pages, prepare, serving_demo
from tests.serving import Serving

pytestmark = [pytest.mark.browser, pytest.mark.long]

DATABASE = "peruse_axe"
LIGHT = ("light", {"width": 1280, "height": 900})
SIDEWAYS = "() => document.documentElement.scrollWidth > window.innerWidth + 1"
PHONE = {"width": 390, "height": 844}
LOOKS = {"en": (LIGHT, ("dark", PHONE)), "de": (LIGHT,)}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    prepare(DATABASE, fresh=True)
    with serving_demo(DATABASE, tmp_path_factory.mktemp("axe"), fresh=True) as running:
        yield running
    databases.drop(DATABASE)


def entered(demo: Serving, browser: Browser, company: str) -> Page:
    page = browser.new_context(locale="en-GB").new_page()
    sign_in(page, demo.address(company), PEOPLE[company], PASSWORD)
    return page


def speak(page: Page, address: str, language: str) -> None:
    page.goto(address)
    if page.evaluate("document.documentElement.lang")[:2] != language:
        page.locator(".language-form button").first.click()
        page.wait_for_load_state()


def looked_at(page: Page, address: str, language: str) -> list[str]:
    """What is wrong with a page, in words; loaded once, and then looked at in each way."""
    found = []
    page.goto(address)
    for scheme, size in LOOKS[language]:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        settled(page)
        found += [f"{address} {scheme}: {one['id']} {one['nodes']}" for one in grave(page)]
        if page.evaluate(SIDEWAYS):
            found.append(f"{address} {scheme}: scrolls sideways at {size['width']} pixels")
        if size == PHONE:
            found += [f"{address} {scheme}: {table}" for table in cut_tables(page)]
    return found


def test_nothing_grave_on_any_page(demo: Serving, browser: Browser) -> None:
    wrong: list[str] = []
    known: set[str] = set()
    for company in PEOPLE:
        address = demo.address(company).rstrip("/")
        page = entered(demo, browser, company)
        pages = linked_pages(page, address)
        chosen = {route: path for route, path in pages.items() if route not in known}
        # Every home, whatever was seen of others.
        chosen["home"] = "/"
        known |= set(chosen) - {"home"}
        for language in LOOKS:
            speak(page, address, language)
            for path in chosen.values():
                wrong += looked_at(page, address + path, language)
        page.context.close()
    assert len(known) > 80, sorted(known)
    assert wrong == [], "\n".join(dict.fromkeys(wrong))


def test_axe_sees_what_is_wrong(demo: Serving, browser: Browser) -> None:
    """The control: a control without a name is found."""
    page = entered(demo, browser, "clearwash")
    page.goto(demo.address("clearwash"))
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert "button-name" in {one["id"] for one in grave(page)}


def test_a_table_that_is_no_cards_is_seen_to_scroll(demo: Serving, browser: Browser) -> None:
    """The control: the list of assets fits a phone by its cards alone."""
    page = entered(demo, browser, "clearwash")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(demo.address("clearwash", "/assets/"))
    settled(page)
    assert cut_tables(page) == []
    page.evaluate("document.querySelector('table.cards').classList.remove('cards')")
    assert cut_tables(page) != []
