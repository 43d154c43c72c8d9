"""An asset's life as lines in time: what happened, who held which role, where it was."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Entry:
    """A day in an asset's life, or a stretch that begins there; days are those of the reader's zone.

    `kind`: of an act, `holds_<role>`, `mounted`, `carried`, `life`, `in_service`, `warranty`, `covered`.
    `who`: the company; `what` and `target`: another thing and its public id; `until`: its last day, which
    of a holder or mounting is that of the change; `act`: the act's public id where one's own company
    may withdraw it.
    """

    day: date
    kind: str
    who: str = ""
    what: str = ""
    target: str = ""
    note: str = ""
    until: date | None = None
    withdrawn: bool = False
    act: str = ""


def latest_first(entries: Iterable[Entry]) -> list[Entry]:
    """By day; entries of one day stay in the order they are given, turned round."""
    return sorted(entries, key=lambda entry: entry.day)[::-1]


@dataclass(frozen=True, slots=True)
class TitleFacts:
    """An asset's title passes from one company to another at an instant, by a transfer.

    Warranty days, both included, are given where the transfer carries a warranty.
    """

    asset: UUID
    seller: int
    buyer: int
    at: datetime
    transfer: str
    warranty_from: date | None = None
    warranty_until: date | None = None
