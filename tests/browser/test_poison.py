"""Fifty texts that want to run, in every free text of every company, opened by a real browser.

Every page and part of the portal that answers its director, the sign-in host and what is public there, and the
console: no dialog opens, nothing a text says is fetched, and the content policy has nothing to stop. Browsers
open the pages of a round at once. The small edition, without a browser, is in tests/integration/test_crawl.py.
"""

import html
import os
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Error, Page, Route, sync_playwright

from apps.accounts.models import User
from apps.tenancy.context import as_platform, no_company
from tests import poison
from tests.browser.steps import sign_in
from tests.browser.test_first_path import PASSWORD
from tests.conftest import Portal, make_person, signed_in
from tests.integration.test_crawl import filled, fitting_of, portal_routes
from tests.serving import Serving, chromium
from tests.world import build_world

pytestmark = [pytest.mark.browser, pytest.mark.long]

CONSOLE = True
OPERATOR = "olga@platform.example"
# Each round lays other payloads into a column; so many steps ahead in the list.
STEP = 4
ROUNDS = int(os.environ.get("PERUSE_POISON_ROUNDS", len(poison.PAYLOADS) // STEP + 1))
PUBLIC = (
    "",
    "sign-in/",
    "prices/",
    "sign-up/",
    "imprint/",
    "privacy/",
    "companies/",
    "profile/",
    "security/",
)
# So many open the pages of a round at once.
BROWSERS = 3
LISTEN = """
window.__heard = []; window.__asked = 0;
addEventListener('securitypolicyviolation', e => window.__heard.push(`policy: ${e.violatedDirective} ${e.sample} ${e.blockedURI}`), true);
addEventListener('htmx:beforeRequest', () => window.__asked++, true);
addEventListener('htmx:afterRequest', () => window.__asked--, true);
"""
# Frames are drawn, timers and tasks have run, and what htmx asks for at once stands in the page: all that
# a text sets off by itself has begun. Then what stands there with a mark and could run, however it came there.
LOOK = r"""async () => {
  const frame = () => new Promise(requestAnimationFrame), task = () => new Promise(done => setTimeout(done));
  const drawn = async () => { await frame(); await frame(); await task(); };
  const end = performance.now() + 5000;
  do await drawn(); while (window.__asked > 0 && performance.now() < end);
  await drawn();
  const mark = /pu\d\d/, found = window.__heard.slice();
  const wrong = (name, value) => mark.test(name) || mark.test(value) && (
    /^(on|hx-on|hx-get|hx-post|srcdoc$|style$)/i.test(name)
    || /^(href|src|action|formaction|data|xlink:href)$/i.test(name)
      && /^[\s\u0000-\u0020]*((java\s*script|data|vbscript):|\/{1,2}pu\d\d)/i.test(value));
  for (const e of document.querySelectorAll('*')) {
    if (mark.test(e.localName)) found.push(`<${e.localName}>`);
    for (const a of e.attributes)
      if (wrong(a.name, a.value)) found.push(`<${e.localName} ${a.name}=${a.value.slice(0, 60)}>`);
    if (/^(script|style|iframe|object|embed|base|math)$/.test(e.localName) && !/json/.test(e.type || '')
        && mark.test(e.outerHTML)) found.push(`<${e.localName}> ${e.outerHTML.slice(0, 80)}`);
  }
  return found;
}"""


@pytest.fixture
def world(fresh_database: Portal, cast: dict[str, Any]) -> dict[str, Any]:
    return build_world(cast, make_person)


@pytest.fixture
def paths(world: dict[str, Any], cast: dict[str, Any]) -> list[str]:
    """What answers the director with a page or a part of one."""
    client, found = signed_in(cast["provider"], raise_request_exception=False), []
    fitting = fitting_of(world["ids"])
    for route in portal_routes():
        for path in filled(route, world["ids"], fitting[route]):
            answer = client.get(path)
            if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                found.append(path)
                break  # one of each route: the next ones are drawn by the same template
    return found


@pytest.fixture
def scene(fresh_database: Portal, paths: list[str], cast: dict[str, Any]) -> Portal:
    """People with passwords, and an operator with acts."""
    with no_company(), as_platform():
        User.objects.create_user(
            OPERATOR, PASSWORD, name="Olga Operator", joined_at=timezone.now(), is_staff=True
        )
    person = make_person(cast["provider"])
    person.set_password(PASSWORD)
    person.save()
    return fresh_database


@dataclass
class Listening:
    """A page, and what it said that no page of ours says."""

    page: Page
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("dialog", self._dialog)
        self.page.on("console", lambda said: self._console(said.type, said.text))
        self.page.on(
            "request", lambda asked: self._request(asked.url, asked.is_navigation_request())
        )
        self.page.context.add_init_script(LISTEN)

    def _dialog(self, dialog: Any) -> None:
        self.heard.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, kind: str, text: str) -> None:
        if "Content Security Policy" in text or "content security policy" in text:
            self.heard.append(f"console: {text[:160]}")

    def _request(self, url: str, navigates: bool) -> None:
        # Marks stand in the query of our own links; a path or host with one is a text that fetched.
        if poison.MARK.search(url.partition("?")[0]):
            self.heard.append(f"asked for: {url[:120]}")

    def open(self, address: str) -> list[str]:
        """Everything that is wrong with a page, named by its address."""
        self.heard.clear()
        found: list[str] = []
        try:
            answer = self.page.goto(address)
            if answer is None or answer.status >= 500:
                self.heard.append("no page came")
            found = self.page.evaluate(LOOK)
        except Error as error:  # a text led somewhere else
            self.heard.append(f"the page went away: {error.message[:80]}")
        return [f"{address}: {one}" for one in dict.fromkeys([*self.heard, *found])]


def listening(browser: Browser, cookies: Any = None) -> Listening:
    """A page of its own; `cookies` are another's that is signed in."""
    return Listening(browser.new_context(locale="en-GB", storage_state=cookies).new_page())


def entered(browser: Browser, address: str, email: str) -> Listening:
    window = listening(browser)
    sign_in(window.page, address, email, PASSWORD)
    return window


def console_paths(page: Page, address: str) -> Iterator[str]:
    """Every list, and its first row."""
    page.goto(address)
    links = page.locator("#nav-sidebar-apps a")
    for path in links.evaluate_all("found => found.map(one => one.getAttribute('href'))"):
        yield path
        page.goto(address + path)
        first = page.locator("#result_list tbody a").first
        if first.count():
            yield str(first.get_attribute("href"))


Visit = tuple[str, str]  # whose browser, and the address


def opened_at_once(visits: list[Visit], cookies: dict[str, Any]) -> list[str]:
    """Everything that is wrong with any of the pages."""
    parts = [visits[start::BROWSERS] for start in range(BROWSERS)]
    with ThreadPoolExecutor(BROWSERS) as pool:
        return list(chain(*pool.map(lambda part: opened_by_one(part, cookies), parts)))


def opened_by_one(visits: list[Visit], cookies: dict[str, Any]) -> list[str]:
    with sync_playwright() as play:
        chrome = play.chromium.launch(executable_path=chromium())
        windows = {who: listening(chrome, cookies[who]) for who in cookies}
        found = [one for who, address in visits for one in windows[who].open(address)]
        chrome.close()
    return found


def test_nothing_runs(portal: Serving, browser: Browser, paths: list[str], scene: Portal) -> None:
    inside = entered(browser, portal.address("provider"), "director@provider.example")
    console_address = f"http://console.peruse.localhost:{portal.console_port}"
    console = entered(browser, console_address, OPERATOR)
    lists = list(console_paths(console.page, console_address))
    visits = [
        *(("inside", portal.address("provider", path)) for path in paths),
        *((who, portal.address("", f"/{path}")) for who in ("stranger", "inside") for path in PUBLIC),
        *(("console", console_address + path) for path in lists),
    ]  # fmt: skip
    cookies = {
        "inside": inside.page.context.storage_state(),
        "console": console.page.context.storage_state(),
        "stranger": None,
    }
    stood: dict[str, set[int]] = {}
    for number in range(ROUNDS):
        with poison.poisoned(scene.database, number * STEP) as laid:
            for column, payloads in laid.items():
                stood.setdefault(column, set()).update(payloads)
            wrong = opened_at_once(visits, cookies)
        assert wrong == [], "\n".join(dict.fromkeys(wrong))
    filled_in = {column: payloads for column, payloads in stood.items() if payloads}
    everywhere = sum(len(payloads) == len(poison.PAYLOADS) for payloads in filled_in.values())
    print(
        f"{len(visits) * ROUNDS} pages in {ROUNDS} rounds; {len(filled_in)} columns, all payloads in {everywhere} of them"
    )
    assert len(paths) > 100
    assert len(lists) > 20
    assert len(filled_in) > 150


def fetched(portal: Serving, route: Route) -> tuple[str, dict[str, str]]:
    """The page as the portal answers it, and its headers by their small names."""
    address = urlsplit(route.request.url)
    # The browser alone knows that names below localhost are this machine.
    asked = urllib.request.Request(
        f"http://127.0.0.1:{portal.port}{address.path}",
        headers={**route.request.all_headers(), "host": address.netloc, "accept-encoding": ""},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return answer.read().decode(), {name.lower(): text for name, text in answer.headers.items()}


def test_a_text_that_is_not_escaped_is_heard(
    portal: Serving, browser: Browser, scene: Portal
) -> None:
    """The control: the same page with escaping undone on its way, with its policy and without."""
    window = entered(browser, portal.address("provider"), "director@provider.example")
    address = portal.address("provider", "/assets/")
    policy = True

    def careless(route: Route) -> None:
        body, headers = fetched(portal, route)
        kept = {"content-type", *(["content-security-policy"] if policy else [])}
        kept_headers = {name: text for name, text in headers.items() if name in kept}
        route.fulfill(headers=kept_headers, body=html.unescape(body))

    with poison.poisoned(scene.database):
        assert window.open(address) == []
        window.page.route(address, careless)
        stopped = window.open(address)
        assert any("policy: script-src" in one for one in stopped), stopped
        assert not any("dialog" in one for one in stopped), stopped
        policy = False
        assert any("dialog: pu" in one for one in window.open(address))


def test_each_payload_is_heard_where_it_stands_unescaped(
    portal: Serving, browser: Browser, scene: Portal
) -> None:
    """In a text, a value or a link of a page without its policy, in the time that every page is given.

    One is silent: where scripts run, a browser reads `noscript` as text.
    """
    window = entered(browser, portal.address("provider"), "director@provider.example")
    address, kept, shown = portal.address("provider", "/assets/"), [""], [""]

    def careless(route: Route) -> None:
        kept[0] = kept[0] or fetched(portal, route)[0]
        body = kept[0].replace("</main>", f"{shown[0]}</main>")
        route.fulfill(content_type="text/html; charset=utf-8", body=body)

    window.page.route(address, careless)
    assert window.open(address) == []
    silent = []
    for payload in poison.PAYLOADS:
        forms = (f"<p>{payload}</p>", f"<a href='{payload}'>a</a>", f'<i title="{payload}">a</i>')
        if not any(heard_of(window, address, shown, form) for form in forms):
            silent.append(payload)
    assert silent == [payload for payload in poison.PAYLOADS if "<noscript>" in payload]


def heard_of(window: Listening, address: str, shown: list[str], form: str) -> list[str]:
    shown[0] = form
    return window.open(address)
