"""The secret key: from the environment, else made once and kept beside the local data."""

import os
import secrets
from pathlib import Path

from portal.local.state import LocalError, state_dir


def secret_key() -> str:
    """PERUSE_SECRET_KEY, which production must set; else `.peruse/secret-key` (mode 0600)."""
    given = os.environ.get("PERUSE_SECRET_KEY")
    if given:
        return given
    if os.environ.get("PERUSE_PRODUCTION") == "1":
        raise LocalError("PERUSE_SECRET_KEY must be set in production.")
    return _kept(state_dir() / "secret-key")


def _kept(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)  # the first of two starters wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
