"""Publish, enqueue, work on a job, record an act."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.common import tracing
from apps.common.measures import count_job
from apps.events.domain.public import public_event
from apps.events.domain.registry import (
    Handler,
    handler_of,
    subscribers_of,
)
from apps.events.models import AuditRow, Job, OutboxEvent
from apps.events.queries import hearers
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.outages import is_full
from apps.tenancy.tasks import HEADER

logger = logging.getLogger(__name__)

# A live worker holds the row lock of an atomic job or renews the lease with its progress.
LEASE = timedelta(seconds=60)
TRIES = 3
TELL_WEBHOOKS = "events.tell_webhooks"
RUN_JOB = "peruse.run_job"
BACK_OFF = (timedelta(seconds=5), timedelta(seconds=30))
ROOM_AGAIN = timedelta(seconds=15)


class JobTaken(RuntimeError):
    """Another worker took the job over, because this one gave no sign of life within its lease."""


def publish(
    *, name: str, payload: Mapping[str, Any], now: datetime, to: Iterable[int] = ()
) -> OutboxEvent:
    """Write an event and the jobs that follow it, in the caller's transaction.

    `to` are keys of the companies it concerns; the current one when none are given.
    """
    company = current_company()
    reached = sorted(set(to) or {company.pk})
    event = OutboxEvent.objects.create(
        author=company,
        parties=sorted({company.pk, *reached}),
        name=name,
        payload=dict(payload),
        published_at=now,
    )
    for kind in subscribers_of(name):
        for company_id in reached:
            enqueue(
                kind=kind, payload=payload, now=now, company_id=company_id, event_id=event.pk
            )  # fmt: skip
    _tell_webhooks(event, reached, now)
    return event


def _tell_webhooks(event: OutboxEvent, reached: Sequence[int], now: datetime) -> None:
    """A job in each of the companies that has an endpoint for it; most events have no public name."""
    public = public_event(event.name)
    if public is None:
        return
    for company_id in hearers(public.name, reached):
        enqueue(
            kind=TELL_WEBHOOKS, payload={"event": str(event.id)}, now=now, company_id=company_id
        )


def enqueue(
    *,
    kind: str,
    payload: Mapping[str, Any],
    now: datetime,
    company_id: int | None = None,
    dedupe: str | None = None,
    queue: str = Job.Queue.COMPANY,
    total: int = 0,
    requested_by: int | None = None,
    event_id: UUID | None = None,
    run_after: datetime | None = None,
) -> Job | None:
    """Write a job and ring for it after commit. None when one with this dedupe key waits already.

    One that is to run later (`run_after`) is rung for by the sweeper, when its time has come.
    """
    job = _new_job(kind, payload, now, company_id, queue, total)
    job.dedupe, job.requested_by, job.event_id = dedupe, requested_by, event_id
    job.run_after = now if run_after is None else run_after
    if not _insert_once(job):
        return None
    if job.run_after <= now:
        transaction.on_commit(lambda: _ring(job.id, job.company_id, queue))
    return job


def enqueue_all(
    *, kind: str, payloads: Iterable[tuple[Mapping[str, Any], int]], now: datetime
) -> int:
    """Write many jobs of the current company at once: payloads with their totals of progress.

    Returns how many; they ring after commit. None of them has a key, so none is left out.
    """
    jobs = [
        _new_job(kind, payload, now, None, Job.Queue.COMPANY, total) for payload, total in payloads
    ]
    insert_all(Job, jobs)
    transaction.on_commit(lambda: ring_all(jobs))
    return len(jobs)


def _new_job(
    kind: str, payload: Mapping[str, Any], now: datetime, company_id: int | None, queue: str,
    total: int,
) -> Job:  # fmt: skip
    handler_of(kind)
    author = current_company()
    runs_in = author.pk if company_id is None else company_id
    return Job(
        author=author, parties=sorted({author.pk, runs_in}), company_id=runs_in, kind=kind,
        queue=queue, payload=dict(payload), run_after=now, created_at=now, progress_total=total,
    )  # fmt: skip


def _insert_once(job: Job) -> bool:
    if job.dedupe is None:
        job.save(force_insert=True)
        return True
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def ring_all(jobs: Iterable[Job]) -> None:
    """A message to the workers for each of these."""
    for job in jobs:
        _ring(job.id, job.company_id, job.queue)


def _ring(job_id: Any, company_id: int, queue: str) -> None:
    """The message names the row and the company. A lost one costs seconds, not the job."""
    try:
        current_app.send_task(
            RUN_JOB, (str(job_id),), queue=queue, headers={HEADER: company_id}, retry=False
        )
    except Exception:  # the broker is away: the sweeper rings again
        logger.warning("could not ring for job %s", job_id)


def ring_again(*, now: datetime, limit: int = 500) -> int:
    """Ring for every job that is due and that nobody works on (platform role). Returns how many."""
    due = (
        Job.all_parties.filter(
            Q(state=Job.State.WAITING, run_after__lte=now)
            | Q(state=Job.State.RUNNING, lease_until__lt=now)
        )
        .exclude(company__state=Company.State.ERASED)
        .order_by("run_after")[:limit]
    )
    ring_all(due)
    return len(due)


def work_on(*, job_id: Any, now: datetime) -> Job | None:
    """Claim the job, do it, note the outcome. None when it is not ours to do (done, leased, gone)."""
    job = _claim(job_id, now)
    if job is None:
        return None
    begun, outcome = time.monotonic(), "taken"
    with tracing.traced(job=job.public_id, kind=job.kind):
        try:
            _try(job, now)
            outcome = job.state
        except JobTaken:
            logger.warning("job %s of kind %s went to another worker", job.id, job.kind)
            return None
        finally:
            _tell(job, outcome, time.monotonic() - begun)
    return job


def _tell(job: Job, outcome: str, seconds: float) -> None:
    count_job(kind=job.kind, outcome=outcome, seconds=seconds)
    extra = {"outcome": outcome, "milliseconds": round(seconds * 1000, 1)}
    logger.info("job of kind %s: %s", job.kind, outcome, extra=extra)


def _try(job: Job, now: datetime) -> Job:
    if job.attempts > TRIES:
        return _park(job, "stopped three times without an answer", now)
    try:
        _do(job, handler_of(job.kind), now)
    except JobTaken:
        raise
    except Exception as error:
        logger.exception("job %s of kind %s failed", job.id, job.kind)
        return _retry_or_park(job, error, now)
    return job


def _claim(job_id: Any, now: datetime) -> Job | None:
    free = Q(state=Job.State.WAITING, run_after__lte=now) | Q(
        state=Job.State.RUNNING, lease_until__lt=now
    )
    mine = Job.objects.filter(free, id=job_id, company_id=current_company().pk)
    with transaction.atomic():
        job = mine.select_for_update(skip_locked=True, of=("self",)).first()
        if job is not None:
            job.state, job.lease_until, job.attempts = (
                Job.State.RUNNING,
                now + LEASE,
                job.attempts + 1,
            )
            job.save(update_fields=["state", "lease_until", "attempts"])
    return job


def _do(job: Job, handler: Handler, now: datetime) -> None:
    if handler.atomic:
        with transaction.atomic():
            _hold(job)
            _finish(job, handler.work(job, now), now)
    else:
        _finish(job, handler.work(job, now), now)


def _held(job: Job) -> Any:
    """The job's row while this try is its newest. A lease that ran out may have made a newer one,
    which must neither be done twice nor be told what became of this try."""
    return Job.objects.filter(id=job.id, state=Job.State.RUNNING, attempts=job.attempts)


def _hold(job: Job) -> None:
    if _held(job).select_for_update(of=("self",)).first() is None:
        raise JobTaken(str(job.id))


def _note(job: Job, **fields: Any) -> None:
    """Change the job here and in its row. Raises JobTaken when it is not ours any more."""
    if not _held(job).update(**fields):
        raise JobTaken(str(job.id))
    for name, value in fields.items():
        setattr(job, name, value)


def _finish(job: Job, result: Any, now: datetime, error: str = "") -> None:
    _note(
        job, state=Job.State.DONE, finished_at=now, result=result, error=error,
        progress_done=job.progress_total,
    )  # fmt: skip


def _retry_or_park(job: Job, error: Exception, now: datetime) -> Job:
    text = f"{type(error).__name__}: {error}"[:2000]
    if is_full(error):
        return _wait_for_room(job, text, now)
    if job.attempts >= TRIES:
        return _park(job, text, now)
    later = now + BACK_OFF[min(job.attempts, len(BACK_OFF)) - 1]
    return _wait(job, text, now, run_after=later)


def _wait_for_room(job: Job, text: str, now: datetime) -> Job:
    """No try was made: a full disk is not the job's fault, and passes."""
    return _wait(job, text, now, run_after=now + ROOM_AGAIN, attempts=job.attempts - 1)


def _wait(job: Job, text: str, now: datetime, **fields: Any) -> Job:
    try:
        with transaction.atomic():
            _note(job, state=Job.State.WAITING, error=text, lease_until=None, **fields)
    except IntegrityError:
        return _leave(job, text, now)
    return job


def _leave(job: Job, text: str, now: datetime) -> Job:
    """Another of the same key waits already and does the work: nobody has to act on this one."""
    other = Job.objects.filter(
        author_id=job.author_id, company_id=job.company_id, kind=job.kind, dedupe=job.dedupe,
        state=Job.State.WAITING,
    ).first()  # fmt: skip
    _finish(job, {"left_to": other.public_id if other else ""}, now, error=text)
    return job


def _park(job: Job, text: str, now: datetime) -> Job:
    _note(job, state=Job.State.PARKED, error=text, finished_at=now, lease_until=None)
    return job


def note_progress(
    *, job: Job, now: datetime, done: int | None = None, total: int | None = None
) -> None:
    """Show how far a non-atomic job is (as far as before without `done`) and renew its lease.

    `now` is the clock's, not the time at which the job began: the lease runs from it. Raises JobTaken
    when another worker has it, so that the work stops here.
    """
    _note(
        job, lease_until=now + LEASE,
        progress_done=job.progress_done if done is None else done,
        progress_total=job.progress_total if total is None else total,
    )  # fmt: skip


def record(
    *,
    action: str,
    now: datetime,
    subject: str = "",
    details: Mapping[str, Any] | None = None,
    actor: Any = None,
    also: Iterable[int] = (),
) -> AuditRow:
    """Append an audit row of the current company; `also` are other companies that may read it."""
    row = _audit_row(action, now, actor, subject, details, also)
    row.save(force_insert=True)
    return row


def record_all(
    *, action: str, subjects: Sequence[tuple[str, Iterable[int]]], now: datetime, actor: Any = None
) -> int:
    """One audit row per subject, in bulk; each with the other companies that may read it."""
    rows = [_audit_row(action, now, actor, subject, None, also) for subject, also in subjects]
    return insert_all(AuditRow, rows)


def _audit_row(
    action: str, now: datetime, actor: Any, subject: str, details: Mapping[str, Any] | None,
    also: Iterable[int],
) -> AuditRow:  # fmt: skip
    company = current_company()
    return AuditRow(
        author=company, parties=sorted({company.pk, *also}), at=now, action=action,
        subject=subject, details=dict(details or {}), actor_id=getattr(actor, "pk", None),
        actor=str(actor) if actor is not None else "",
    )  # fmt: skip


def run_waiting_jobs(*, now: datetime, limit: int = 1000) -> int:
    """Do all waiting jobs of the current company here and now (tests, command lines)."""
    done = 0
    while done < limit:
        job = (
            Job.objects.filter(
                state=Job.State.WAITING, run_after__lte=now, company_id=current_company().pk
            )
            .order_by("created_at", "id")
            .first()
        )
        if job is None:
            return done
        work_on(job_id=job.id, now=now)
        done += 1
    return done
