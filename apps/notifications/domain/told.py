"""What one company's people are told of one event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Told:
    """A message with the values its text needs, written out at reading in the reader's language.

    `subject`: the public id of what it is about; empty where it is about several things.
    `stands`: it may be said again and again of the same subject, and is not while it is unread.
    `without`: people who did it themselves.
    """

    topic: str
    message: str
    subject: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    stands: bool = False
    without: frozenset[int] = frozenset()
