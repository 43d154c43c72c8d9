"""What a component used, computed naively: its hosts' steps shared out by the time it was there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from tests.oracle.naive import Counter

NIL = Decimal(0)
STEP = timedelta(microseconds=1)


@dataclass
class Stay:
    """On a host (its number) from an instant to another, None: still; `factor` of its position."""

    host: int
    start: datetime
    end: datetime | None
    factor: Decimal
    # Host and instant of the counter values that mounting and dismounting brought.
    said: list[tuple[int, datetime, Decimal]] = field(default_factory=list)


def drawn(stays: Sequence[Stay], couplings: Sequence[Stay], trailer: int) -> list[Stay]:
    """Stays with those on a trailer told as stays on what drew it, for the time that both held."""
    found = [stay for stay in stays if stay.host != trailer]
    for stay in stays:
        if stay.host != trailer:
            continue
        for pulled in couplings:
            ends = [end for end in (stay.end, pulled.end) if end is not None]
            since, until = max(stay.start, pulled.start), min(ends, default=None)
            if until is None or since < until:
                found.append(Stay(pulled.host, since, until, stay.factor * pulled.factor))
    return found


def component_usage(
    counters: Sequence[Counter], stays: Sequence[Stay], start: datetime, end: datetime
) -> Decimal | None:
    """In [start, end): steps whose later reading lies in (start, end], shared out in proportion to
    time. None: it was on a host whose counter had never been read by the end."""
    total = NIL
    for stay in stays:
        used = _used_on(counters[stay.host], stay, start, end)
        if used is None:
            return None
        total += used
    return total


def _used_on(counter: Counter, stay: Stay, start: datetime, end: datetime) -> Decimal | None:
    steps = [(at, used) for at, _, used in counter.believed()]
    if not any(at <= end for at, _ in steps):
        touches = stay.start < end and (stay.end is None or stay.end > start)
        return None if touches else NIL
    total = NIL
    for (before, _), (after, used) in pairwise(steps):
        if not start < after <= end:
            continue
        until = after if stay.end is None else min(stay.end, after)
        since = max(stay.start, before)
        if since < until:
            total += _share(used, before, after, until) - _share(used, before, after, since)
    return (total * stay.factor).quantize(Decimal("1e-12"), rounding=ROUND_HALF_UP)


def _share(used: Decimal, before: datetime, after: datetime, instant: datetime) -> Decimal:
    """What of a step ran by an instant within it, to a millionth; at its ends exactly."""
    if instant in (before, after):
        return used if instant == after else NIL
    part = used * ((instant - before) // STEP) / ((after - before) // STEP)
    return part.quantize(Decimal("1e-6"), rounding=ROUND_HALF_UP)
