"""What axe-core finds on a page, and the pages of some apps that links lead to."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Error, Page, Response

from tests import databases

SOURCE = databases.ROOT / "node_modules/axe-core/axe.min.js"
GRAVE = ("serious", "critical")
ID = re.compile(r"[a-z]{3}_[0-9a-z]{26}")
LOOK = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .map(v => ({id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map(n => n.html + ' — ' + n.failureSummary)}))"""

# Tables that their frame does not show whole: by their frame's name, and how many pixels are out of sight.
CUT = """() => [...document.querySelectorAll('.table-responsive')]
  .filter(frame => frame.scrollWidth > frame.clientWidth + 1)
  .map(frame => `“${frame.ariaLabel}” scrolls by ${frame.scrollWidth - frame.clientWidth}`)"""


@cache
def source() -> str:
    return Path(SOURCE).read_text()


def grave(page: Page) -> list[dict[str, Any]]:
    """What it finds serious or critical; the page's own policy for scripts stays as it is."""
    page.evaluate(source())
    return [found for found in page.evaluate(LOOK) if found["impact"] in GRAVE]


def cut_tables(page: Page) -> list[str]:
    """In words, the tables of the open page that scroll in their frame."""
    found: list[str] = page.evaluate(CUT)
    return found


def settled(page: Page) -> None:
    """Loaded, with its parts; a page that asks again and again is never idle."""
    page.wait_for_load_state("load")
    page.wait_for_timeout(700)


def shape(path: str) -> str:
    """Pages of one kind look alike, whatever they show."""
    return re.sub(r"/\d+/", "/N/", ID.sub("ID", path))


def is_of(path: str, apps: tuple[str, ...]) -> bool:
    try:
        view = resolve(path, urlconf="portal.urls").func
    except Resolver404:
        return False
    return getattr(view, "view_class", view).__module__.startswith(apps)


def links(page: Page) -> list[str]:
    """Paths on this host, without downloads."""
    found = page.eval_on_selector_all(
        "a[href]:not([data-download])",
        "links => links.filter(a => a.host === location.host).map(a => a.href)",
    )
    return sorted({path_of(link) for link in found})


def path_of(link: str) -> str:
    parts = urlsplit(link)
    way = "?way=stripe" if parts.query == "way=stripe" else ""
    return parts.path + way


def opened(page: Page, address: str) -> Response | None:
    """None for what is a download."""
    try:
        return page.goto(address)
    except Error as problem:
        if "Download is starting" in str(problem):
            return None
        raise


def reachable(
    page: Page, host: str, start: list[str], apps: tuple[str, ...], each: int = 2
) -> Iterator[str]:
    """Opens page by page, at most `each` of a shape; yields its path while it is open."""
    waiting, seen, shapes = list(start), set(start), {}
    while waiting:
        path = waiting.pop(0)
        if shapes.setdefault(shape(path), 0) >= each or path.endswith("/file/"):
            continue
        shapes[shape(path)] += 1
        answer = opened(page, host + path)
        if answer is None or answer.status != 200 or "html" not in answer.headers["content-type"]:
            continue
        settled(page)
        yield path
        for link in links(page):
            if link not in seen and is_of(link.partition("?")[0], apps):
                seen.add(link)
                waiting.append(link)
