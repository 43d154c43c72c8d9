"""As the platform's worker: a company whose day has come is erased, in steps that each may be done again.

1. Due, and nothing unfinished: its host is no more (`begin_due`). A minute later nobody remembers it.
2. Rows and schema go, in one transaction and through one door of the database (`clear_begun`).
3. Files, then people whom no other company has; then the certificate (`finish_cleared`), which is mailed.
4. Its customer records at the payment provider are deleted there (`forgetting`).

Whatever stops in between leaves the state of the step before.
"""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils.translation import override

from apps.accounts.models import Membership, User
from apps.accounts.operations.erasing import erase_identity
from apps.events.models import Job
from apps.subscriptions.models import Departure
from apps.subscriptions.operations.certifying import certify
from apps.subscriptions.operations.forgetting import customers_of
from apps.subscriptions.operations.leaving import PATHS
from apps.subscriptions.queries import export_missing, last_export, leaving_holds
from apps.tenancy.context import Inside, as_app, no_company
from apps.tenancy.models import Company

STATE = Departure.State
# How long processes remember a host, and then some.
FORGOTTEN_AFTER = timedelta(minutes=1)
LOOKED_AGAIN = timedelta(hours=6)
logger = logging.getLogger(__name__)


def erase_departed(*, now: datetime, inside: Inside) -> int:
    """Go on with whatever is due, a company after the other. Returns how many steps were done.

    `inside(company)`: a context in which the company itself acts.
    """
    due = Departure.all_parties.filter(state=STATE.ASKED, due_at__lte=now)
    steps: list[tuple[Any, Callable[[UUID], bool]]] = [
        (due.exclude(held_at__gt=now - LOOKED_AGAIN), lambda key: _begin(key, now, inside)),
        (
            Departure.all_parties.filter(
                state=STATE.ERASING, began_at__lte=now - FORGOTTEN_AFTER
            ), _clear,
        ),
        (Departure.all_parties.filter(state=STATE.CLEARED), lambda key: _finish(key, now)),
    ]  # fmt: skip
    done = sum(_each(rows, step) for rows, step in steps)
    _drop_jobs(now)
    return done


def _each(rows: Any, step: Callable[[UUID], bool]) -> int:
    done = 0
    for key in list(rows.values_list("pk", flat=True)[:20]):
        try:
            done += step(key)
        except Exception:  # one that cannot be erased holds up nobody
            logger.exception("a company that has left could not be erased further")
    return done


def _locked(key: UUID, state: str) -> Departure | None:
    """The row, if it still has this state and no other worker holds it."""
    rows = Departure.all_parties.select_for_update(skip_locked=True, of=("self",))
    found: Departure | None = rows.filter(pk=key, state=state).select_related("author").first()
    return found


@transaction.atomic
def _begin(key: UUID, now: datetime, inside: Inside) -> bool:
    row = _locked(key, STATE.ASKED)
    if row is None:
        return False
    # Kept in English, whatever the worker's language: pages look anew, in their reader's.
    with inside(row.author), override("en"):
        # What was taken along before may lack what came since.
        row.export = last_export(row.asked_at)
        found = [*leaving_holds(now), *([] if row.export else [export_missing()])]
        held = [hold.text[:300] for hold in found]
    if held:
        row.held, row.held_at = held, now
    else:
        row.state, row.began_at, row.held = STATE.ERASING, now, []
        Company.objects.filter(pk=row.author_id).update(state=Company.State.ERASED)
    row.save(update_fields=["held", "held_at", "state", "began_at", "export"])
    return not held


@transaction.atomic
def _clear(key: UUID) -> bool:
    """Rows and schema; what is to follow is noted with them."""
    row = _locked(key, STATE.ERASING)
    if row is None:
        return False
    people, files = _people_of(row.author), set(_files_of(row.author))
    customers = customers_of(row.author)
    with connection.cursor() as cursor:
        cursor.execute("select public.peruse_erase_company(%s)::text", [row.author_id])
        row.report = json.loads(cursor.fetchone()[0])
    row.report |= {
        "people": people, "files": sorted(files - set(_named_paths())), "customers": customers,
    }  # fmt: skip
    row.state = STATE.CLEARED
    row.save(update_fields=["report", "state"])
    return True


def _people_of(company: Company) -> list[int]:
    """People who have been in this company alone, and are not of the platform."""
    members = Membership.all_parties.filter(author=company).values("user_id")
    elsewhere = Membership.all_parties.exclude(author=company).values("user_id")
    rows = User.objects.filter(pk__in=members, is_staff=False).exclude(pk__in=elsewhere)
    return sorted(rows.values_list("pk", flat=True))


def _files_of(company: Company) -> Iterator[str]:
    """What its rows name, and what lies in its own folder."""
    yield from _named_paths(company.pk)
    yield from _below(company.slug)


def _named_paths(author: int | None = None) -> Iterator[str]:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid "
            "join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' "
            "and c.relkind = 'r' and c.relrowsecurity and a.attname = any(%s)", [PATHS],
        )  # fmt: skip
        named = cursor.fetchall()
        for table, column in named:
            only = "" if author is None else "where author_id = %s"
            cursor.execute(
                f"select {quote(column)} from public.{quote(table)} {only}",
                [] if author is None else [author],
            )
            yield from [row[0] for row in cursor.fetchall() if row[0]]


def _below(folder: str) -> Iterator[str]:
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in files)
    for name in folders:
        yield from _below(f"{folder}/{name}")


def _finish(key: UUID, now: datetime) -> bool:
    """Files and people first: the certificate says that they are gone."""
    row = Departure.all_parties.filter(pk=key, state=STATE.CLEARED).first()
    if row is None:
        return False
    for path in row.report["files"]:
        default_storage.delete(path)
    people = _still_alone(row.report["people"])
    with as_app(), no_company():
        for person in User.objects.filter(pk__in=people, is_active=True):
            erase_identity(person=person)
    with transaction.atomic():
        locked = _locked(key, STATE.CLEARED)
        if locked is None:
            return False
        locked.report["people"] = people
        certify(row=locked, now=now)
        locked.state = STATE.ERASED
        locked.save(update_fields=["state", "report"])
    return True


def _still_alone(people: list[int]) -> list[int]:
    """Of these those who did not join another company since the rows went, nor the platform."""
    elsewhere = Membership.all_parties.filter(user_id__in=people).values("user_id")
    rows = User.objects.filter(pk__in=people, is_staff=False).exclude(pk__in=elsewhere)
    return sorted(rows.values_list("pk", flat=True))


def _drop_jobs(now: datetime) -> None:
    """What others' events still leave for a company that is no more is over."""
    rows = Job.all_parties.filter(company__state=Company.State.ERASED)
    rows.exclude(state=Job.State.DONE).update(
        state=Job.State.DONE, finished_at=now, result={"company": "erased"}, error=""
    )
