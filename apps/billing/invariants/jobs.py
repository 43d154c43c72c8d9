"""No work is lost: what waits has a job, and what runs is held by a living worker."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from apps.billing.invariants.registry import rows, shared

LATE = timedelta(hours=1)


@shared("no job waits long after its time, and none runs without its lease")
def jobs_move(now: datetime) -> Iterator[str]:
    for key, kind, state in rows(
        "select id, kind, state from public.events_job where "
        "(state = 'waiting' and run_after < %s) or (state = 'running' and lease_until < %s)",
        [now - LATE, now - LATE],
    ):
        yield f"job {key} ({kind}) is {state} and nobody works on it"


@shared("every waiting period of a billing run has a job that will bill it")
def runs_move(now: datetime) -> Iterator[str]:
    for run, count in rows(
        """
        select item.run_id, count(*) from public.billing_runitem item
        join public.billing_billingrun run on run.id = item.run_id and run.state <> 'stopped'
        where item.state = 'waiting' and not exists (
            select from public.events_job job
            where job.kind = 'billing.chunk' and job.state in ('waiting', 'running')
              and job.payload ->> 'run' = item.run_id::text
              and item.contract_id between (job.payload ->> 'first')::uuid
                                       and (job.payload ->> 'last')::uuid)
        group by item.run_id
        """
    ):
        yield f"run {run}: {count} periods wait without a job"


@shared("every issued invoice has its evidence or a job that makes it")
def evidence_made(now: datetime) -> Iterator[str]:
    for (number,) in rows(
        """
        select invoice.number from public.billing_invoice invoice
        where invoice.state = 'issued'
          and not exists (select from public.billing_evidencefile file
                          where file.invoice_id = invoice.id)
          and not exists (select from public.events_job job
                          where job.kind = 'billing.store_evidence'
                            and job.state in ('waiting', 'running')
                            and job.payload -> 'invoices' ? invoice.id::text)
        """
    ):
        yield f"invoice {number} has no evidence and no job for it"
