"""Jobs under slow workers: what another one took over is neither done twice nor opened again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.events.domain import registry
from apps.events.models import AuditRow, Job
from apps.events.operations import (
    JobTaken,
    enqueue,
    enqueue_all,
    note_progress,
    record_all,
    work_on,
)
from apps.events.operations import jobs as operations
from apps.tenancy.context import company_context

NOW = datetime(2026, 11, 5, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=2)  # longer than a lease
KIND = "test.counted"


@pytest.fixture
def company(cast: dict[str, Any]) -> Iterator[Any]:
    with company_context(cast["provider"]):
        yield cast["provider"]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of the try of each time the job's function ran."""
    tries: list[int] = []

    def work(job: Job, now: datetime) -> dict[str, int]:
        tries.append(job.attempts)
        if job.payload.get("fails"):
            raise ValueError("no such thing")
        return {"try": job.attempts}

    monkeypatch.setitem(registry._handlers, KIND, registry.Handler(KIND, work, True))
    return tries


def new_job(**payload: Any) -> Job:
    job = enqueue(kind=KIND, payload=payload, now=NOW)
    assert job is not None
    return job


def claimed(job: Job) -> Job:
    found = operations._claim(job.id, NOW)
    assert found is not None
    return found


def test_a_job_done_by_another_worker_is_not_done_again(company: Any, done: list[int]) -> None:
    slow = claimed(new_job())
    assert work_on(job_id=slow.id, now=LATER) is not None
    with pytest.raises(JobTaken):
        operations._try(slow, LATER)
    assert done == [2]
    assert Job.objects.get(id=slow.id).result == {"try": 2}


def test_a_slow_failure_does_not_open_a_job_that_is_done(company: Any, done: list[int]) -> None:
    slow = claimed(new_job())
    work_on(job_id=slow.id, now=LATER)
    with pytest.raises(JobTaken):
        operations._retry_or_park(slow, ValueError("late"), LATER)
    row = Job.objects.get(id=slow.id)
    assert (row.state, row.error, row.attempts) == (Job.State.DONE, "", 2)


def test_a_slow_worker_stops_at_its_next_sign_of_life(company: Any, done: list[int]) -> None:
    slow = claimed(new_job())
    work_on(job_id=slow.id, now=LATER)
    with pytest.raises(JobTaken):
        note_progress(job=slow, done=1, now=LATER)
    assert Job.objects.get(id=slow.id).lease_until == LATER + operations.LEASE


def test_a_taken_job_is_no_failure(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function of a job without one transaction loses it in the middle."""

    def work(job: Job, now: datetime) -> None:
        Job.objects.filter(id=job.id).update(attempts=job.attempts + 1)
        note_progress(job=job, done=1, now=now)

    monkeypatch.setitem(registry._handlers, KIND, registry.Handler(KIND, work, False))
    job = new_job()
    assert work_on(job_id=job.id, now=NOW) is None
    row = Job.objects.get(id=job.id)
    assert (row.state, row.attempts, row.error) == (Job.State.RUNNING, 2, "")


def test_a_failed_job_leaves_its_work_to_the_one_that_waits(company: Any, done: list[int]) -> None:
    failing = enqueue(kind=KIND, payload={"fails": True}, now=NOW, dedupe="same")
    assert failing is not None
    first = claimed(failing)
    second = enqueue(kind=KIND, payload={}, now=NOW, dedupe="same")
    assert second is not None
    operations._try(first, NOW)
    row = Job.objects.get(id=first.id)
    assert row.state == Job.State.DONE
    assert row.result == {"left_to": second.public_id}
    assert row.error == "ValueError: no such thing"
    assert Job.objects.get(id=second.id).state == Job.State.WAITING


def test_the_third_failure_parks(company: Any, done: list[int]) -> None:
    job = new_job(fails=True)
    for number in range(3):
        work_on(job_id=job.id, now=NOW + timedelta(minutes=number))
    row = Job.objects.get(id=job.id)
    assert (row.state, row.attempts, row.error) == (
        Job.State.PARKED, 3, "ValueError: no such thing"
    )  # fmt: skip
    assert done == [1, 2, 3]


def test_many_jobs_are_as_one_by_one(company: Any, done: list[int]) -> None:
    alone = new_job(number=0)
    count = enqueue_all(kind=KIND, payloads=[({"number": n}, n) for n in (1, 2)], now=NOW)
    assert count == 2
    fields = ("author_id", "parties", "company_id", "kind", "queue", "state", "run_after")
    rows = Job.objects.filter(kind=KIND).exclude(id=alone.id).order_by("progress_total")
    assert [row.payload for row in rows] == [{"number": 1}, {"number": 2}]
    assert [row.progress_total for row in rows] == [1, 2]
    for row in rows:
        assert [getattr(row, name) for name in fields] == [getattr(alone, name) for name in fields]


def test_audit_rows_in_bulk_keep_their_readers(company: Any, cast: dict[str, Any]) -> None:
    other = cast["customer"].pk
    subjects = [("inv_1", [other]), ("inv_2", [])]
    assert record_all(action="test.seen", subjects=subjects, now=NOW, actor="Ada") == 2
    rows = AuditRow.objects.filter(action="test.seen").order_by("subject")
    assert [(row.subject, row.parties, row.actor, row.details) for row in rows] == [
        ("inv_1", sorted([company.pk, other]), "Ada", {}), ("inv_2", [company.pk], "Ada", {}),
    ]  # fmt: skip
