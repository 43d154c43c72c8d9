"""Where a checkout keeps its servers' data, and what it remembers about them."""

import fcntl
import hashlib
import json
import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
SOCKET_PATH_LIMIT = 100  # bytes; the kernel's own limit for a socket path is 107


class LocalError(Exception):
    """Something a person has to put right; its text says what."""


def state_dir() -> Path:
    """The folder that holds all data of this checkout (not created here)."""
    return Path(os.environ.get("PERUSE_STATE") or CHECKOUT / ".peruse").resolve()


def prepare_state() -> Path:
    """Create the state folder, or say plainly whose it is when it cannot be used."""
    folder = state_dir()
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise LocalError(
            f"{folder} cannot be created: {error.strerror}. Use a checkout of your own, "
            "or set PERUSE_STATE to a folder you may write."
        ) from None
    refuse_foreign(folder)
    return folder


def refuse_foreign(folder: Path) -> None:
    """PostgreSQL only serves data of the user it runs as, so one folder has one user."""
    owner, me = folder.stat().st_uid, os.geteuid()
    if owner == me:
        return
    raise LocalError(
        f"{folder} belongs to {user_name(owner)}, and you are {user_name(me)}. Go on as "
        f"{user_name(owner)}, or let {user_name(owner)} run `make clean`, "
        "or set PERUSE_STATE to a folder of your own."
    )


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def checkout_mark() -> str:
    """Twelve characters that tell this state folder from all others on the machine."""
    return hashlib.sha256(os.fsencode(state_dir())).hexdigest()[:12]


def run_dir() -> Path:
    """A short private folder for sockets: paths in a deep checkout would be too long."""
    for base in (os.environ.get("XDG_RUNTIME_DIR"), "/tmp", tempfile.gettempdir()):
        if base and fits(base):
            return private_dir(Path(base) / f"peruse-{os.geteuid()}-{checkout_mark()}")
    raise LocalError("No folder for sockets: set XDG_RUNTIME_DIR to a short one you may write.")


def leave_run_dir() -> None:
    """Remove the sockets' folder unless a server still has its socket in it."""
    folder = run_dir()
    (folder / "output").unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def fits(base: str) -> bool:
    longest = f"{base}/peruse-{os.geteuid()}-{checkout_mark()}/.s.PGSQL.5432"
    return os.access(base, os.W_OK | os.X_OK) and len(os.fsencode(longest)) < SOCKET_PATH_LIMIT


def private_dir(path: Path) -> Path:
    """Make `path` readable by this user alone; refuse one that somebody else laid there."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise LocalError(f"{path} is not a folder of {user_name(os.geteuid())}: remove it.")
    path.chmod(0o700)
    return path


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold this checkout's lock `name` alone; waits for another process to finish."""
    with (prepare_state() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def record() -> dict[str, Any]:
    """What was noted about the servers; empty before the first start."""
    try:
        return dict(json.loads((state_dir() / "servers.json").read_text()))
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise LocalError(f"{state_dir()} belongs to another user.") from None


def note(**changes: Any) -> None:
    """Merge `changes` into the record; a value of None removes its key."""
    merged = {key: value for key, value in {**record(), **changes}.items() if value is not None}
    write_private(state_dir() / "servers.json", json.dumps(merged, indent=1))


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step with a file only this user can read."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)
