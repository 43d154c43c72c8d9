"""A receiver on this machine and an endpoint of the provider's that leads to it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.events.domain.public import NAMES
from apps.events.models import Webhook
from apps.events.operations import make_webhook
from apps.tenancy.context import company_context
from tests.integration.events.receiver import Receiver, receiving

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)


@pytest.fixture
def provider(cast: dict[str, Any]) -> Iterator[Any]:
    with company_context(cast["provider"]):
        yield cast["provider"]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.PERUSE_WEBHOOKS_TO_LOOPBACK = True
    with receiving() as found:
        yield found


@pytest.fixture
def secret_of() -> dict[Any, str]:
    """Secrets by endpoint, as the page showed them once."""
    return {}


@pytest.fixture
def new_hook(receiver: Receiver, secret_of: dict[Any, str]) -> Callable[..., Webhook]:
    """`new_hook()` makes an endpoint of the current company at the receiver that hears everything."""

    def make(**more: Any) -> Webhook:
        facts = {"url": receiver.url, "description": "", "events": NAMES, **more}
        webhook, secret = make_webhook(**facts, now=NOW)
        secret_of[webhook.pk] = secret
        return webhook

    return make


@pytest.fixture
def hook(provider: Any, new_hook: Callable[..., Webhook]) -> Webhook:
    return new_hook()
