"""What a person does in the browser, in words."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright

from tests.serving import chromium


@contextmanager
def browsing() -> Iterator[Browser]:
    """Chromium. Between its steps Django has another connection in this thread than before and after
    them; it is closed too, or the next test would find the one to this test's database."""
    with sync_playwright() as play:
        chrome = play.chromium.launch(executable_path=chromium())
        yield chrome
        chrome.close()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
            connections.close_all()


def picture(what: Any, name: str) -> None:
    """A page or an image, kept where PERUSE_PICTURES names a folder, for people to look at."""
    folder = os.environ.get("PERUSE_PICTURES")
    if not folder:
        return
    path = Path(folder) / f"{name.replace(' ', '-')}.png"
    if isinstance(what, Page):
        what.screenshot(path=path, full_page=True)
    else:
        what.save(path)


def looks(*all_of_them: Any) -> tuple[Any, ...]:
    """Each way to look at a page where pictures are wanted, else the first: the campaigns of axe look at the rest."""
    return all_of_them if os.environ.get("PERUSE_PICTURES") else all_of_them[:1]


def sign_in(page: Page, address: str, email: str, password: str) -> None:
    """Open a company's portal, be sent to the sign-in host, and come back signed in."""
    page.goto(address)
    if page.locator("input[type=password]").count() == 0:
        return
    page.locator("input[type=email], input[name=login]").first.fill(email)
    page.locator("input[type=password]").fill(password)
    page.locator("main button[type=submit], main form button").first.click()
    page.wait_for_url(address.rstrip("/") + "/**")
