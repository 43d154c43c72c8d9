"""Pictures of the real demo: `make screenshots`.

Loads the demo into a database of its own, opens the pages in headless Chromium in light, dark, German and
phone width, and lays them out on one contact sheet. The few that the README shows go to docs/pictures.
"""

import argparse
import html
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from portal.local import provision
from portal.local.__main__ import start_servers
from portal.local.state import state_dir
from tests import databases
from tests.browser.steps import sign_in
from tests.serving import Serving, chromium, serving

DATABASE = "peruse_pictures"
PASSWORD = "look-closely-2026"
PEOPLE = {
    "clearwash": "director@clearwash.example",
    "heidemilch": "director@heidemilch.example",
}
# (name, company, path or the text of a link to follow from that path)
PAGES: list[tuple[str, str, list[str]]] = [
    ("home-provider", "clearwash", ["/"]),
    ("home-customer", "heidemilch", ["/"]),
    ("assets", "clearwash", ["/assets/"]),
    ("asset", "clearwash", ["/assets/", "Compressor hall 3"]),
    ("asset-types", "clearwash", ["/asset-types/"]),
    ("imports", "clearwash", ["/imports/"]),
    ("refused", "clearwash", ["/data/refused/"]),
    ("not-believed", "clearwash", ["/data/not-believed/"]),
    ("grants", "clearwash", ["/data/grants/"]),
    ("retention", "clearwash", ["/data/retention/"]),
    ("contracts", "clearwash", ["/contracts/"]),
    ("contract", "clearwash", ["/contracts/", "Cleaning by the wash"]),
    ("contract-new", "clearwash", ["/contracts/new/"]),
    ("runs", "clearwash", ["/billing/runs/"]),
    ("invoices", "clearwash", ["/invoices/"]),
    ("invoices-customer", "heidemilch", ["/invoices/"]),
    ("people", "clearwash", ["/people/"]),
    ("partners", "clearwash", ["/partners/"]),
    ("keys", "clearwash", ["/keys/"]),
    ("jobs", "clearwash", ["/jobs/"]),
]
README_PICTURES = {
    "home-provider",
    "home-customer",
    "asset",
    "contract",
    "invoice",
    "line",
    "refused",
}
WIDE, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}


def prepare(fresh: bool) -> None:
    start_servers()
    if fresh:
        databases.drop(DATABASE)
    provision.provision_configured(DATABASE)


class Photographer:
    """Signed-in windows by company and kind, and the pictures they took."""

    def __init__(self, browser: Browser, portal: Serving, folder: Path) -> None:
        self.browser, self.portal, self.folder = browser, portal, folder
        self.pictures: list[Path] = []
        self.faults: list[str] = []

    def window(self, company: str, kind: str) -> Page:
        context = self.browser.new_context(
            viewport=PHONE if kind == "phone" else WIDE,
            color_scheme="dark" if kind == "dark" else "light",
        )
        page = context.new_page()
        page.on("console", lambda message: self._hear(kind, message.type, message.text))
        page.on("pageerror", lambda error: self.faults.append(f"{kind}: {error}"))
        sign_in(page, self.portal.address(company), PEOPLE[company], PASSWORD)
        self._speak(page, company, "de" if kind == "german" else "en")
        return page

    def _hear(self, kind: str, level: str, text: str) -> None:
        if level == "error":
            self.faults.append(f"{kind}: {text}")

    def _speak(self, page: Page, company: str, language: str) -> None:
        page.goto(self.portal.address(company))
        if page.evaluate("document.documentElement.lang")[:2] != language:
            page.locator(".language-form button").first.click()
            page.wait_for_load_state()

    def take(self, page: Page, name: str, kind: str) -> None:
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(250)
        target = self.folder / f"{name}-{kind}.png"
        size = PHONE if kind == "phone" else WIDE
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
        page.screenshot(path=target)
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        self.pictures.append(target)


def walk(page: Page, address: str, steps: list[str]) -> None:
    """Open a path, then follow links by their text."""
    for step in steps:
        if step.startswith("/"):
            page.goto(address.rstrip("/") + step)
        else:
            page.get_by_role("link", name=step).first.click()
            page.wait_for_load_state()


def photograph(photographer: Photographer, kind: str, only: set[str]) -> None:
    for company in PEOPLE:
        page = photographer.window(company, kind)
        address = photographer.portal.address(company)
        for name, of, steps in PAGES:
            if of == company and (not only or name in only):
                walk(page, address, steps)
                photographer.take(page, name, kind)
        for name, opened in invoice_pages(page, address):
            if not only or name in only:
                suffix = "" if company == "clearwash" else "-customer"
                photographer.take(opened, name + suffix, kind)
        page.context.close()


def invoice_pages(page: Page, address: str) -> Iterator[tuple[str, Page]]:
    """The first issued invoice, and its last line opened down to the readings."""
    page.goto(address + "invoices/?state=issued")
    link = page.locator("table a[href*='/invoices/inv_']").first
    if link.count() == 0:
        return
    link.click()
    page.wait_for_load_state()
    yield "invoice", page
    lines = page.locator("a[href*='/lines/']")
    if lines.count():
        lines.last.click()
        page.wait_for_load_state()
        yield "line", page


def contact_sheet(context: BrowserContext, pictures: list[Path], target: Path) -> None:
    """One picture of all pictures."""
    cells = "".join(
        f"<figure><img src='{picture.as_uri()}'><figcaption>{html.escape(picture.stem)}</figcaption>"
        "</figure>"
        for picture in pictures
    )
    style = (
        "body{display:grid;grid-template-columns:repeat(6,1fr);gap:12px;font:12px sans-serif}"
        "figure{margin:0;border:1px solid #ccc}img{width:100%;height:300px;object-fit:contain;"
        "object-position:top left}"
    )
    sheet = target.with_suffix(".html")
    sheet.write_text(f"<meta charset=utf-8><style>{style}</style>{cells}")
    page = context.new_page()
    page.set_viewport_size({"width": 2000, "height": 1200})
    page.goto(sheet.as_uri())
    page.screenshot(path=target, full_page=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kinds", default="light,dark,german,phone")
    parser.add_argument("--only", default="", help="names of pages, with commas")
    parser.add_argument("--keep", action="store_true", help="use the pictures' database as it is")
    options = parser.parse_args()
    prepare(fresh=not options.keep)
    folder = state_dir() / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as logs:
        with serving_demo(Path(logs), fresh=not options.keep) as portal, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium())
            photographer = Photographer(browser, portal, folder)
            for kind in options.kinds.split(","):
                photograph(photographer, kind, set(filter(None, options.only.split(","))))
            sheet = folder / "contact-sheet.png"
            contact_sheet(browser.new_context(), photographer.pictures, sheet)
            browser.close()
    publish(folder)
    print(f"{len(photographer.pictures)} pictures in {folder}; contact sheet {sheet}")
    for fault in dict.fromkeys(photographer.faults):
        print(f"  the browser complained: {fault}")


def serving_demo(logs: Path, *, fresh: bool):  # type: ignore[no-untyped-def]
    portal = Serving(DATABASE, logs / "portal.log")
    if fresh:
        environment = portal.environment("ops", PERUSE_PROCESS="console")
        manage = [".venv/bin/python", "manage.py"]
        databases.run([*manage, "migrate_schemas", "-v0", "--skip-checks"], environment)
        databases.run([*manage, "load_demo"], portal.environment("ops"))
    return serving(DATABASE, logs / "portal.log")


def publish(folder: Path) -> None:
    """Copy what the README shows."""
    target = databases.ROOT / "docs" / "pictures"
    target.mkdir(parents=True, exist_ok=True)
    for name in README_PICTURES:
        source = folder / f"{name}-light.png"
        if source.exists():
            (target / f"{name}.png").write_bytes(source.read_bytes())


if __name__ == "__main__":
    main()
