"""The limit of a bulk write: the owner's COPY of the same rows into the same keyed tables."""

import tempfile
import time
from collections.abc import Sequence
from typing import IO, Any

import psycopg

READ_AT_ONCE = 2 << 20  # bytes


def copied_again(owner: psycopg.Connection[Any], tables: Sequence[str]) -> float:
    """Seconds of one transaction that copies the tables' rows into them, once they are empty.

    `tables` in the order of their foreign keys.
    """
    with tempfile.TemporaryFile() as file:
        lengths = [_take(owner, name, file) for name in tables]
        owner.execute(f"truncate {', '.join(tables)} cascade")
        file.seek(0)
        start = time.perf_counter()
        with owner.transaction():
            for name, length in zip(tables, lengths, strict=True):
                _put(owner, name, file, length)
        return time.perf_counter() - start


def counts(owner: psycopg.Connection[Any], tables: Sequence[str]) -> list[int]:
    """Rows of each."""
    found = [owner.execute(f"select count(*) from {name}").fetchone() for name in tables]
    return [row[0] for row in found if row]


def _take(owner: psycopg.Connection[Any], name: str, file: IO[bytes]) -> int:
    start = file.tell()
    statement = f"copy (select * from {name} order by id) to stdout (format binary)"
    with owner.cursor().copy(statement) as copy:
        for data in copy:
            file.write(data)
    return file.tell() - start


def _put(owner: psycopg.Connection[Any], name: str, file: IO[bytes], length: int) -> None:
    with owner.cursor().copy(f"copy {name} from stdin (format binary)") as copy:
        while length > 0:
            data = file.read(min(length, READ_AT_ONCE))
            copy.write(data)
            length -= len(data)
