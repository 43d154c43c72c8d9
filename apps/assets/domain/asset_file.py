"""A CSV file of assets, line by line: what it says and what is wrong with it."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

COLUMNS = (
    "type", "name", "serial", "site", "manufacturer", "owner", "provider", "customer",
    "in_service_on",
)  # fmt: skip
NEEDED = ("type", "name", "serial")
MOST_BYTES = 1024 * 1024
MOST_ROWS = 10_000
_LENGTHS = {"type": 120, "name": 120, "serial": 80, "site": 120}


class BadAssetFile(ValueError):
    """The file as a whole cannot be read: a reason and its parameters."""

    def __init__(self, reason: str, **params: object) -> None:
        self.reason, self.params = reason, {key: str(text) for key, text in params.items()}
        super().__init__(f"{reason} {self.params}")


@dataclass(slots=True)
class AssetLine:
    """One line: its cells by column and its problems as (column, reason, params)."""

    line: int
    cells: dict[str, str]
    problems: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    in_service_on: date | None = None

    def wrong(self, column: str, reason: str, **params: object) -> None:
        self.problems.append((column, reason, {key: str(text) for key, text in params.items()}))


def decode(content: bytes) -> str:
    """The text of an uploaded file (UTF-8, with or without mark). Raises BadAssetFile."""
    if len(content) > MOST_BYTES:
        raise BadAssetFile("too_large", most=MOST_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadAssetFile("not_utf8", line=line) from None
    if "\0" in text:
        raise BadAssetFile("binary")
    return text


def read_lines(text: str) -> list[AssetLine]:
    """Every line below the header. Raises BadAssetFile; lines carry their own problems."""
    return _judged(csv_lines(text, COLUMNS, NEEDED))


def csv_lines(text: str, columns: Sequence[str], needed: Sequence[str]) -> list[AssetLine]:
    """Lines of a CSV with a header of these columns, unjudged. Raises BadAssetFile."""
    if len(text) > MOST_BYTES:
        raise BadAssetFile("too_large", most=MOST_BYTES)
    if not text.strip():
        raise BadAssetFile("empty")
    first = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _judge_header(header, columns, needed)
        return list(_lines(reader, header))
    except csv.Error:
        raise BadAssetFile("bad_quotes", line=reader.line_num) from None


def _judge_header(header: list[str], columns: Sequence[str], needed: Sequence[str]) -> None:
    for name in header:
        if name not in columns:
            raise BadAssetFile("unknown_column", column=name[:80], known=", ".join(columns))
        if header.count(name) > 1:
            raise BadAssetFile("double_column", column=name)
    for name in needed:
        if name not in header:
            raise BadAssetFile("missing_column", column=name)


def _lines(reader: Iterator[list[str]], header: list[str]) -> Iterator[AssetLine]:
    number = 1
    for cells in reader:
        number += 1
        if number > MOST_ROWS + 1:
            raise BadAssetFile("too_many_rows", most=MOST_ROWS)
        if not any(cell.strip() for cell in cells):
            continue
        row = AssetLine(number, dict(zip(header, (cell.strip() for cell in cells), strict=False)))
        if len(cells) != len(header):
            row.wrong("", "other_width", found=len(cells), expected=len(header))
        yield row


def _judged(rows: list[AssetLine]) -> list[AssetLine]:
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        for name in NEEDED:
            if not row.cells.get(name):
                row.wrong(name, "needed")
        for name, longest in _LENGTHS.items():
            text = row.cells.get(name, "")
            if len(text) > longest or not text.isprintable():
                row.wrong(name, "bad_text", longest=longest)
        _judge_day(row)
        key = (row.cells.get("type", ""), row.cells.get("serial", ""))
        if key in seen and all(key):
            row.wrong("serial", "twice", line=seen[key])
        seen.setdefault(key, row.line)
    return rows


def _judge_day(row: AssetLine) -> None:
    text = row.cells.get("in_service_on", "")
    if not text:
        return
    try:
        row.in_service_on = date.fromisoformat(text)
    except ValueError:
        row.wrong("in_service_on", "bad_day", value=text[:40])
