"""A batch judged by columns: a few steps over whole lists instead of many for every item.

Only where every item is of the usual form: a known channel with levels, its unit or none, a plain
number, a good time. With one that is not, the batch is judged item by item, by `judge_items`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

from apps.common.quantity import BadValue
from apps.telemetry.operations.channels import KnownChannel, names_for
from apps.telemetry.operations.judgement import (
    PLAIN_NUMBER,
    Bounds,
    Judged,
    RawItem,
    Rows,
    micros_of,
)

# Numbers as they stand in a body, with or without quotes, each with a comma behind it. Nothing is
# tried twice (`*+`): a long body must not be able to make the search slow.
_PLAIN_NUMBERS = re.compile(rf'(?:"{PLAIN_NUMBER}",|{PLAIN_NUMBER},)*+')


@dataclass(frozen=True, slots=True)
class Batch(Sequence[RawItem]):
    """Items of one body as columns; an item itself is made only where somebody looks at it.

    A subject names asset and channel (`ast_…/cycles`, or only the channel of `asset`). `values`
    are as written in the body. The index of an item is its position.
    """

    asset: str
    subjects: list[str]
    times: list[str]
    values: Sequence[bytes]
    units: list[str | None]
    make: Callable[[int], RawItem]

    def __len__(self) -> int:
        return len(self.subjects)

    @overload
    def __getitem__(self, index: int) -> RawItem: ...
    @overload
    def __getitem__(self, index: slice) -> list[RawItem]: ...
    def __getitem__(self, index: int | slice) -> RawItem | list[RawItem]:
        if isinstance(index, slice):
            return [self.make(place) for place in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.make(index)


def judge_batch(batch: Batch, bounds: Bounds) -> Judged | None:
    """The rows of the batch; None where one item is not of the usual form."""
    values = _numbers(batch.values)
    known = values and _channels(batch, bounds)
    if not values or not known:
        return None
    try:
        instants = micros_of(set(batch.times), bounds)
    except BadValue:
        return None
    micros = [instants[text] for text in batch.times]
    channels = [channel.id for channel in known]
    return Judged(levels=Rows(list(range(len(batch))), channels, micros, values))


def _numbers(raws: Sequence[bytes]) -> list[str] | None:
    """The numbers' digits as written, or None when one is not plain."""
    joined = b",".join(raws)
    text = str(joined, "utf-8", "replace") + ","
    if not _PLAIN_NUMBERS.fullmatch(text):
        return None
    return text.replace('"', "")[:-1].split(",")


def _channels(batch: Batch, bounds: Bounds) -> list[KnownChannel] | None:
    """The channel of each item, or None where one is not to be used as it stands."""
    found = _of_subjects(batch)
    if None in found:
        return None
    known = [channel for channel in found if channel]
    kinds = {
        (channel.kind == "delta" or channel.is_derived, channel.asset_id) for channel in set(known)
    }
    only = bounds.device.asset_id if bounds.device else None
    if any(is_other or (only and asset != only) for is_other, asset in kinds):
        return None
    for unit, channel in zip(batch.units, known, strict=True):
        if unit is not None and unit != channel.unit:
            return None
    return known


def _of_subjects(batch: Batch) -> list[KnownChannel | None]:
    """Channels by subject, from this process's memory where they were named like this before."""
    told = names_for(set()).subjects.setdefault(batch.asset, {})
    found = list(map(told.get, batch.subjects))
    if None not in found:
        return found
    pairs = {
        subject: named(subject, batch.asset)
        for subject, channel in zip(batch.subjects, found, strict=True) if channel is None
    }  # fmt: skip
    names = names_for(set(pairs.values()))
    new = {subject: names[pair] for subject, pair in pairs.items() if pair in names}
    names.subjects.setdefault(batch.asset, {}).update(new)
    return [
        channel or new.get(subject) for subject, channel in zip(batch.subjects, found, strict=True)
    ]


def named(subject: str, asset: str) -> tuple[str, str]:
    """Asset and channel that a subject names; `asset` is meant where it names none."""
    first, _slash, channel = subject.rpartition("/")
    return first or asset, channel
