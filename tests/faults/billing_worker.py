"""A worker that a test can kill: forks a process per command and does the company's billing jobs.

Reads one JSON object a line: {company, now, careless, die_after}. Answers `pid N`, and `ended N` with
the exit status. `careless` takes the protection off: nothing is one transaction any more.
`die_after`: the process kills itself after so many bulk statements.
"""

import json
import os
import signal
import sys
from contextlib import nullcontext
from datetime import datetime
from typing import Any


def main() -> None:
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


def work(command: dict[str, Any]) -> None:
    from apps.events.operations import run_waiting_jobs
    from apps.tenancy.context import company_context
    from apps.tenancy.queries import company_by_slug

    if command.get("careless"):
        take_protection_off()
    if command.get("die_after"):
        die_after(int(command["die_after"]))
    company = company_by_slug(command["company"])
    assert company is not None
    with company_context(company):
        resume_stopped(datetime.fromisoformat(command["now"]))
        run_waiting_jobs(now=datetime.fromisoformat(command["now"]))


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


def take_protection_off() -> None:
    """Every statement commits by itself, as code without transactions would."""
    from apps.billing import tasks
    from apps.billing.operations import chunk, drafting
    from apps.events.domain import registry
    from apps.metering.operations import metering, recording

    class Careless:
        @staticmethod
        def atomic(work: Any = None) -> Any:
            return work if work is not None else nullcontext()

    chunk.transaction = Careless  # type: ignore[assignment]
    chunk.lock_contracts = unlocked
    for module in (drafting, metering, recording):
        module.insert_all = insert_each  # type: ignore[attr-defined]
    tasks.bill_chunk = chunk.bill_items  # type: ignore[assignment]
    kind = "billing.chunk"
    registry._handlers[kind] = registry.Handler(kind, tasks.work_on_chunk, False)


def unlocked(contract_ids: Any) -> dict[Any, Any]:
    from apps.contracts.models import Contract

    return {item.id: item for item in Contract.objects.filter(id__in=set(contract_ids))}


def insert_each(model: Any, instances: Any) -> int:
    return len(model.objects.bulk_create([as_instance(model, row) for row in instances]))


def as_instance(model: Any, row: Any) -> Any:
    return row if isinstance(row, model) else model(**row._asdict())


def die_after(count: int) -> None:
    from apps.billing.operations import drafting

    insert, done = drafting.insert_all, [0]

    def counted(model: Any, instances: Any) -> int:
        inserted = insert(model, instances)
        done[0] += 1
        if done[0] == count:
            os.kill(os.getpid(), signal.SIGKILL)
        return inserted

    drafting.insert_all = counted


if __name__ == "__main__":
    main()
