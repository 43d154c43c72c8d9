"""Each request has a name, a line and a place in the figures; health is asked without a company."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from apps.accounts.logs import JsonLines, Lines
from apps.common import tracing
from apps.tenancy import health
from tests import databases

HOST = "provider.peruse.localhost"


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    health.forget_health()
    yield
    health.forget_health()


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What is logged, as a production log has it."""
    said: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(json.loads(self.format(record)))

    handler = Keep()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield said
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_line_names_company_person_request_and_route(
    cast: dict[str, Any], client_of: Callable[..., Any], lines: list[dict[str, Any]]
) -> None:
    client = client_of(cast["provider"])
    answer = client.get("/")
    [line] = [line for line in lines if line["logger"] == "peruse.requests"]
    assert line["request"] == answer.headers["X-Request-ID"]
    assert line["company"] == "provider"
    assert line["person"].isdigit()
    assert line["member"].startswith("mem_")
    assert (line["method"], line["status"], line["level"]) == ("GET", 200, "INFO")
    assert line["route"]
    assert line["milliseconds"] > 0
    # Nothing of it is left for the next one.
    assert tracing.notes() == {}


def test_a_name_is_taken_over_from_a_trusted_proxy_alone(
    cast: dict[str, Any], settings: Any
) -> None:
    client = Client(HTTP_HOST=HOST)
    sent = {"X-Request-ID": "edge-0123456789"}
    assert client.get("/sign-in/", headers=sent).headers["X-Request-ID"] != sent["X-Request-ID"]
    settings.BEHIND_PROXY = True
    assert client.get("/sign-in/", headers=sent).headers["X-Request-ID"] == sent["X-Request-ID"]
    for forged in ("short", "x" * 65, 'a"}\n{"level":"INFO', "name with spaces"):
        answer = client.get("/sign-in/", headers={"X-Request-ID": forged})
        assert answer.headers["X-Request-ID"] != forged


def test_secrets_are_masked_in_messages_fields_and_tracebacks() -> None:
    secret = "prk_" + "s3cr3t" * 7
    try:
        raise ValueError(f"refused {secret}")
    except ValueError:
        record = logging.LogRecord(
            "test", logging.ERROR, "", 0, "of %s", (secret,), __import__("sys").exc_info()
        )
    record.address = f"/entry/?code={'c0de' * 6}"
    for formatter in (JsonLines(), Lines()):
        line = formatter.format(record)
        assert "s3cr3t" not in line
        assert "c0de" not in line
    # Control: the plain formatter tells it.
    assert "s3cr3t" in logging.Formatter().format(record)


def test_a_line_in_json_is_one_line_whatever_is_said() -> None:
    record = logging.LogRecord("test", logging.INFO, "", 0, 'two\nlines "%s"', ("ä",), None)
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == 'two\nlines "ä"'


def test_answers_are_counted_by_route_and_never_by_address(
    cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"])
    labels = {"route": "none", "status": "404"}
    before = REGISTRY.get_sample_value("peruse_requests_total", labels) or 0
    for number in range(3):
        assert client.get(f"/no-such-page-{number}/").status_code == 404
    assert REGISTRY.get_sample_value("peruse_requests_total", labels) == before + 3
    names = {s.labels.get("route", "") for m in REGISTRY.collect() for s in m.samples}
    assert not any("no-such-page" in name for name in names)


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "peruse.localhost", HOST, "elsewhere.example"])
def test_health_answers_on_any_host_over_plain_http(
    cast: dict[str, Any], settings: Any, host: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    client = Client(HTTP_HOST=host)
    assert client.get("/healthz").content == b"ok"
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": "ok", "migrations": "ok", "broker": "ok"}


def test_without_a_broker_it_serves_and_says_so(cast: dict[str, Any], settings: Any) -> None:
    from celery import current_app

    before = current_app.conf.broker_write_url
    current_app.conf.broker_write_url = "redis://127.0.0.1:1/0"
    try:
        answer = Client().get("/readyz")
    finally:
        current_app.conf.broker_write_url = before
    assert answer.status_code == 200
    assert answer.json()["broker"] == "away"


@pytest.mark.parametrize("schema", ["public", "co_provider"])
def test_a_missing_migration_is_not_ready(
    own_database: str, cast: dict[str, Any], schema: str
) -> None:
    taken = "accounts" if schema == "public" else "telemetry"
    with databases.admin(own_database) as server:
        server.execute(
            f"delete from {schema}.django_migrations where id = "
            f"(select max(id) from {schema}.django_migrations where app = '{taken}')"
        )
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["migrations"] == "behind"
    assert Client().get("/healthz").status_code == 200


def test_without_a_database_it_is_not_ready_and_heals(
    own_database: str, cast: dict[str, Any]
) -> None:
    from tests.faults.test_database_away import reopen, shut

    shut(own_database)
    try:
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()["database"]) == (503, "away")
        assert answer.headers["Retry-After"]
    finally:
        reopen(own_database)
    health.forget_health()
    assert Client().get("/readyz").status_code == 200
