"""What every process counts for Prometheus. With PROMETHEUS_MULTIPROC_DIR all of a machine add up.

Labels have few values: names of routes and job kinds, never addresses, companies or people.
"""

import os
import socket
from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import Counter, Histogram, values


def process_name() -> str:
    """Processes of two containers that share the folder may have the same number."""
    return f"{socket.gethostname()}-{os.getpid()}"


if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    values.ValueClass = values.MultiProcessValue(process_name)  # type: ignore[no-untyped-call]

REQUEST_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
JOB_SECONDS = (0.05, 0.25, 1, 5, 15, 60, 300, 1800)

_requests = Counter("peruse_requests", "Answers by route and status.", ["route", "status"])
_request_seconds = Histogram(
    "peruse_request_seconds", "Time to an answer by route.", ["route"], buckets=REQUEST_SECONDS
)
_jobs = Counter("peruse_jobs", "Tries of jobs by kind and outcome.", ["kind", "outcome"])
_job_seconds = Histogram(
    "peruse_job_seconds", "Time of one try by kind of job.", ["kind"], buckets=JOB_SECONDS
)
_intake = Counter("peruse_intake_items", "Items that came in by answer.", ["answer"])


def count_request(*, route: str, status: int, seconds: float) -> None:
    """An answer was given."""
    _requests.labels(route, str(status)).inc()
    _request_seconds.labels(route).observe(seconds)


def count_job(*, kind: str, outcome: str, seconds: float) -> None:
    """One try of a job has ended: done, waiting (it is tried again), parked or taken."""
    _jobs.labels(kind, outcome).inc()
    _job_seconds.labels(kind).observe(seconds)


def count_items(answers: Iterable[str]) -> None:
    """Items were answered: accepted, duplicate, conflict, refused."""
    for answer, number in Tally(answers).items():
        _intake.labels(answer).inc(number)
