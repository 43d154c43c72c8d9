"""The servers of this checkout and who uses them: the last one out switches them off."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from portal.local import postgres, provision, state, valkey

# Set for a command that runs inside a block of `in_use`, whose end stops the servers.
HELD = "PERUSE_SERVERS_HELD"


def start() -> None:
    """Start the servers that no address in the environment replaces, and provision."""
    ready_made = bool(os.environ.get("DATABASE_OPS_URL"))
    if not ready_made and not os.environ.get("DATABASE_URL"):
        postgres.ensure_running()
    if not os.environ.get("CELERY_BROKER_URL"):
        valkey.ensure_running()
    if not ready_made:
        provision.provision_configured()


def stop() -> None:
    valkey.stop()
    postgres.stop()
    # Starting happens under these locks, so nobody loses a folder just taken into use.
    with state.locked("postgres"), state.locked("valkey"):
        state.leave_run_dir()


def keep_running(wanted: bool) -> None:
    """Whether the servers outlive their users; asked inside a user, they do not."""
    if wanted and os.environ.get(HELD):
        return
    state.note(keep=True if wanted else None)


@contextmanager
def in_use() -> Iterator[None]:
    """Servers run inside this block; they stop after the last block of all processes."""
    with (state.prepare_state() / "users.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        try:
            start()
            yield
        finally:
            if is_last(file) and not state.record().get("keep"):
                stop()


def is_last(file: IO[str]) -> bool:
    """Nobody else holds the lock; newcomers wait until it is let go."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
