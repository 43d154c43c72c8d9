"""Files that are there whole or not at all."""

import contextlib
import errno
import os
from typing import Any
from uuid import uuid4

from django.core.files.storage import FileSystemStorage

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
