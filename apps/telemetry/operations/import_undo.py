"""Undoing an import: what the file brought is withdrawn, kept as replaced, and its days are worked again.

A reading is the file's where its identity and value are, and the instant it was stored with is one of
the run's. So what was there before the file, and what others sent since, stays. Its identity is free
again: the same file read rightly can be imported after it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO, cast

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.events.models import Job
from apps.events.operations import enqueue, note_progress, record
from apps.telemetry.domain.mapping import BadFile, from_dict, read_rows
from apps.telemetry.models import ImportRun
from apps.telemetry.operations.import_runs import EARLIEST, MOST_LOOKED_AT, RunMoved, source_of
from apps.telemetry.operations.import_tally import Chunk, chunks_of
from apps.telemetry.operations.imports import is_stuck
from apps.telemetry.operations.intake import judge, ring_roll_up
from apps.telemetry.operations.judgement import Bounds, Rows
from apps.telemetry.operations.storing import columns_of, in_schema, raw_cursor

UNDO_KIND = "telemetry.undo_import"
UNDOABLE = (ImportRun.State.DONE, ImportRun.State.FAILED)
_FOUND = """
from {schema}.telemetry_{table} l
join (select distinct * from unnest({columns}) as u({names})) w on {same}
where l.value = w.value and l.received_at = any(%(taken)s)
"""
_LOOK = f"select l.channel_id, count(*), min(l.{{at}}), max(l.{{at}}) {_FOUND} group by 1"
_WITHDRAW = f"""
with found as materialized (
    select l.channel_id, l.{{at}} as at, l.value, l.received_at, {{key}} as event_key {_FOUND}
), gone as (
    delete from {{schema}}.telemetry_{{table}} l using found f
    where l.channel_id = f.channel_id and l.{{at}} = f.at and {{same_key}}
    returning l.channel_id, l.{{at}} as at
), kept as (
    insert into {{schema}}.telemetry_replaced
        (channel_id, measured_at, value, stood_from, stood_until, was_believed, import_run)
    select f.channel_id, f.at, f.value, f.received_at, %(now)s, not exists (
        select from {{schema}}.telemetry_disbelief b where b.channel_id = f.channel_id
            and b.measured_at = f.at and b.event_key is not distinct from f.event_key), %(run)s
    from found f
), marked as (
    insert into {{schema}}.telemetry_mark (channel_id, day)
    select distinct channel_id, {{day}} from gone
)
select count(*) from gone
"""
_LEVELS = {
    "table": "level", "at": "measured_at", "names": "channel_id, measured_at, value",
    "columns": "%(channels)s::int[], %(instants)s::timestamptz[], %(values)s::numeric[]",
    "same": "l.channel_id = w.channel_id and l.measured_at = w.measured_at",
    "key": "null::bytea", "same_key": "true",
    "day": "((at - interval '1 microsecond') at time zone 'UTC')::date",
}  # fmt: skip
_DELTAS = {
    "table": "delta", "at": "counted_at", "names": "channel_id, event_key, counted_at, value",
    "columns": "%(channels)s::int[], %(keys)s::bytea[], %(instants)s::timestamptz[], %(values)s::numeric[]",
    "same": "l.channel_id = w.channel_id and l.event_key = w.event_key and l.counted_at = w.counted_at",
    "key": "l.event_key", "same_key": "l.event_key = f.event_key",
    "day": "(at at time zone 'UTC')::date",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Brought:
    """What a file brought of one channel and still stands there: how many readings, first and last."""

    channel_id: int
    count: int
    first: datetime
    last: datetime

    def joined(self, other: "Brought") -> "Brought":
        return Brought(
            self.channel_id, self.count + other.count, min(self.first, other.first),
            max(self.last, other.last),
        )  # fmt: skip


@dataclass(slots=True)
class UndoPreview:
    """By channel what would be withdrawn; `complete` is False when only the first rows were looked at."""

    channels: dict[int, Brought] = field(default_factory=dict)
    complete: bool = True

    @property
    def readings(self) -> int:
        return sum(item.count for item in self.channels.values())

    def add(self, item: Brought) -> None:
        known = self.channels.get(item.channel_id)
        self.channels[item.channel_id] = item if known is None else known.joined(item)


def look_at_undo(
    *, run: ImportRun, now: datetime, most: int | None = MOST_LOOKED_AT
) -> UndoPreview:
    """What the file brought and still stands. Raises BadFile where it is gone."""
    preview = UndoPreview()
    with _opened(run) as stream:
        rows = read_rows(from_dict(run.mapping), cast("BinaryIO", stream))
        for chunk in chunks_of(islice(rows, most)):
            for item in _brought(run, chunk, now):
                preview.add(item)
        preview.complete = next(rows, None) is None
    return preview


@transaction.atomic
def start_undo(*, run: ImportRun, reason: str, now: datetime, actor: Any = None) -> ImportRun:
    """Let a worker withdraw what the file brought. One that is being undone or is undone stays so;
    one whose worker is gone goes on.

    Raises ValidationError for a file that was not taken in, and without a reason.
    """
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    is_under_way = run.state == ImportRun.State.UNDOING
    if run.state == ImportRun.State.UNDONE or (is_under_way and not is_stuck(run)):
        return run
    if not is_under_way:
        _begin(run, reason, now, actor)
    job = enqueue(
        kind=UNDO_KIND, payload={"run": str(run.pk)}, now=now, dedupe=str(run.pk),
        total=run.rows_done, requested_by=getattr(actor, "pk", None),
    )  # fmt: skip
    run.job_id = job.id if job is not None else run.job_id
    run.save()
    return run


def _begin(run: ImportRun, reason: str, now: datetime, actor: Any) -> None:
    if run.state not in UNDOABLE:
        raise ValidationError(_("Only a file that was taken in can be undone."))
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: it stands with the import.")})
    run.state, run.undo_reason, run.error = ImportRun.State.UNDOING, reason.strip()[:200], ""
    run.undone_by = str(getattr(actor, "name", "") or actor or "")[:200]
    run.undone_rows = run.withdrawn = 0
    record(
        action="import_undone", subject=run.public_id, now=now, actor=actor,
        details={"file": run.file_name, "profile": run.profile.name, "reason": run.undo_reason},
    )  # fmt: skip


def undo_import(
    *, run: ImportRun, now: datetime, job: Job | None = None,
    clock: Callable[[], datetime] | None = None,
) -> ImportRun:  # fmt: skip
    """Withdraw chunk by chunk, going on behind what an earlier try has committed. Not atomic.

    Without the file nothing can be told to be its own: the run stays as it was, with the reason.
    """
    if run.state != ImportRun.State.UNDOING:
        return run
    try:
        for chunk in _chunks(run):
            _withdraw_chunk(run, chunk, now)
            if job is not None:
                at = clock() if clock else now
                note_progress(job=job, done=run.undone_rows, now=at, total=run.rows_total)
    except BadFile as error:
        run.state, run.error = ImportRun.State.DONE, error.reason
        run.save(update_fields=["state", "error"])
        return run
    run.state, run.undone_at = ImportRun.State.UNDONE, now
    run.save(update_fields=["state", "undone_at"])
    return run


def _chunks(run: ImportRun) -> Iterator[Chunk]:
    with _opened(run) as stream:
        rows = read_rows(from_dict(run.mapping), cast("BinaryIO", stream))
        yield from chunks_of(islice(rows, run.undone_rows, None))


def _opened(run: ImportRun) -> Any:
    try:
        return default_storage.open(run.stored_as, "rb")
    except FileNotFoundError:
        raise BadFile("file_gone") from None


def _withdraw_chunk(run: ImportRun, chunk: Chunk, now: datetime) -> None:
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update().get(pk=run.pk)
        if (locked.state, locked.undone_rows) != (ImportRun.State.UNDOING, run.undone_rows):
            raise RunMoved(f"the undo of {run.public_id} stands at row {locked.undone_rows}")
        for rows, parts in _tables(run, chunk, now):
            [(count,)] = _asked(_WITHDRAW, parts, rows, run, now)
            run.withdrawn += count
        run.undone_rows += len(chunk.rows)
        run.save(update_fields=["withdrawn", "undone_rows"])
        transaction.on_commit(lambda: ring_roll_up(now=now))


def _brought(run: ImportRun, chunk: Chunk, now: datetime) -> Iterator[Brought]:
    for rows, parts in _tables(run, chunk, now):
        yield from (Brought(*row) for row in _asked(_LOOK, parts, rows, run, now))


def _tables(run: ImportRun, chunk: Chunk, now: datetime) -> Iterator[tuple[Rows, dict[str, str]]]:
    """The chunk's readings as they were stored, by table."""
    judged = judge(chunk.items, Bounds(now, EARLIEST, source_of(run.profile.name), None))
    for rows, parts in ((judged.levels, _LEVELS), (judged.deltas, _DELTAS)):
        if rows.indexes:
            yield rows, parts


def _asked(
    statement: str, parts: dict[str, str], rows: Rows, run: ImportRun, now: datetime
) -> Sequence[tuple[Any, ...]]:
    wanted = {**columns_of(rows), "taken": run.taken_at, "now": now, "run": run.pk}
    with connection.wrap_database_errors, closing(raw_cursor()) as cursor:
        cursor.execute(in_schema(statement, **parts), wanted)
        return cursor.fetchall()
