"""A process that dies at some statement, and what the next one finds and does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from apps.events.models import Job
from apps.events.operations import run_waiting_jobs, work_on

LEASE_OVER = timedelta(minutes=5)


class Crash(BaseException):
    """The process dies here: an exception that nothing catches; what was not committed is gone."""


@contextmanager
def counted(at: int | None = None, after: bool = False) -> Iterator[list[int]]:
    """Counts statements; throws at the n-th one, before or after it is done."""
    count = [0]

    def watch(execute: Callable[..., Any], *words: Any) -> Any:
        count[0] += 1
        if count[0] == at and not after:
            raise Crash
        result = execute(*words)
        if count[0] == at and after:
            raise Crash
        return result

    with connection.execute_wrapper(watch):
        yield count


def resume_jobs(now: datetime) -> None:
    """What the sweeper does with the current company's jobs whose worker died."""
    for job in Job.objects.filter(state="running", lease_until__lt=now):
        work_on(job_id=job.id, now=now)
    run_waiting_jobs(now=now)
