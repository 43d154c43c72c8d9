"""A migration and the note that it is applied are one transaction.

Django notes a migration that leaves something for its end (a foreign key, an index) only after that is
committed. Killed in between, it is applied and not noted, and the next run stumbles over what is there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.migrations.executor import MigrationExecutor

_apply = MigrationExecutor.apply_migration


@contextmanager
def noted_at_once() -> Iterator[None]:
    """Migrations in this block are applied and noted, or neither."""
    before = MigrationExecutor.apply_migration
    MigrationExecutor.apply_migration = _apply_and_note  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        MigrationExecutor.apply_migration = before  # type: ignore[method-assign]


def _apply_and_note(executor: Any, state: Any, migration: Any, *args: Any, **words: Any) -> Any:
    if not migration.atomic:
        return _apply(executor, state, migration, *args, **words)
    with transaction.atomic(using=executor.connection.alias):
        return _apply(executor, state, migration, *args, **words)
