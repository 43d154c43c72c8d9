"""Jobs of billing: chunks of runs, evidence and files of issued invoices."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.billing.operations import (
    bill_chunk,
    expect_receivables,
    keep_evidence,
    open_missing,
)
from apps.billing.operations.archives import (
    KIND,
    drop_old_archives,
    make_archive,
    note_written,
)
from apps.billing.operations.documents import store_invoice_files, store_letter
from apps.billing.queries.leaving import open_documents
from apps.events.domain.registry import handles, housekeeping
from apps.events.models import Job
from apps.events.operations import note_progress
from apps.subscriptions.domain.registry import holds_leaving

holds_leaving(open_documents)


class EvidenceWaits(RuntimeError):
    """The evidence of some invoices of a job is not stored yet."""


@handles("billing.chunk")
def work_on_chunk(job: Job, now: datetime) -> dict[str, Any]:
    """Effect and “done” commit together: a killed worker leaves the whole chunk as it was."""
    keys = {name: UUID(job.payload[name]) for name in ("run", "first", "last")}
    count = bill_chunk(run_id=keys["run"], first=keys["first"], last=keys["last"], now=now)
    return {"items": count}


@handles("billing.store_evidence", atomic=False)
def work_on_evidence(job: Job, now: datetime) -> dict[str, Any]:
    """One transaction per invoice; what is stored already is left as it is. One whose evidence cannot
    be stored says why and holds back no other; the job is tried again for it."""
    ids = [UUID(text) for text in job.payload["invoices"]]
    waiting = 0
    for number, invoice_id in enumerate(ids, start=1):
        waiting += not keep_evidence(invoice_id=invoice_id, now=now)
        note_progress(job=job, done=number, now=timezone.now(), total=len(ids))
    if waiting:
        raise EvidenceWaits(f"{waiting} of {len(ids)} invoices; each says why")
    return {"invoices": len(ids)}


@housekeeping("billing.open_receivables", daily=True)
def work_on_receivables(job: Job, now: datetime) -> dict[str, Any]:
    """Documents from before there were receivables; an issue opens its own."""
    return {"opened": open_missing(now=now)}


@handles("billing.expect")
def work_on_expectations(job: Job, now: datetime) -> dict[str, Any]:
    """What is open on newly issued documents is expected, so that bank entries find them."""
    keys = [UUID(text) for text in job.payload["receivables"]]
    return {"expected": expect_receivables(document_ids=keys)}


@handles("billing.store_documents", atomic=False)
def work_on_documents(job: Job, now: datetime) -> dict[str, Any]:
    """One transaction per invoice; what is stored already is left as it is."""
    ids = [UUID(text) for text in job.payload["invoices"]]
    for number, invoice_id in enumerate(ids, start=1):
        store_invoice_files(invoice_id=invoice_id, now=now)
        note_progress(job=job, done=number, now=timezone.now(), total=len(ids))
    return {"invoices": len(ids)}


@handles(KIND, atomic=False)
def work_on_archive(job: Job, now: datetime) -> dict[str, Any]:
    """A killed worker leaves the archive as it was asked for; the next try writes it whole."""
    key = UUID(job.payload["archive"])

    def progress(count: int) -> None:
        note_progress(job=job, done=count, now=timezone.now())
        note_written(archive_id=key, count=count)

    return {"made": make_archive(archive_id=key, now=now, progress=progress)}


@housekeeping("billing.drop_archives", daily=True)
def work_on_old_archives(job: Job, now: datetime) -> dict[str, Any]:
    """Archives are copies; the documents stay."""
    return {"dropped": drop_old_archives(now=now)}


@handles("billing.store_letters", atomic=False)
def work_on_letters(job: Job, now: datetime) -> dict[str, Any]:
    """One transaction per reminder; what is stored already is left as it is."""
    ids = [UUID(text) for text in job.payload["reminders"]]
    for number, reminder_id in enumerate(ids, start=1):
        store_letter(reminder_id=reminder_id, now=now)
        note_progress(job=job, done=number, now=timezone.now(), total=len(ids))
    return {"reminders": len(ids)}
