"""People with passwords, and a browser that walks from host to host."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client

from apps.accounts.models import User

PASSWORD = "correct horse battery"
PUBLIC = settings.PERUSE_DOMAIN


def host_of(company: Any) -> str:
    return f"{company.slug}.{settings.PERUSE_DOMAIN}"


class Browser:
    """A cookie jar per host, like a browser's host-only cookies; follows redirects on demand."""

    def __init__(self) -> None:
        self.jars: dict[str, Client] = {}

    def client(self, host: str) -> Client:
        return self.jars.setdefault(host, Client(HTTP_HOST=host))

    def get(self, address: str, **more: Any) -> Any:
        parts = urlsplit(address)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return self.client(parts.hostname or "").get(path, **more)

    def post(self, address: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        parts = urlsplit(address)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return self.client(parts.hostname or "").post(path, data or {}, **more)

    def follow(self, address: str, stop_at: str = "\0") -> tuple[str, Any]:
        """Follow redirects from the address; ends before an address containing `stop_at`."""
        response = self.get(address)
        for _step in range(12):
            if response.status_code not in (301, 302):
                return address, response
            target = response["Location"]
            if target.startswith("/"):
                parts = urlsplit(address)
                target = f"{parts.scheme}://{parts.netloc}{target}"
            address = target
            if stop_at in address:
                return address, response
            response = self.get(address)
        raise AssertionError(f"redirects without end, last to {address}")


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def with_password(person_of: Callable[..., Any]) -> Callable[..., User]:
    """`with_password(company, position)`: a person who can sign in."""

    def make(company: Any, position: str = "director", **more: Any) -> User:
        user: User = person_of(company, position, **more)
        user.set_password(PASSWORD)
        user.save()
        return user

    return make


@pytest.fixture
def signed_in(browser: Browser, with_password: Callable[..., User]) -> Callable[..., User]:
    """`signed_in(company, position)` signs a person in on the sign-in host of `browser`."""

    def make(company: Any, position: str = "director") -> User:
        user = with_password(company, position)
        sign_in(browser, user)
        return user

    return make


def sign_in(browser: Browser, user: User, query: str = "") -> Any:
    response = browser.post(
        f"http://{PUBLIC}/sign-in/{query}", {"login": user.email, "password": PASSWORD}
    )
    assert response.status_code == 302, response.content.decode()[:2000]
    return response
