"""The demo's story: a page where the demo runs, and nowhere else; no company meets an error on it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import NoReverseMatch, reverse


def test_the_page_stands_only_where_the_demo_runs(
    cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("demo_story", "portal.urls")
    client = client_of(cast["provider"])
    assert client.get("/story/").status_code == 404
    assert "/story/" not in client.get("/").content.decode()


@pytest.mark.urls("tests.integration.demo.urls")
@pytest.mark.parametrize("company", ["provider", "customer", "stranger"])
def test_without_the_story_every_step_is_told_and_no_link_is_broken(
    cast: dict[str, Any], client_of: Callable[..., Any], company: str,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    client = client_of(cast[company])
    with django_assert_max_num_queries(16):
        text = client.get("/story/").content.decode()
    assert "are not shown to your company" in text
    assert text.count("step-mark") == 6
    assert "Shares of the month" not in text
