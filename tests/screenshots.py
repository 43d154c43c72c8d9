"""Pictures of the real demo: `make screenshots`.

Loads the demo into a database of its own, opens the pages in headless Chromium in light, dark, German and
phone width, and lays them out on one contact sheet. The few that the README shows go to docs/pictures.
"""

import argparse
import contextlib
import html
import os
import re
import tempfile
from pathlib import Path

import django
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from portal.local import provision
from portal.local.__main__ import start_servers
from portal.local.state import state_dir
from tests import databases
from tests.browser.steps import sign_in
from tests.screenshots_public import person_of_pictures, photograph_public
from tests.serving import Serving, chromium, serving

DATABASE = "peruse_pictures"
PASSWORD = "look-closely-2026"
PEOPLE = {
    "clearwash": "director@clearwash.example",
    "heidemilch": "director@heidemilch.example",
    "falkfracht": "director@falkfracht.example",
    "rotorwerke": "director@rotorwerke.example",
    "kontorlease": "director@kontorlease.example",
    "nordreif": "director@nordreif.example",
    "truckpoint": "director@truckpoint.example",
    "nordgrid": "director@nordgrid.example",
}
# Of these only what `PAGES` names is taken; their other pages are those of the companies before.
NAMED_ONLY = {"nordreif", "truckpoint", "nordgrid"}
# What the README shows, and pages no link leads to: (name, company, a path and texts of links to follow).
PAGES: list[tuple[str, str, list[str]]] = [
    ("home-provider", "clearwash", ["/"]),
    ("home-customer", "heidemilch", ["/"]),
    ("asset", "clearwash", ["/assets/", "Compressor hall 3"]),
    ("contract", "clearwash", ["/contracts/", "Cleaning by the wash"]),
    ("refused", "clearwash", ["/data/refused/"]),
    ("provider-messages", "clearwash", ["/provider-messages/"]),
    ("absent", "clearwash", ["/contracts/ctr_00000000000000000000000000/"]),
    ("invoice", "clearwash", ["/invoices/?state=issued", "RE-"]),
    ("line", "clearwash", ["/invoices/?state=issued", "RE-", "Explain"]),
    ("invoice-customer", "heidemilch", ["/invoices/", "RE-"]),
    ("line-customer", "falkfracht", ["/invoices/", "RE-", "Explain"]),
    ("tire-used", "clearwash", ["/assets/?q=RT-0001", "Tire 01"]),
    ("network", "clearwash", ["/networks/", "Tires by the kilometre"]),
    ("shares", "clearwash", ["/margins/", r"\d"]),
    ("money-partner", "kontorlease", ["/money/"]),
    ("home-maker", "nordreif", ["/"]),
    ("home-workshop", "truckpoint", ["/"]),
    ("money-workshop", "truckpoint", ["/money/"]),
    ("home-platform", "nordgrid", ["/"]),
    ("contract-customer", "heidemilch", ["/contracts/", "Cleaning by the wash"]),
    ("asset-sold", "kontorlease", ["/assets/?q=RX110", "Compressor RX 110"]),
    ("transfer-sold", "kontorlease", ["/transfers/", "Compressor RX 110"]),
    ("transfer-offered", "clearwash", ["/transfers/", "Compressor RX 110"]),
    ("plan", "clearwash", ["/plan/"]),
    ("plan-exports", "clearwash", ["/plan/exports/"]),
    ("sign-on", "clearwash", ["/company/sign-on/"]),
    ("sign-on-provider", "clearwash", ["/company/sign-on/provider/"]),
    ("passport-sold", "kontorlease", ["/assets/?q=RX110", "Compressor RX 110", "Passport"]),
]
OPERATOR = "operator@peruse.example"
FIRST = "#result_list tbody a"
# The console's: a path, then what is clicked.
CONSOLE_PAGES: list[tuple[str, list[str]]] = [
    ("console", ["/"]),
    ("console-companies", ["/tenancy/company/"]),
    ("console-company", ["/tenancy/company/", FIRST]),
    ("console-jobs", ["/events/job/"]),
    ("console-job", ["/events/job/", FIRST]),
    ("console-people", ["/accounts/user/"]),
    ("console-person", ["/accounts/user/", FIRST]),
    ("console-personal-data", ["/accounts/user/", FIRST, "a[href$='/personal-data/']"]),
    ("console-visits", ["/accounts/impersonation/"]),
    ("console-chains", ["/events/auditcheck/"]),
    ("console-messages-in", ["/payments/webhookevent/"]),
    ("console-messages-out", ["/events/webhookmessage/"]),
    ("console-ways-in", ["/accounts/personact/"]),
    ("console-chain-of-acts", ["/console/operatorcheck/"]),
    ("console-acts", ["/console/operatoract/"]),
    ("console-certificates", ["/subscriptions/certificate/"]),
]
# What the README shows: picture -> page
README_PICTURES = {
    name: name
    for name in (
        "home-provider", "home-customer", "asset", "contract", "refused", "network", "shares",
    )
} | {"invoice": "invoice-customer", "line": "line-customer", "correction": "clearwash-correction_detail", "tire": "tire-used"}  # fmt: skip
# Pages of a route that are searched for links: a truck leads elsewhere than a compressor.
LOOKED_AT = 8
# The links of a page; null where none is: a file, a picture's data, a part of a page, another host.
LINKS = """async path => {
  const answer = await fetch(path).catch(() => null);
  if (!answer?.ok || !(answer.headers.get('content-type') || '').includes('text/html')) return null;
  const found = new DOMParser().parseFromString(await answer.text(), 'text/html');
  if (!found.querySelector('main')) return null;
  const links = found.querySelectorAll("main a[href^='/'], nav a[href^='/'], aside a[href^='/']");
  return [...links].map(link => link.getAttribute('href'));
}"""
WORDS = {
    "Explain": "Erklär",
    "Passport": "Pass",
    "Cleaning by the wash": "(Cleaning by the wash|Reinigung)",
}
WIDE, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}


def prepare(database: str, fresh: bool) -> None:
    start_servers()
    if fresh:
        databases.drop(database)
    provision.provision_configured(database)


class Photographer:
    """Signed-in windows by company and kind, and the pictures they took."""

    def __init__(self, browser: Browser, portal: Serving, folder: Path, only: set[str]) -> None:
        self.browser, self.portal, self.folder, self.only = browser, portal, folder, only
        self.pictures: list[Path] = []
        self.faults: list[str] = []

    def window(self, company: str, kind: str) -> Page:
        page = self.blank(kind)
        sign_in(page, self.portal.address(company), PEOPLE[company], PASSWORD)
        self._speak(page, self.portal.address(company), "de" if kind == "german" else "en")
        return page

    def console(self, kind: str) -> Page:
        """The operator's window; its language is chosen on the sign-in host."""
        page = self.blank(kind)
        sign_in(page, self.console_address, OPERATOR, PASSWORD)
        companies = self.portal.address("", "/companies/")
        self._speak(page, companies, "de" if kind == "german" else "en")
        return page

    @property
    def console_address(self) -> str:
        return f"http://console.peruse.localhost:{self.portal.console_port}"

    def blank(self, kind: str) -> Page:
        """A window of nobody."""
        context = self.browser.new_context(
            viewport=PHONE if kind == "phone" else WIDE,
            color_scheme="dark" if kind == "dark" else "light",
            locale="de-DE" if kind == "german" else "en-GB",
        )
        page = context.new_page()
        page.on("console", lambda message: self._hear(kind, message.type, message.text))
        page.on("pageerror", lambda error: self.faults.append(f"{kind}: {error}"))
        return page

    def wants(self, name: str) -> bool:
        return not self.only or name in self.only

    def wants_of(self, company: str) -> bool:
        """Whether anything of a company is wanted: a page by its name, or one of a route."""
        named = any(of == company and self.wants(name) for name, of, _steps in PAGES)
        return named or any(name.startswith(f"{company}-") for name in self.only)

    def _hear(self, kind: str, level: str, text: str) -> None:
        if level == "error":
            self.faults.append(f"{kind}: {text}")

    def _speak(self, page: Page, address: str, language: str) -> None:
        page.goto(address)
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
    """Open a path, then follow links by the beginning of their text; German calls them otherwise."""
    for step in steps:
        if step.startswith("/"):
            page.goto(address.rstrip("/") + step)
            continue
        words = WORDS.get(step, step) if page.locator("html[lang=de]").count() else step
        page.locator("main a").filter(has_text=re.compile(f"^\\s*{words}")).first.click()
        page.wait_for_load_state()


def linked_pages(page: Page, address: str) -> dict[str, str]:
    """The first page found of every route that a link leads to, by the route's name.

    Read, not drawn: a company has hundreds of pages and most show a route that is known.
    """
    page.goto(address)
    found: dict[str, list[str]] = {}
    waiting, seen = ["/"], set[str]()
    while waiting:
        path = waiting.pop(0)
        route = route_of(path)
        if route is None or path in seen or len(found.setdefault(route, [])) >= LOOKED_AT:
            continue
        seen.add(path)
        links = page.evaluate(LINKS, path)
        if links is not None:
            found[route].append(path)
            waiting += [str(href).partition("?")[0].partition("#")[0] for href in links]
    return {route: paths[0] for route, paths in found.items() if paths}


def route_of(path: str) -> str | None:
    try:
        return resolve(path, "portal.urls").url_name
    except Resolver404:
        return None


def photograph(photographer: Photographer, kind: str, found: dict[str, dict[str, str]]) -> None:
    """All pages in one kind: a route once, with the first company that has it, and every home.

    `found` keeps the pages of each company from the first kind on.
    """
    for company in filter(photographer.wants_of, PEOPLE):
        page = photographer.window(company, kind)
        address = photographer.portal.address(company)
        if company not in found:
            known = {route for pages in found.values() for route in pages} - {"home"}
            by_route = not photographer.only or any(
                name.startswith(f"{company}-") for name in photographer.only
            )
            is_crawled = by_route and company not in NAMED_ONLY
            pages = linked_pages(page, address) if is_crawled else {}
            found[company] = {route: path for route, path in pages.items() if route not in known}
        for name, of, steps in PAGES:
            if of == company and photographer.wants(name):
                walk(page, address, steps)
                photographer.take(page, name, kind)
        for route, path in found[company].items():
            name = f"{company}-{route}"
            if photographer.wants(name):
                walk(page, address, [path])
                photographer.take(page, name, kind)
        page.context.close()


def photograph_console(photographer: Photographer, kind: str) -> None:
    """The operator's pages."""
    if not any(photographer.wants(name) for name, _steps in CONSOLE_PAGES):
        return
    page = photographer.console(kind)
    for name, steps in CONSOLE_PAGES:
        if photographer.wants(name):
            for step in steps:
                if step.startswith("/"):
                    page.goto(photographer.console_address + step)
                else:
                    page.locator(step).first.click()
            photographer.take(page, name, kind)
    page.context.close()


def contact_sheet(context: BrowserContext, pictures: list[Path], target: Path) -> None:
    """One picture of all pictures."""
    cells = "".join(
        f"<figure><img src='{picture.as_uri()}'><figcaption>{html.escape(picture.stem)}</figcaption>"
        "</figure>"
        for picture in pictures
    )
    style = (
        "body{display:grid;grid-template-columns:repeat(6,1fr);gap:12px;font:12px sans-serif}"
        "figure{margin:0;border:1px solid #ccc}img{width:100%;height:300px;object-fit:cover;"
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
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    prepare(DATABASE, fresh=not options.keep)
    folder = state_dir() / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as logs:
        mails = Path(logs) / "mails"
        os.environ["PERUSE_EMAIL_BACKEND"] = "django.core.mail.backends.filebased.EmailBackend"
        os.environ["PERUSE_MAIL_FOLDER"] = str(mails)
        with (
            serving_demo(DATABASE, Path(logs), fresh=not options.keep) as portal,
            sync_playwright() as play,
        ):
            browser = play.chromium.launch(executable_path=chromium())
            only = set(filter(None, options.only.split(",")))
            photographer = Photographer(browser, portal, folder, only)
            found: dict[str, dict[str, str]] = {}
            for kind in options.kinds.split(","):
                photograph(photographer, kind, found)
                photograph_console(photographer, kind)
                email = person_of_pictures(portal, kind)
                photograph_public(photographer, kind, email, mails)
            sheet = folder / "contact-sheet.png"
            contact_sheet(browser.new_context(), photographer.pictures, sheet)
            browser.close()
    publish(folder)
    print(f"{len(photographer.pictures)} pictures in {folder}; contact sheet {sheet}")
    for fault in dict.fromkeys(photographer.faults):
        print(f"  the browser complained: {fault}")


def serving_demo(
    database: str, logs: Path, *, fresh: bool
) -> contextlib.AbstractContextManager[Serving]:
    """The demo, loaded anew or as it is, behind a real server."""
    portal = Serving(database, logs / "portal.log")
    if fresh:
        environment = portal.environment("ops", PERUSE_PROCESS="console")
        manage = [".venv/bin/python", "manage.py"]
        databases.run([*manage, "migrate_schemas", "-v0", "--skip-checks"], environment)
        databases.run([*manage, "load_demo"], portal.environment("ops"))
    return serving(database, logs / "portal.log", console=True)


def publish(folder: Path) -> None:
    """Copy what the README shows."""
    target = databases.ROOT / "docs" / "pictures"
    target.mkdir(parents=True, exist_ok=True)
    for name, page in README_PICTURES.items():
        source = folder / f"{page}-light.png"
        if source.exists():
            (target / f"{name}.png").write_bytes(source.read_bytes())


if __name__ == "__main__":
    main()
