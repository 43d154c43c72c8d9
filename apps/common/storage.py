"""Files that are there whole or not at all, and large ones that are written there from the beginning."""

import contextlib
import errno
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage

# Older drafts were left by processes that were killed.
_DRAFTS_KEPT_SECONDS = 24 * 3600
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}


class WholeFiles(FileSystemStorage):
    """Writes beside and takes the name when all is written: a full disk leaves no half of a file."""

    def _save(self, name: str, content: Any) -> str:
        draft = os.path.join(os.path.dirname(name), f".{uuid4().hex}.partial")
        try:
            super()._save(draft, content)  # type: ignore[misc]
            return self._named(draft, name)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path(draft))

    def _named(self, draft: str, name: str) -> str:
        """Give the draft the name, or another one when somebody took it meanwhile."""
        while True:
            try:
                self._take(draft, name)
            except FileExistsError:
                name = self.get_available_name(name)
            else:
                return name.replace("\\", "/")

    def _take(self, draft: str, name: str) -> None:
        """A link refuses a name that is taken; some shared file systems know no links."""
        try:
            os.link(self.path(draft), self.path(name))
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if self.exists(name):
                raise FileExistsError(name) from error
            os.rename(self.path(draft), self.path(name))


class Draft(File):
    """A file that is being written where it will lie: storing it gives it a name, nothing is copied."""

    def temporary_file_path(self) -> str:
        """Storage moves what has such a path."""
        self.flush()
        return str(self.name)


@contextlib.contextmanager
def drafted(folder: str) -> Iterator[Draft]:
    """An empty file to write and read, in a folder of the storage; gone afterwards unless it was stored.

    Not in the folder for temporary files, which may be memory.
    """
    place = Path(default_storage.path(folder))
    place.mkdir(parents=True, exist_ok=True)
    _drop_left(place)
    with tempfile.NamedTemporaryFile(
        dir=place, prefix=".", suffix=".partial", delete=False
    ) as file:
        try:
            yield Draft(file, name=file.name)
        finally:
            Path(file.name).unlink(missing_ok=True)


def _drop_left(place: Path) -> None:
    oldest = time.time() - _DRAFTS_KEPT_SECONDS
    for path in place.glob(".*.partial"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()
