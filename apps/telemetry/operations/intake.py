"""The one way in: files, HTTP and every other connector hand their items to `take_in`."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from apps.common.measures import count_items
from apps.common.quantity import canonical
from apps.events.models import Job
from apps.events.operations import enqueue
from apps.telemetry.models import Device
from apps.telemetry.operations.channels import company_key, forget_channels, names_for
from apps.telemetry.operations.columns import Batch, judge_batch
from apps.telemetry.operations.judgement import Bounds, Judged, Outcome, RawItem, judge_items
from apps.telemetry.operations.quarantine import RawOf, keep_refused
from apps.telemetry.operations.retention import retention_edge
from apps.telemetry.operations.storing import Existing, forget_months, make_months_of, store_rows
from apps.tenancy.context import current_company

RING_EVERY = 2.0
SEEN_EVERY = 60.0
TRIES = 3
ACCEPTED = "accepted"
_rung: dict[tuple[str, int], float] = {}
_rung_late: dict[tuple[str, int], float] = {}
_seen: dict[Any, float] = {}


def take_in(
    *,
    items: Sequence[RawItem],
    source: str,
    now: datetime,
    device: Device | None = None,
    raw_of: RawOf | None = None,
) -> list[Outcome]:
    """Judge and store items in one transaction; an outcome for each, in their order.

    `source` names the sender (part of a delta's identity); a `device` may only write its own
    asset. `raw_of(position)` gives an item's original text where the item does not carry it.
    Returns after the commit, unless the caller has a transaction open.
    """
    if not items:
        return []
    bounds = Bounds(now, retention_edge(now), source, device)
    judged = judge(items, bounds)
    make_months_of(judged.levels)
    outcomes = _stored(items, judged, bounds, raw_of)
    transaction.on_commit(lambda: _after_commit(judged, outcomes, device, now))
    return outcomes


def judge(items: Sequence[RawItem], bounds: Bounds) -> Judged:
    """What is to be stored of items: by columns where all items are of the usual form, else item by item."""
    judged = judge_batch(items, bounds) if isinstance(items, Batch) else None
    if judged is None:
        items = list(items)
        names = names_for({(item.asset, item.channel) for item in items})
        judged = judge_items(items, names, bounds)
    return judged


def _stored(
    items: Sequence[RawItem], judged: Judged, bounds: Bounds, raw_of: RawOf | None
) -> list[Outcome]:
    """Store, and store again where two batches locked each other or memory was stale."""
    for last in (False,) * (TRIES - 1) + (True,):
        try:
            return _store(items, judged, bounds, raw_of)
        except (OperationalError, IntegrityError) as error:
            stale = isinstance(error, IntegrityError)
            if stale:
                forget_channels()
                forget_months()
            repeatable = stale or isinstance(error.__cause__, DeadlockDetected)
            if last or connection.in_atomic_block or not repeatable:
                raise
            judged = judge(items, bounds)
            make_months_of(judged.levels)
    raise AssertionError("the last try returns or raises")


def _store(
    items: Sequence[RawItem], judged: Judged, bounds: Bounds, raw_of: RawOf | None
) -> list[Outcome]:
    with _together(judged):
        existing = store_rows(judged.levels, bounds.now)
        existing |= store_rows(judged.deltas, bounds.now)
        outcomes = _outcomes(items, judged, existing)
        bad = (
            [
                (items[index], outcome)
                for index, outcome in enumerate(outcomes)
                if outcome.status in ("refused", "conflict")
            ]
            if judged.refused or existing
            else []
        )
        if bad:
            keep_refused(outcomes=bad, source=bounds.source, now=bounds.now, raw_of=raw_of)
    return outcomes


def _together(judged: Judged) -> AbstractContextManager[Any]:
    """One transaction for all that is written, or none where one statement stores everything.

    That statement commits by itself and saves the journeys of BEGIN and COMMIT. A conflict it
    finds is kept next, before the answer: whoever gets none sends again, and it is found again.
    """
    one_statement = not (judged.refused or (judged.levels.indexes and judged.deltas.indexes))
    if one_statement and not connection.in_atomic_block:
        return nullcontext()
    return transaction.atomic(durable=not connection.in_atomic_block)


def _outcomes(
    items: Sequence[RawItem], judged: Judged, existing: dict[int, Existing]
) -> list[Outcome]:
    positions = range(len(items)) if isinstance(items, Batch) else [i.position for i in items]
    outcomes = [Outcome(position, ACCEPTED) for position in positions]
    for index, refusal in judged.refused.items():
        outcomes[index] = refusal
    for index, found in existing.items():
        position = positions[index]
        outcomes[index] = (
            Outcome(position, "duplicate")
            if found.same
            else Outcome(position, "conflict", "conflict", {"stored": canonical(found.value)})
        )
    return outcomes


def _after_commit(
    judged: Judged, outcomes: Sequence[Outcome], device: Device | None, now: datetime
) -> None:
    count_items(outcome.status for outcome in outcomes)
    if judged.levels.indexes or judged.deltas.indexes:
        ring_roll_up(now=now)
    if device is not None and _due(_seen, (*company_key(), device.pk), SEEN_EVERY):
        Device.objects.filter(pk=device.pk).update(last_seen_at=now)


def ring_roll_up(*, now: datetime) -> None:
    """Ask for a roll-up: at once, but at most every two seconds; then once more for the rest."""
    key = company_key()
    if _due(_rung, key, RING_EVERY):
        enqueue(kind="telemetry.roll_up", payload={}, now=now, dedupe="roll_up")
    elif _due(_rung_late, key, RING_EVERY):
        _enqueue_late(now)


def _enqueue_late(now: datetime) -> None:
    """One waiting job that the sweeper rings for: readings after the last bell are not forgotten."""
    company = current_company()
    job = Job(
        author=company,
        parties=[company.pk],
        company=company,
        kind="telemetry.roll_up",
        payload={},
        run_after=now + timedelta(seconds=RING_EVERY),
        created_at=now,
        dedupe="roll_up_late",
    )
    Job.objects.bulk_create([job], ignore_conflicts=True)


def _due(times: dict[Any, float], key: Any, seconds: float) -> bool:
    present = time.monotonic()
    if times.get(key, -seconds) + seconds > present:
        return False
    times[key] = present
    return True


def forget_rings() -> None:
    """Let the next intake ring at once (tests)."""
    _rung.clear()
    _rung_late.clear()
    _seen.clear()
