"""One worker answers three companies' requests in turn, a tenth of them raising inside nested transactions.

Nobody sees a row of another, and what a raising request wrote is gone.
"""

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.db import transaction
from django.test import Client, override_settings
from django.utils import timezone

from apps.events.models import AuditRow
from apps.events.operations import record
from apps.tenancy.context import as_platform, no_company
from tests.integration.test_crawl import body_of, parameters, portal_routes, world
from tests.world import CANARY, SHARED_CANARY

__all__ = ["world"]
pytestmark = pytest.mark.faults

LOST = "lost with its request"


class Stumble(RuntimeError):
    """Thrown on purpose."""


class Stumbling:
    """The innermost layer: writes and raises at several depths where a request asks for it."""

    written = 0

    def __init__(self, get_response: Callable[..., Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        if "X-Stumble" not in request.headers:
            return
        with transaction.atomic():
            try:
                with transaction.atomic():
                    self._write(request)
                    raise Stumble
            except Stumble:
                self._write(request)
            with transaction.atomic():
                view(request, *args, **kwargs)
                self._write(request)
                raise Stumble

    def _write(self, request: Any) -> None:
        if request.user.is_authenticated:
            record(action=LOST, subject=request.get_host(), now=timezone.now())
            Stumbling.written += AuditRow.objects.filter(action=LOST).count()


def stumbling(client: Client) -> Client:
    """The same client, through a chain of its own that ends in `Stumbling`."""
    chain = [*settings.MIDDLEWARE, f"{__name__}.Stumbling"]
    with override_settings(MIDDLEWARE=chain):
        BaseHandler.load_middleware(client.handler)
    return client


def paths_of(client: Client) -> list[str]:
    """Pages without parameters that the company may open."""
    paths = ["/" + route for route in portal_routes() if not parameters(route)]
    return [path for path in paths if client.get(path).status_code == 200]


@pytest.mark.parametrize(
    "requests", [100, pytest.param(10_000, marks=pytest.mark.long)], ids=["some", "many"]
)
def test_no_foreign_row_whatever_raised_before(
    world: dict[str, Any], cast: dict[str, Any], client_of: Callable[..., Any], requests: int
) -> None:
    clients = {
        slug: stumbling(client_of(cast[slug], raise_request_exception=False))
        for slug in ("provider", "stranger", "customer")
    }
    paths = {slug: paths_of(client) for slug, client in clients.items()}
    chance, raised, seen = random.Random(requests), 0, ""
    for turn in range(requests):
        slug = list(clients)[turn % 3]
        path = chance.choice(paths[slug])
        if turn % 10 == 9:
            answer = clients[slug].get(path, headers={"X-Stumble": "yes"})
            assert answer.status_code == 500, path
            raised += 1
            continue
        answer = clients[slug].get(path)
        assert answer.status_code == 200, (turn, path)
        text = body_of(answer)
        assert slug == "provider" or CANARY not in text, (turn, path)
        assert slug != "stranger" or SHARED_CANARY not in text, (turn, path)
        seen += text if slug == "provider" else ""
    assert CANARY in seen, "what must not leak is on the owner's pages"
    assert raised == requests // 10
    assert Stumbling.written >= 2 * raised, "there was something to lose"
    with no_company(), as_platform():
        assert not AuditRow.all_parties.filter(action=LOST).exists()
