"""Collects static files when one of them has changed since the last time."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from portal.local import state
from portal.local.programs import MANAGE

COLLECTED = {"PERUSE_STATIC": "collected"}  # hashed names, served as they were collected
# Packages bring static files of their own.
FILES = ("requirements.txt", "portal/settings.py")


def collect() -> None:
    """Raises LocalError with Django's own words when a file cannot be collected."""
    stamp = state.prepare_state() / "static.stamp"
    with state.locked("static"):
        wanted = fingerprint(state.CHECKOUT)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        done = subprocess.run(
            [*MANAGE, "collectstatic", "--noinput", "-v", "0"],
            cwd=state.CHECKOUT,
            env={**os.environ, **COLLECTED, "PERUSE_PROCESS": "console"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise state.LocalError(f"Static files: {done.stdout}{done.stderr}".strip())
        stamp.write_text(wanted)


def fingerprint(checkout: Path) -> str:
    """Names, sizes and times of change of all that could be collected."""
    digest = hashlib.sha256()
    for path in sorted(sources(checkout)):
        found = path.stat()
        digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def sources(checkout: Path) -> Iterator[Path]:
    folders = [checkout / "static", state.state_dir() / "frontend"]
    folders += checkout.glob("apps/*/static")
    for folder in folders:
        for inside, _, names in os.walk(folder):
            yield from (Path(inside) / name for name in names)
    yield from (checkout / name for name in FILES if (checkout / name).exists())
