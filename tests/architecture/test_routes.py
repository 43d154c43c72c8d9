"""Every view of every host declares one capability."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver

from apps.accounts.domain.capabilities import ALL

# Views of libraries, each open for a reason.
EXCUSED = {
    "favicon.ico": "an icon",
}


def routes(urlconf: str) -> Iterator[tuple[str, Any]]:
    yield from walk(import_module(urlconf).urlpatterns, "")


def walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route, entry.callback


@pytest.mark.parametrize("urlconf", ["portal.urls", "portal.urls_public"])
def test_every_view_declares_a_capability(urlconf: str) -> None:
    silent = [
        route
        for route, view in routes(urlconf)
        if getattr(view, "capability", getattr(getattr(view, "cls", None), "capability", None))
        not in ALL
        and route not in EXCUSED
    ]
    assert silent == []


@pytest.mark.parametrize("urlconf", ["portal.urls", "portal.urls_public"])
def test_no_verbs_in_addresses(urlconf: str) -> None:
    """A state change is a noun in the URL, such as quotes/<id>/acceptance/."""
    verbs = {"delete", "create", "update", "approve", "sign", "cancel", "remove"}
    for route, _view in routes(urlconf):
        assert not verbs & set(route.strip("/").split("/")), route
