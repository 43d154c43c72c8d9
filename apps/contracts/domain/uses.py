"""When which channels of an asset are read for a contract: their times joined, then told apart."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Use(NamedTuple):
    """A channel that is read in [start, until); until None: as long as the contract."""

    channel: str
    start: datetime
    until: datetime | None


class Stretch(NamedTuple):
    """Channels that are read in the same [start, until)."""

    channels: tuple[str, ...]
    start: datetime
    until: datetime | None


def stretches(uses: Iterable[Use]) -> list[Stretch]:
    """By time: what is read from when to when. Times of a channel that touch are one, empty ones none."""
    by_channel: dict[str, list[Use]] = {}
    for use in uses:
        if use.until is None or use.start < use.until:
            by_channel.setdefault(use.channel, []).append(use)
    found: dict[tuple[datetime, datetime | None], list[str]] = {}
    for code in sorted(by_channel):
        for use in _joined(by_channel[code]):
            found.setdefault((use.start, use.until), []).append(code)
    return sorted(
        (Stretch(tuple(codes), *span) for span, codes in found.items()),
        key=lambda row: (row.start, row.channels),
    )


def within(use: Use, start: datetime, until: datetime | None) -> Use:
    """The same, no longer than [start, until); it may be empty."""
    ends = [end for end in (use.until, until) if end is not None]
    return Use(use.channel, max(use.start, start), min(ends) if ends else None)


def _joined(uses: Iterable[Use]) -> list[Use]:
    found: list[Use] = []
    for use in sorted(uses, key=lambda use: use.start):
        last = found[-1] if found else None
        if last is None or (last.until is not None and last.until < use.start):
            found.append(use)
        elif last.until is not None:
            until = None if use.until is None else max(last.until, use.until)
            found[-1] = last._replace(until=until)
    return found
