"""What an import counts and keeps for people, and the chunks it works in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.common.quantity import canonical
from apps.telemetry.domain.mapping import Problem, Row
from apps.telemetry.models import ImportRun
from apps.telemetry.operations.judgement import Outcome, RawItem

CHUNK = 5000
MOST_PROBLEMS = 1000
MOST_NOTES = 200


@dataclass(slots=True)
class Counts:
    """What became of the rows so far; all but `rows` count values."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    conflicts: int = 0
    refused: int = 0
    skipped: int = 0


@dataclass(slots=True)
class Tally:
    """Counts, and the problems and notes kept for people (each up to its bound)."""

    counts: Counts = field(default_factory=Counts)
    problems: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def add_row(self, row: Row) -> None:
        self.counts.rows += 1
        self.counts.skipped += row.empty
        self.counts.refused += len(row.problems)
        for problem in row.problems:
            self._keep(self.problems, MOST_PROBLEMS, entry_of(problem, "refused"))
        for note in row.notes:
            self._keep(self.notes, MOST_NOTES, entry_of(note, "note"))

    def add_outcomes(self, columns: Sequence[str], outcomes: Sequence[Outcome]) -> None:
        for column, outcome in zip(columns, outcomes, strict=True):
            if outcome.status == "accepted":
                self.counts.accepted += 1
            elif outcome.status == "duplicate":
                self.counts.duplicates += 1
            else:
                self._add_bad(column, outcome)

    def _add_bad(self, column: str, outcome: Outcome) -> None:
        conflict = outcome.status == "conflict"
        self.counts.conflicts += conflict
        self.counts.refused += not conflict
        reason = "other_content" if conflict else outcome.reason
        problem = Problem(outcome.position, column, reason, outcome.params)
        self._keep(self.problems, MOST_PROBLEMS, entry_of(problem, outcome.status))

    @staticmethod
    def _keep(entries: list[dict[str, Any]], most: int, entry: dict[str, Any]) -> None:
        if len(entries) < most:
            entries.append(entry)

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [*self.problems, *self.notes]


def entry_of(problem: Problem, kind: str) -> dict[str, Any]:
    """A problem as it is kept with the run; line 0 is the file as a whole."""
    return {
        "line": problem.line, "column": problem.column, "kind": kind, "reason": problem.reason,
        "params": dict(problem.params),
    }  # fmt: skip


def note_counts(run: ImportRun, tally: Tally) -> None:
    """Write a tally into the run's row (not saved here)."""
    counts = tally.counts
    run.rows_done, run.accepted, run.duplicates = counts.rows, counts.accepted, counts.duplicates
    run.conflicts, run.refused, run.skipped = counts.conflicts, counts.refused, counts.skipped
    run.problems = tally.entries


@dataclass(slots=True)
class Chunk:
    """Rows with their items, side by side with each item's column and earliest instant."""

    rows: list[Row] = field(default_factory=list)
    items: list[RawItem] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)

    def add(self, row: Row) -> None:
        self.rows.append(row)
        for item in row.items:
            self.items.append(
                RawItem(
                    position=row.line,
                    asset=item.asset,
                    channel=item.channel,
                    time=_written(item.measured_at),
                    value=canonical(item.value),
                    id=item.id,
                    interval_start=item.interval_start and _written(item.interval_start),
                    unit=item.unit,
                )
            )
            self.columns.append(item.column)
            self.times.append(item.interval_start or item.measured_at)


def _written(instant: datetime) -> str:
    return instant.replace(tzinfo=None).isoformat() + "Z"


def chunks_of(rows: Iterable[Row]) -> Iterator[Chunk]:
    """Rows in chunks of about CHUNK values."""
    chunk = Chunk()
    for row in rows:
        chunk.add(row)
        if len(chunk.items) >= CHUNK or len(chunk.rows) >= CHUNK:
            yield chunk
            chunk = Chunk()
    if chunk.rows:
        yield chunk
