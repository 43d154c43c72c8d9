"""Restoring one company's schema from a backup: beside the live one, its difference, what is missing.

Nothing that stands is changed, nothing shared is touched. What is inserted goes the way of late
readings: its days are marked and worked in again, and usage that was billed is measured again.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from apps.events.operations import record
from apps.telemetry.operations.intake import ring_roll_up
from apps.telemetry.operations.restoring.beside import backup_beside
from apps.telemetry.operations.restoring.differences import Difference, differences
from apps.telemetry.operations.restoring.inserting import insert_missing
from apps.telemetry.operations.retention import retention_edge
from apps.tenancy.context import as_app, as_owner, current_company
from apps.tenancy.dumps import contents

__all__ = ["Difference", "Restored", "restore_company"]


@dataclass(frozen=True)
class Restored:
    """What a backup holds beside what stands; `inserted` by table and `days` marked, when applied."""

    company: str
    backup: str
    made_at: str
    applied: bool
    tables: Sequence[Difference]
    inserted: dict[str, int]
    days: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, a table's figures with how many of its rows were inserted."""
        tables = [
            {**asdict(table), "inserted": self.inserted.get(table.table, 0)}
            for table in self.tables
        ]
        return {**asdict(self), "tables": tables, "inserted": sum(self.inserted.values())}


def restore_company(*, path: Path, apply: bool, now: datetime) -> Restored:
    """Compare the current company's schema with a backup's and, if asked, insert what is missing.

    One transaction; a second run finds nothing missing. Needs the operations login. Raises DumpError
    when the file is no backup of this company by this version.
    """
    company, made_at = current_company(), contents(path).made_at
    with as_owner(), backup_beside(company, path) as side, transaction.atomic():
        edge = retention_edge(now)
        found = differences(side, edge)
        inserted, days = insert_missing(side, edge, now) if apply else ({}, 0)
        if inserted:
            _note(path.name, made_at, inserted, days, now)
    if inserted:
        with as_app():
            ring_roll_up(now=now)
    return Restored(company.slug, str(path), made_at, apply, found, inserted, days)


def _note(name: str, made_at: str, inserted: dict[str, int], days: int, now: datetime) -> None:
    details = {"backup": name, "made_at": made_at, "inserted": inserted, "days": days}
    with as_app():
        record(action="telemetry.restored", now=now, details=details)
