"""Errors that are nobody's mistake: the database is away, or a disk is full. They pass by themselves."""

import errno

from django.db import InterfaceError, OperationalError
from psycopg.errors import DiskFull

_FULL = {errno.ENOSPC, errno.EDQUOT}


def is_outage(error: BaseException | None) -> bool:
    """Whether the database is away, full or too busy, or there is no room for files."""
    return isinstance(error, OperationalError | InterfaceError) or is_full(error)


def is_full(error: BaseException | None) -> bool:
    """Whether there is no room left, on the database's disk or for files."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    return isinstance(error, DiskFull) or isinstance(getattr(error, "__cause__", None), DiskFull)
