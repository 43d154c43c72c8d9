"""Values of a price index as text: `reference,value,published_on`, judged line by line."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.common.quantity import BadValue, parse_decimal

COLUMNS = ("reference", "value", "published_on")
MOST_LINES = 2000
MOST_BYTES = 200_000
# A month, a quarter or a year, as the office that publishes it names it.
_REFERENCE = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2])|-Q[1-4])?")


@dataclass(frozen=True, slots=True)
class PublishedValue:
    """What a series was for a month, quarter or year, and when that became known."""

    reference: str
    value: Decimal
    published_on: date


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a line cannot be taken; line 0 is the file as a whole."""

    line: int
    reason: str
    text: str = ""


def read_values(content: bytes) -> tuple[list[PublishedValue], list[LineProblem]]:
    """The values of a CSV file with comma or semicolon, and every line that is wrong."""
    if len(content) > MOST_BYTES:
        return [], [LineProblem(0, "file_too_large")]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [], [LineProblem(0, "not_utf8")]
    separator = ";" if text.partition("\n")[0].count(";") > 1 else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    if not rows or tuple(cell.strip().lower() for cell in rows[0]) != COLUMNS:
        return [], [LineProblem(1, "wrong_header", ",".join(COLUMNS))]
    if len(rows) > MOST_LINES:
        return [], [LineProblem(0, "too_many_lines")]
    return _judged(rows[1:])


def _judged(rows: list[list[str]]) -> tuple[list[PublishedValue], list[LineProblem]]:
    values: dict[str, PublishedValue] = {}
    problems: list[LineProblem] = []
    for line, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        found = list(line_problems(cells))
        if found:
            problems += [LineProblem(line, reason, text) for reason, text in found]
        elif cells[0].strip() in values:
            problems.append(LineProblem(line, "twice", cells[0].strip()))
        else:
            value = published_value(*(cell.strip() for cell in cells))
            values[value.reference] = value
    return list(values.values()), problems


def published_value(reference: str, value: str, published_on: str) -> PublishedValue:
    """From texts that `line_problems` found nothing against."""
    return PublishedValue(reference, _number(value), date.fromisoformat(published_on))


def line_problems(cells: list[str]) -> Iterator[tuple[str, str]]:
    """(reason, text) of everything that is wrong with one line."""
    if len(cells) != len(COLUMNS):
        yield "other_width", str(len(cells))
        return
    reference, value, published_on = (cell.strip() for cell in cells)
    if not _REFERENCE.fullmatch(reference):
        yield "bad_reference", reference[:40]
    try:
        if _number(value) < 0:
            yield "negative_value", value[:40]
    except BadValue:
        yield "bad_number", value[:40]
    try:
        date.fromisoformat(published_on)
    except ValueError:
        yield "bad_date", published_on[:40]


def _number(text: str) -> Decimal:
    return parse_decimal(text.replace(",", ".") if text.count(",") == 1 else text)
