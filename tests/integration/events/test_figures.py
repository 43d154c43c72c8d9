"""What Prometheus is told: of the platform from the database, of tries and items by each process."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY, CollectorRegistry

from apps.events.domain import registry
from apps.events.figures import PlatformFigures
from apps.events.operations import enqueue, work_on
from apps.tenancy.context import company_context
from tests import databases
from tests.faults.test_database_away import reopen, shut
from tests.serving import free_port

KIND = "test.measured"


@pytest.fixture
def job_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        registry._handlers, KIND, registry.Handler(KIND, lambda job, now: {}, atomic=True)
    )


def figures() -> dict[tuple[str, tuple[str, ...]], float]:
    collected = CollectorRegistry()
    collected.register(PlatformFigures())
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in collected.collect()
        for sample in family.samples
    }


def test_jobs_their_age_and_connections_of_all_companies(
    own_database: str, cast: dict[str, Any], job_kind: None
) -> None:
    due = datetime.now(UTC) - timedelta(minutes=7)
    for company in (cast["provider"], cast["customer"]):
        with company_context(company):
            enqueue(kind=KIND, payload={}, now=due)
    found = figures()
    assert found["peruse_database_up", ()] == 1
    assert found["peruse_open_jobs", (KIND, "waiting")] == 2
    assert 400 < found["peruse_oldest_due_job_seconds", ("company",)] < 500
    assert found["peruse_oldest_due_job_seconds", ("platform",)] == 0
    assert found["peruse_companies", ("active",)] == len(cast)
    assert found["peruse_database_connections", ("peruse_ops",)] >= 1
    assert found["peruse_schemas_behind", ()] == 0
    assert found["peruse_database_bytes", ()] > 1e6


def test_a_database_that_is_away_is_a_figure(own_database: str, cast: dict[str, Any]) -> None:
    shut(own_database)
    try:
        assert figures() == {("peruse_database_up", ()): 0}
    finally:
        reopen(own_database)
    assert figures()["peruse_database_up", ()] == 1


def test_tries_of_jobs_are_counted_by_kind_and_outcome(
    cast: dict[str, Any], job_kind: None
) -> None:
    now = datetime(2026, 11, 5, 9, tzinfo=UTC)
    labels = {"kind": KIND, "outcome": "done"}
    before = REGISTRY.get_sample_value("peruse_jobs_total", labels) or 0
    with company_context(cast["provider"]):
        job = enqueue(kind=KIND, payload={}, now=now)
        assert job is not None
        work_on(job_id=job.id, now=now)
        work_on(job_id=job.id, now=now)  # done already: no try
    assert REGISTRY.get_sample_value("peruse_jobs_total", labels) == before + 1


def test_processes_of_a_machine_add_up_on_a_port_of_their_own(
    own_database: str, cast: dict[str, Any], tmp_path: Path
) -> None:
    """Two processes count; the one that serves adds them up and asks the database."""
    environment = {
        **os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PERUSE_LOGIN": "ops",
        "PERUSE_DATABASE": own_database,
    }  # fmt: skip
    count = "from apps.common.measures import count_items; count_items(['accepted'] * 3)"
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", count], env=environment, cwd=databases.ROOT, check=True
        )
    # A folder may be that of several containers, whose processes have the same numbers.
    assert {file.name.rpartition("-")[0] for file in tmp_path.iterdir()} == {
        f"counter_{socket.gethostname()}"
    }
    port = free_port()
    command = [sys.executable, "manage.py", "serve_metrics", "--platform", "--port", str(port)]
    with subprocess.Popen(command, env=environment, cwd=databases.ROOT) as server:
        try:
            text = fetched(f"http://127.0.0.1:{port}/metrics")
        finally:
            server.terminate()
    assert 'peruse_intake_items_total{answer="accepted"} 6.0' in text
    assert "peruse_database_up 1.0" in text
    assert 'peruse_companies{state="active"}' in text


def fetched(address: str) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
