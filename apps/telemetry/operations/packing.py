"""Columns of a batch as PostgreSQL's binary arrays: few Python steps per item.

numpy is loaded by the first batch: a process that takes nothing in does without its 17 MiB.
"""

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from psycopg import Connection, Cursor
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.int64] | Sequence[int]

_EPOCH_SHIFT = 946_684_800_000_000  # microseconds from 1970 to 2000, where PostgreSQL counts from
_HEADER = struct.Struct("!iiIii")


class Int4Array(bytes):
    """integer[] in binary form."""

    element: ClassVar[int] = 23
    array: ClassVar[int] = 1007


class TimestampArray(bytes):
    """timestamptz[] in binary form."""

    element: ClassVar[int] = 1184
    array: ClassVar[int] = 1185


class ByteaArray(bytes):
    """bytea[] of 16-byte keys in binary form."""

    element: ClassVar[int] = 17
    array: ClassVar[int] = 1001


def _dumper(kind: type[Int4Array | TimestampArray | ByteaArray]) -> type[Dumper]:
    class PackedDumper(Dumper):
        format = Format.BINARY
        oid = kind.array

        def dump(self, obj: Any) -> Buffer:
            return bytes(obj)

    return PackedDumper


_DUMPERS = {kind: _dumper(kind) for kind in (Int4Array, TimestampArray, ByteaArray)}


def teach(speaker: Connection[Any] | Cursor[Any]) -> None:
    """Let this connection (its cursors from now on) or this cursor bind packed arrays."""
    for kind, dumper in _DUMPERS.items():
        speaker.adapters.register_dumper(kind, dumper)


def pack_integers(numbers: "Whole") -> Int4Array:
    """int4[] of channel keys."""
    return Int4Array(_packed(Int4Array.element, numbers, 4, ">i4"))


def pack_instants(micros: "Whole") -> TimestampArray:
    """timestamptz[] of microseconds since 1970 in UTC."""
    import numpy as np

    since_2000 = np.asarray(micros, dtype=np.int64) - _EPOCH_SHIFT
    return TimestampArray(_packed(TimestampArray.element, since_2000, 8, ">i8"))


def pack_keys(keys: list[bytes]) -> ByteaArray:
    """bytea[] of keys of 16 bytes."""
    import numpy as np

    column = np.frombuffer(b"".join(keys), dtype="V16")
    return ByteaArray(_packed(ByteaArray.element, column, 16, "V16"))


def pack_decimals(texts: list[str]) -> str:
    """numeric[] as text: the digits reach the database exactly as they were judged."""
    return "{" + ",".join(texts) + "}"


def _packed(element: int, column: Any, width: int, form: str) -> bytes:
    import numpy as np

    rows = np.empty(len(column), dtype=[("width", ">i4"), ("value", form)])
    rows["width"], rows["value"] = width, column
    return _HEADER.pack(1, 0, element, len(column), 1) + rows.tobytes()
