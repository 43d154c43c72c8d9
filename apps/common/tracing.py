"""What is being worked on, for whoever writes a log line: a request or a job, for whom."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

_notes: ContextVar[dict[str, str] | None] = ContextVar("peruse_notes", default=None)
# What a proxy may send as the name of a request; all else could forge lines or fill disks.
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{7,63}")


@contextmanager
def traced(**given: str) -> Iterator[dict[str, str]]:
    """All inside is one piece of work, of the one it lies in; yields its notes, to which `note` adds."""
    mine = {**notes(), **given}
    token = _notes.set(mine)
    try:
        yield mine
    finally:
        _notes.reset(token)


def note(**given: str) -> None:
    """Add to what is known of the present work; outside of any it is nobody's."""
    known = _notes.get()
    if known is not None:
        known.update(given)


def notes() -> dict[str, str]:
    """What is known of the present work: request, job, company, person."""
    return _notes.get() or {}


def request_id(given: str) -> str:
    """The request's name: the given one where it has the form of one, else a new one."""
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex
