"""A suspended company: its people are told what to do, its machines' readings are stored."""

from typing import Any

import pytest
from django.test import Client

from apps.tenancy.context import as_platform, no_company
from apps.tenancy.middleware import forget_hosts
from apps.tenancy.models import Company


@pytest.fixture
def suspended(provider: Any) -> Any:
    with no_company(), as_platform():
        Company.objects.filter(pk=provider.pk).update(state=Company.State.SUSPENDED)
    forget_hosts()
    yield provider
    forget_hosts()


def ask(company: Any, path: str, method: str = "get", **more: Any) -> Any:
    client = Client(SERVER_NAME=f"{company.slug}.peruse.localhost")
    return getattr(client, method)(path, **more)


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "is suspended"), ("de", "Nichts ist gelöscht")],
)
def test_people_are_told_what_to_do(suspended: Any, language: str, words: str) -> None:
    answer = ask(suspended, "/", headers={"accept-language": language})
    text = answer.content.decode()
    assert answer.status_code == 403
    assert words in text
    assert "mailto:support@" in text


def test_programs_are_refused_with_the_reason(suspended: Any) -> None:
    answer = ask(suspended, "/api/v1/assets/")
    assert answer.status_code == 403
    assert answer.json()["title"] == "The company is suspended"


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/telemetry"])
def test_usage_gets_to_the_intake(suspended: Any, path: str) -> None:
    """There it needs a key like on every day; without one it is refused for that."""
    answer = ask(suspended, path, "post", data="[]", content_type="application/json")
    assert answer.status_code == 401
    assert ask(suspended, path).status_code == 403


def test_the_way_in_is_the_settings_list_alone(suspended: Any, settings: Any) -> None:
    settings.PERUSE_INTAKE_PATHS = frozenset()
    answer = ask(suspended, "/api/v1/events", "post", data="[]", content_type="application/json")
    assert answer.status_code == 403


def test_a_company_in_the_making_takes_nothing(suspended: Any) -> None:
    with no_company(), as_platform():
        Company.objects.update(state=Company.State.PROVISIONING)
    forget_hosts()
    answer = ask(suspended, "/api/v1/events", "post", data="[]", content_type="application/json")
    assert answer.status_code == 503
