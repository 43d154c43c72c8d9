"""Looking at a file of readings, and taking it in chunk by chunk.

A chunk's readings, its refused lines and the run's counts commit together, so that a run that
was killed goes on behind the last chunk and its counts stay exact.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, BinaryIO, cast

from django.core.files.storage import default_storage
from django.db import transaction

from apps.assets.models import ChannelKind, TypeChannel
from apps.events.models import Job
from apps.events.operations import note_progress
from apps.telemetry.domain.mapping import BadFile, Mapping, Row, from_dict, read_rows
from apps.telemetry.models import ImportRun
from apps.telemetry.operations.import_tally import Chunk, Counts, Tally, chunks_of, note_counts
from apps.telemetry.operations.intake import take_in
from apps.telemetry.operations.quarantine import keep_unreadable
from apps.telemetry.operations.retention import keep_from, retention_edge
from apps.telemetry.operations.storing import make_months
from apps.telemetry.queries.received import is_month_full_now

# Why a run stopped that may go on behind what it stored, once there is room.
MONTH_FULL = "month_full"
SHOWN_ROWS = 20
_RENEWED_EVERY = 20_000
# What a page looks through before it answers; the run itself reads everything.
MOST_LOOKED_AT = 200_000
# No month of readings can be made before this one.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Preview:
    """What an import would do. `complete` is False when only the first rows were looked at."""

    rows: list[Row]
    tally: Tally
    first_at: datetime | None
    last_at: datetime | None
    edge_moves_to: datetime | None
    complete: bool


def source_of(profile_name: str) -> str:
    """The sender's name of everything imported under a profile."""
    return f"import:{profile_name}"


def must_have_asset(mapping: Mapping) -> None:
    """Raises BadFile while nothing says which asset a row is about."""
    if not mapping.asset and not mapping.asset_column:
        raise BadFile("no_asset")


def preview_import(
    *,
    mapping: Mapping,
    stream: BinaryIO,
    source: str,
    now: datetime,
    most: int | None = MOST_LOOKED_AT,
) -> Preview:
    """Judge the file against what is stored, and store nothing. Raises BadFile."""
    must_have_asset(mapping)
    preview = Preview([], Tally(), None, None, None, True)
    with transaction.atomic():
        if retention_edge(now) > EARLIEST:
            keep_from(earliest=EARLIEST, now=now)
        rows = read_rows(mapping, stream)
        for chunk in chunks_of(islice(rows, most)):
            _look_at(preview, chunk, source, now)
        preview.complete = next(rows, None) is None
        transaction.set_rollback(True)
    edge = retention_edge(now)
    if preview.first_at is not None and preview.first_at < edge:
        preview.edge_moves_to = max(preview.first_at, EARLIEST)
    return preview


def _look_at(preview: Preview, chunk: Chunk, source: str, now: datetime) -> None:
    preview.rows.extend(chunk.rows[: SHOWN_ROWS - len(preview.rows)])
    preview.first_at = min(filter(None, (preview.first_at, *chunk.times)), default=None)
    preview.last_at = max(filter(None, (preview.last_at, *chunk.times)), default=None)
    for row in chunk.rows:
        preview.tally.add_row(row)
    outcomes = take_in(items=chunk.items, source=source, now=now)
    preview.tally.add_outcomes(chunk.columns, outcomes)


def run_import(
    *,
    run: ImportRun,
    now: datetime,
    job: Job | None = None,
    clock: Callable[[], datetime] | None = None,
) -> ImportRun:
    """Take the stored file in, going on behind what an earlier try has committed.

    Not atomic: each chunk commits by itself. `clock` renews the job's lease while it works.
    A file that cannot be read ends the run as failed, with the reason; so does a month in which the plan
    stores no more, after which the run may be started again.
    """
    if run.state == ImportRun.State.DONE:
        return run
    if run.state != ImportRun.State.RUNNING:
        run.state = ImportRun.State.RUNNING
        run.save(update_fields=["state"])

    def renew() -> None:
        if job is not None:
            at = clock() if clock else now
            note_progress(job=job, done=run.rows_done, now=at, total=run.rows_total)

    try:
        mapping = from_dict(run.mapping)
        with _opened(run) as stream:
            _measure(run, mapping, cast("BinaryIO", stream), now, renew)
            _take_rest(run, mapping, cast("BinaryIO", stream), now, renew)
    except BadFile as error:
        run.state, run.error, run.finished_at = ImportRun.State.FAILED, error.reason, now
        run.problems = [
            *run.problems,
            {
                "line": error.params.get("line", ""),
                "column": "",
                "kind": "file",
                "reason": error.reason,
                "params": error.params,
            },
        ]
        run.save(update_fields=["state", "error", "finished_at", "problems"])
        return run
    run.state, run.finished_at = ImportRun.State.DONE, now
    run.save(update_fields=["state", "finished_at"])
    return run


def _opened(run: ImportRun) -> Any:
    try:
        return default_storage.open(run.stored_as, "rb")
    except FileNotFoundError:
        raise BadFile("file_gone") from None


def _measure(
    run: ImportRun, mapping: Mapping, stream: BinaryIO, now: datetime, renew: Callable[[], None]
) -> None:
    """Count the rows and move the retention edge back to the oldest: importing is on purpose."""
    must_have_asset(mapping)
    total, oldest = 0, None
    for row in read_rows(mapping, stream):
        total += 1
        if total % _RENEWED_EVERY == 0:
            renew()
        times = [item.interval_start or item.measured_at for item in row.items]
        oldest = min(times if oldest is None else [*times, oldest], default=None)
    if oldest is not None:
        keep_from(earliest=max(oldest, EARLIEST), now=now)
    run.rows_total = total
    run.save(update_fields=["rows_total"])


def _take_rest(
    run: ImportRun, mapping: Mapping, stream: BinaryIO, now: datetime, renew: Callable[[], None]
) -> None:
    tally, levels = _tally_of(run), _feeds_levels(mapping)
    rows = islice(read_rows(mapping, stream), run.rows_done, None)
    for chunk in chunks_of(rows):
        if levels:
            # Beforehand, so that a new month's lock does not last as long as the chunk.
            make_months([instant.replace(tzinfo=None) for instant in _possible(chunk.times, now)])
        if is_month_full_now(now):
            raise BadFile(MONTH_FULL, line=str(chunk.rows[0].line))
        _take_chunk(run, chunk, tally, now)
        renew()


def _feeds_levels(mapping: Mapping) -> bool:
    codes = [rule.channel for rule in mapping.columns]
    return TypeChannel.objects.filter(code__in=codes).exclude(kind=ChannelKind.DELTA).exists()


def _tally_of(run: ImportRun) -> Tally:
    counts = Counts(
        run.rows_done, run.accepted, run.duplicates, run.conflicts, run.refused, run.skipped
    )
    notes = [entry for entry in run.problems if entry["kind"] == "note"]
    problems = [entry for entry in run.problems if entry["kind"] in ("refused", "conflict")]
    return Tally(counts, problems, notes)


class RunMoved(RuntimeError):
    """Another worker has gone on with this run."""


def _take_chunk(run: ImportRun, chunk: Chunk, tally: Tally, now: datetime) -> None:
    source = source_of(run.profile.name)
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update().get(pk=run.pk)
        if locked.rows_done != run.rows_done or locked.state == ImportRun.State.DONE:
            raise RunMoved(f"import {run.public_id} stands at row {locked.rows_done}")
        outcomes = take_in(items=chunk.items, source=source, now=now)
        for row in chunk.rows:
            tally.add_row(row)
        tally.add_outcomes(chunk.columns, outcomes)
        keep_unreadable(problems=_unreadable(chunk.rows), source=source, now=now)
        note_counts(run, tally)
        run.taken_at = sorted({*run.taken_at, now})
        run.save()


def _possible(times: Iterable[datetime], now: datetime) -> Iterator[datetime]:
    """Instants whose month can be made; the others are refused at intake."""
    return (instant for instant in times if EARLIEST <= instant <= now)


def _unreadable(rows: Iterable[Row]) -> list[tuple[int, str, dict[str, str], str]]:
    return [
        (problem.line, problem.reason, dict(problem.params), row.raw)
        for row in rows for problem in row.problems
    ]  # fmt: skip
