"""From a binary stream to text lines: compression, encoding and size are judged here."""

import gzip
import zlib
from collections.abc import Iterator
from io import BufferedReader, RawIOBase, TextIOWrapper
from typing import IO, BinaryIO, cast

LARGEST_CONTENT = 1 << 30
LONGEST_LINE = 256 * 1024
# Recordings shrink about tenfold; only something made to fill memory shrinks this far.
_BOMB_FROM = 4 * 1024 * 1024
_BOMB_RATIO = 200
_GZIP = b"\x1f\x8b"
_KNOWN_FILES = (
    (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP/XLSX"), (b"\xd0\xcf\x11\xe0", "XLS"), (b"\x7fELF", "ELF"), (_GZIP, "GZIP"),
    (b"BZh", "BZIP2"), (b"\xfd7zXZ", "XZ"), (b"PAR1", "Parquet"), (b"SQLite format", "SQLite"),
)  # fmt: skip
_BOM = "\ufeff"


class BadFile(ValueError):
    """The file as a whole cannot be read: a reason and its parameters, with a line where known."""

    def __init__(self, reason: str, **params: object) -> None:
        self.reason = reason
        self.params = {key: str(text)[:200] for key, text in params.items()}
        super().__init__(f"{reason} {self.params}")


class _Bounded(RawIOBase):
    """Reads on while the content stays within bounds of size and of compression ratio."""

    def __init__(self, inner: BinaryIO, packed: BinaryIO | None) -> None:
        self.inner, self.packed, self.count = inner, packed, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer))
        chunk = self._chunk(len(view))
        view[: len(chunk)] = chunk
        self.count += len(chunk)
        if self.count > LARGEST_CONTENT or self._bomb():
            raise BadFile("too_much_content", megabytes=LARGEST_CONTENT >> 20)
        return len(chunk)

    def _chunk(self, size: int) -> bytes:
        try:
            return self.inner.read(size)
        except (EOFError, OSError, zlib.error):
            raise BadFile("broken_gzip") from None

    def _bomb(self) -> bool:
        if self.packed is None or self.count < _BOMB_FROM:
            return False
        return self.count > _BOMB_RATIO * max(1, self.packed.tell())


def open_lines(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """Lines with their ends, in order. Raises BadFile, also while it is read."""
    stream.seek(0)
    head = stream.read(len(_GZIP))
    stream.seek(0)
    packed = head == _GZIP
    inner = cast("BinaryIO", gzip.GzipFile(fileobj=stream)) if packed else stream
    bounded = BufferedReader(_Bounded(inner, stream if packed else None), 1 << 16)
    _judge_head(bounded.peek(4096)[:4096], encoding)
    text = cast("IO[bytes]", bounded)
    return _lines_of_wide(text) if encoding == "utf-16" else _lines(text, encoding)


def _judge_head(head: bytes, encoding: str) -> None:
    if not head:
        raise BadFile("empty_file")
    for beginning, kind in _KNOWN_FILES:
        if head.startswith(beginning):
            raise BadFile("known_file", kind=kind)
    if encoding != "utf-16" and b"\0" in head:
        raise BadFile("binary_file")


def _lines(stream: IO[bytes], encoding: str) -> Iterator[str]:
    number = 0
    codec = "utf-8" if encoding.startswith("utf-8") else encoding
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise BadFile("line_too_long", line=number, bytes=LONGEST_LINE)
        if b"\0" in line:
            raise BadFile("binary_line", line=number)
        try:
            text = line.decode(codec)
        except UnicodeDecodeError as error:
            raise BadFile(
                "not_encoded_so", line=number, encoding=encoding, byte=error.start + 1
            ) from None
        yield text.removeprefix(_BOM) if number == 1 else text


def _lines_of_wide(stream: IO[bytes]) -> Iterator[str]:
    number = 0
    wide = TextIOWrapper(stream, encoding="utf-16", newline="\n")
    while True:
        try:
            line = wide.readline(LONGEST_LINE + 1)
        except UnicodeError:
            raise BadFile("not_encoded_so", line=number + 1, encoding="utf-16", byte="?") from None
        if not line:
            return
        number += 1
        if len(line) > LONGEST_LINE:
            raise BadFile("line_too_long", line=number, bytes=LONGEST_LINE)
        yield line
