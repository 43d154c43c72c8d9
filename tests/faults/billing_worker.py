"""A worker that does a company's billing jobs and can be killed over them.

A command: {company, now, careless, die_after}. `careless` takes the protection off: nothing is one
transaction any more. `die_after`: the process kills itself after so many bulk statements.
"""

import os
import signal
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from tests.faults.forking import resume_stopped, serve


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
    serve(work)
