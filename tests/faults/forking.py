"""A worker that a test can kill: forks a process per command, which does the work and ends.

Reads one JSON object a line, answers `pid N`, and `ended N` with the exit status.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from tests import databases


def serve(work: Callable[[dict[str, Any]], None]) -> None:
    """The worker's side: until its input ends, `work(command)` in a process of its own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    say("ready")
    for line in sys.stdin:
        command = json.loads(line)
        child = os.fork()
        if child == 0:
            work(command)
            os._exit(0)
        say(f"pid {child}")
        _pid, status = os.waitpid(child, 0)
        say(f"ended {status}")


def say(text: str) -> None:
    print(text, flush=True)


def resume_stopped(now: datetime) -> None:
    """What the sweeper does: jobs whose worker died are taken up when their lease is over."""
    from apps.events.models import Job
    from apps.events.operations import work_on
    from apps.tenancy.context import current_company_id

    stopped = Job.objects.filter(
        state=Job.State.RUNNING, lease_until__lt=now, company_id=current_company_id()
    )
    for job_id in list(stopped.values_list("id", flat=True)):
        work_on(job_id=job_id, now=now)


class Worker:
    """The forking worker process and the child it works with."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def begin(self, company: Any, now: datetime, **more: Any) -> int:
        command = {"company": company.slug, "now": now.isoformat(), **more}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return int(self.read("pid"))

    def end(self) -> int:
        return int(self.read("ended"))

    def read(self, word: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found, _space, value = line.strip().partition(" ")
            if found == word:
                return value
        raise AssertionError(f"the worker ended without saying {word!r}")


@contextmanager
def worker_on(environment: dict[str, str], module: str) -> Iterator[Worker]:
    """The module's worker, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", module], cwd=databases.ROOT, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, env=environment,
    )  # fmt: skip
    try:
        worker = Worker(process)
        worker.read("ready")
        yield worker
    finally:
        process.kill()
        process.wait()
