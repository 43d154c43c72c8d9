"""A job's page asks again while it runs and stops when it is done."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.events.domain import registry
from apps.reporting.wording import JOB_TITLES
from tests.integration.shell.test_lists import add_jobs

HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(cast: dict[str, Any], client_of: Callable[..., Client]) -> Client:
    return client_of(cast["provider"])


def test_a_running_job_asks_again(client: Client, cast: dict[str, Any]) -> None:
    (job,) = add_jobs(cast["provider"], 1, state="running", progress_done=410, progress_total=1000)
    part = client.get(f"/jobs/{job.public_id}/", headers=HTMX).content.decode()
    assert 'hx-trigger="every 1s"' in part
    assert 'value="41"' in part
    assert "410 / 1,000" in part


def test_a_done_job_stops_asking_and_links_its_result(client: Client, cast: dict[str, Any]) -> None:
    (job,) = add_jobs(cast["provider"], 1, state="done", result={"url": "/imports/"})
    answer = client.get(f"/jobs/{job.public_id}/?reload=1", headers=HTMX)
    assert "hx-trigger" not in answer.content.decode()
    assert 'href="/imports/"' in answer.content.decode()
    assert answer.headers["HX-Refresh"] == "true"


def test_a_parked_job_says_why(client: Client, cast: dict[str, Any]) -> None:
    (job,) = add_jobs(cast["provider"], 1, state="parked", error="the <file> is gone")
    html = client.get(f"/jobs/{job.public_id}/").content.decode()
    assert "the &lt;file&gt; is gone" in html


def test_every_kind_of_job_has_a_title() -> None:
    kinds = set(registry._handlers)
    assert {"billing.park_refused", "telemetry.import"} <= kinds
    assert sorted(kinds - set(JOB_TITLES)) == []


def test_an_absent_job_is_a_404(client: Client) -> None:
    assert client.get("/jobs/job_01jd0000000000000000000000/").status_code == 404
    assert client.get("/jobs/inv_x/").status_code == 404
