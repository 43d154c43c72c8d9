"""The database goes away for a moment: a clean 503, nothing acknowledged, and it heals by itself."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import databases

pytestmark = pytest.mark.faults


def shut(name: str) -> None:
    with databases.admin() as server:
        server.execute(f'alter database "{name}" allow_connections false')
        server.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name]
        )


def reopen(name: str) -> None:
    with databases.admin() as server:
        server.execute(f'alter database "{name}" allow_connections true')


def test_pages_say_503_and_heal(
    own_database: str, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"], raise_request_exception=False)
    assert client.get("/").status_code == 200
    shut(own_database)
    try:
        for _ in range(3):
            answer = client.get("/")
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
    finally:
        reopen(own_database)
    assert client.get("/").status_code == 200


def test_intake_says_503_and_heals(
    own_database: str, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"], raise_request_exception=False)
    shut(own_database)
    try:
        answer = client.post(
            "/api/v1/events",
            data=b"[]",
            content_type="application/json",
            headers={"Authorization": "Bearer prk_" + "x" * 43},
        )
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
    finally:
        reopen(own_database)
    answer = client.post(
        "/api/v1/events",
        data=b"[]",
        content_type="application/json",
        headers={"Authorization": "Bearer prk_" + "x" * 43},
    )
    assert answer.status_code == 401
