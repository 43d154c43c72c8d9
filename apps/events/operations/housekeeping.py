"""What every company does each minute, hour or day: written when it is due, and when that was missed.

A few statements for all companies together. Each company's periods begin at a minute of its own, so
that they do not all work at once. What is noted as written and the job commit together: a period has
one job of a kind, however late, and however many schedules run.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.events.domain.registry import housekeeping_kinds
from apps.events.models import Job
from apps.events.operations.jobs import ring_all
from apps.tenancy.models import Company

DEDUPE = "housekeeping"
# Of each company and kind the period that runs, where its job was not written yet. `minute` is counted
# from 1970; periods of every company begin as many minutes later as its key says.
_TURN = """
insert into events_housekeeping (id, author_id, parties, kind, due_at)
select gen_random_uuid(), company, array[company], kind, due_at from (
    select c.id company, k.kind,
        to_timestamp((%(minute)s - mod(%(minute)s - c.id, k.every)) * 60) due_at
    from unnest(%(companies)s::int[]) c(id)
    cross join unnest(%(kinds)s::text[], %(every)s::bigint[]) k(kind, every)
) turn
where not exists (
    select from events_housekeeping h
    where h.author_id = turn.company and h.kind = turn.kind and h.due_at >= turn.due_at)
order by company, kind
on conflict (author_id, kind) do update set due_at = excluded.due_at
where events_housekeeping.due_at < excluded.due_at
returning author_id, kind
"""


@transaction.atomic
def enqueue_housekeeping(*, now: datetime, companies: Iterable[Company]) -> int:
    """Write the jobs of these companies that are due, one waiting of each kind at most; returns how many.

    Call it about once a minute, as the platform; as a company for itself alone.
    """
    keys, kinds = [company.pk for company in companies], housekeeping_kinds()
    rare = {kind: every for kind, every in kinds.items() if every > 1}
    due = {(key, kind) for key in keys for kind in kinds if kind not in rare}
    due |= _turns(keys, rare, now)
    waiting = Job.all_parties.filter(
        company__in=keys, dedupe=DEDUPE, state=Job.State.WAITING
    ).values_list("company_id", "kind")
    jobs = [_job(key, kind, now) for key, kind in sorted(due.difference(waiting))]
    # Another schedule may have written one since: that one is enough.
    Job.all_parties.bulk_create(jobs, ignore_conflicts=True, batch_size=1000)
    transaction.on_commit(lambda: ring_all(jobs))
    return len(jobs)


def _turns(keys: list[int], kinds: dict[str, int], now: datetime) -> set[tuple[int, str]]:
    given: dict[str, Any] = {
        "companies": keys, "kinds": list(kinds), "every": list(kinds.values()),
        "minute": int(now.timestamp()) // 60,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_TURN, given)
        return set(cursor.fetchall())


def _job(company: int, kind: str, now: datetime) -> Job:
    return Job(
        author_id=company, parties=[company], company_id=company, kind=kind, dedupe=DEDUPE,
        run_after=now, created_at=now,
    )  # fmt: skip
