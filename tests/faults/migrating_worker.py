"""A worker that migrates a database and can be killed over it.

A command: {database, die_at, die_noting, careless}. `die_at`: the process kills itself before that statement, `die_noting` before that migration is noted.
`careless` takes the protection off: a migration is noted as applied after its transaction. With `count`
it writes how many statements there were into that file.
"""

import os
import signal
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tests.faults.forking import serve


def work(command: dict[str, Any]) -> None:
    from django.core.management import call_command
    from django.db import connection

    connection.settings_dict["NAME"] = command["database"]
    if command.get("careless"):
        take_protection_off()
    count = [0]

    def watch(execute: Callable[..., Any], *words: Any) -> Any:
        count[0] += 1
        if count[0] == command.get("die_at") or is_note(words, command.get("die_noting")):
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*words)

    with connection.execute_wrapper(watch):
        call_command("migrate_schemas", "--skip-checks", "-v0")
    if command.get("count"):
        Path(command["count"]).write_text(str(count[0]))


def is_note(words: Any, migration: str | None) -> bool:
    """Whether the statement notes that this migration is applied."""
    return bool(migration) and "django_migrations" in words[0] and migration in (words[1] or ())


def take_protection_off() -> None:
    from apps.tenancy.management.commands import migrate_schemas

    migrate_schemas.noted_at_once = nullcontext  # type: ignore[assignment]


if __name__ == "__main__":
    serve(work)
