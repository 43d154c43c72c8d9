"""From text lines to items, problems and notes, each with its line."""

import csv
from collections.abc import Callable, Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from typing import Any, BinaryIO, Literal

from apps.common.quantity import (
    BadValue,
    bounded,
    canonical,
    multiply,
    parse_decimal,
    plain,
    subtract,
)
from apps.telemetry.domain.mapping.profile import MOST_COLUMNS, ColumnRule, Mapping
from apps.telemetry.domain.mapping.source import BadFile, open_lines
from apps.telemetry.domain.mapping.stamps import Stamped, stamp_reader

_STRAY = " \t\r\n\"'\u00a0\ufeff"
_LONGEST_RAW = 2000
_MOST_BLANK_LINES = 10_000


@dataclass(frozen=True, slots=True)
class MappedItem:
    """One value of one row; `value` in `unit` where the profile names one."""

    line: int
    column: str
    asset: str
    channel: str
    measured_at: datetime
    value: Decimal
    id: str | None = None
    interval_start: datetime | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong (or, as a note, worth knowing) in a line; `column` may be empty."""

    line: int
    column: str
    reason: str
    params: AnyMapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """What one line of the file gives. `empty` counts values the file leaves out."""

    line: int
    cells: tuple[str, ...]
    items: tuple[MappedItem, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    empty: int = 0

    @property
    def raw(self) -> str:
        return ",".join(self.cells)[:_LONGEST_RAW]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where in a row everything stands."""

    width: int
    times: tuple[int, ...]
    ends: tuple[int, ...]
    asset: int | None
    ids: tuple[int, ...]
    values: tuple[tuple[int | None, ColumnRule], ...]

    @property
    def needed(self) -> int:
        """How many cells a row has at least."""
        values = (place for place, _ in self.values if place is not None)
        asset = () if self.asset is None else (self.asset,)
        return 1 + max((*self.times, *self.ends, *self.ids, *asset, *values), default=0)


class _Records:
    """Records of separated text with the line at which each begins."""

    def __init__(self, lines: Iterator[str], mapping: Mapping) -> None:
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if mapping.quote else csv.QUOTE_NONE
        self.skipped = sum(1 for _ in islice(lines, max(0, mapping.header_line - 1)))
        self.reader = csv.reader(
            lines,
            delimiter=mapping.separator,
            quotechar=mapping.quote or None,
            quoting=quoting,
            strict=True,
        )

    def __iter__(self) -> Iterator[tuple[int, list[str] | Problem]]:
        while True:
            line = self.skipped + self.reader.line_num + 1
            try:
                record: list[str] | Problem = next(self.reader)
            except StopIteration:
                return
            except csv.Error:
                until = self.skipped + self.reader.line_num
                record = Problem(line, "", "bad_quotes", {"until": str(until)})
            yield line, record


def read_rows(mapping: Mapping, stream: BinaryIO) -> Iterator[Row]:
    """Rows of a seekable binary stream, in order. Raises BadFile, also while it is read."""
    records = iter(_Records(open_lines(stream, mapping.encoding), mapping))
    layout = _layout(mapping, records) if mapping.header_line else _numbered_layout(mapping)
    read = _RowReader(mapping, layout)
    for line, record in islice(records, mapping.skip_rows, None):
        if isinstance(record, Problem):
            yield read.unread(line, record)
        else:
            yield read.row(line, record)


def _layout(mapping: Mapping, records: Iterator[tuple[int, Any]]) -> _Layout:
    line, header = next(records, (mapping.header_line, None))
    if header is None or isinstance(header, Problem):
        raise BadFile("no_header", line=line)
    if len(header) > MOST_COLUMNS:
        raise BadFile("too_many_columns", columns=len(header), most=MOST_COLUMNS)
    names = [name.strip(_STRAY) for name in header]
    places = {name: _place(name, names) for name in mapping.used_columns}
    return _placed(mapping, len(names), places)


def _place(name: str, names: list[str]) -> int:
    found = names.count(name)
    if found == 0:
        raise BadFile("missing_column", column=name, found=", ".join(names))
    if found > 1:
        raise BadFile("double_column", column=name)
    return names.index(name)


def _numbered_layout(mapping: Mapping) -> _Layout:
    return _placed(mapping, 0, {name: int(name) - 1 for name in mapping.used_columns})


def _placed(mapping: Mapping, width: int, places: AnyMapping[str, int]) -> _Layout:
    return _Layout(
        width=width,
        times=tuple(places[name] for name in mapping.time.columns),
        ends=tuple(places[name] for name in mapping.time.end_columns),
        asset=places[mapping.asset_column] if mapping.asset_column else None,
        ids=tuple(places[name] for name in mapping.id_columns),
        values=tuple(
            (None if rule.fixed is not None else places[rule.column], rule)
            for rule in mapping.columns
        ),
    )


def _absent(line: int, column: str, text: str) -> Problem:
    if not text.strip():
        return Problem(line, column, "empty_cell")
    return Problem(line, column, "no_value", {"text": text[:40]})


def _number(text: str, decimals: int | None) -> Decimal:
    """The written decimal; rounded half up only where the profile says to how many decimals."""
    try:
        number = parse_decimal(text)
    except BadValue as error:
        if decimals is None or error.reason != "too_precise":
            raise
        number = bounded(Decimal(text))
    if decimals is None:
        return number
    return plain(number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))


class _RowReader:
    """Reads rows one by one; remembers the last value of columns that are watched for skips."""

    def __init__(self, mapping: Mapping, layout: _Layout) -> None:
        self.mapping, self.layout = mapping, layout
        self.stamp: Callable[[str, str, int], Stamped] = stamp_reader(mapping.time)
        self.needed = layout.needed
        self.number = -1
        self.last: dict[tuple[str, str], Decimal] = {}
        self.blank = 0

    def row(self, line: int, record: list[str]) -> Row:
        cells = tuple(self._trimmed(cell) for cell in record)
        if not any(cells):
            self.blank += 1
            if self.blank > _MOST_BLANK_LINES:
                raise BadFile("blank_lines", line=line, most=_MOST_BLANK_LINES)
            return Row(line, cells, notes=(Problem(line, "", "blank_line"),), empty=1)
        self.number += 1
        if len(cells) < self.needed or (self.layout.width and len(cells) != self.layout.width):
            expected = self.layout.width or self.needed
            params = {"found": str(len(cells)), "expected": str(expected)}
            return Row(line, cells, problems=(Problem(line, "", "other_width", params),))
        return self._filled(line, cells)

    def unread(self, line: int, problem: Problem) -> Row:
        """A row that is there, though its cells cannot be told apart."""
        self.number += 1
        return Row(line, (), problems=(problem,))

    def _trimmed(self, cell: str) -> str:
        return cell.strip(_STRAY) if self.mapping.trim else cell.rstrip("\r\n")

    def _filled(self, line: int, cells: tuple[str, ...]) -> Row:
        try:
            stamped = self._stamped(cells)
        except BadValue as error:
            column = " ".join(self.mapping.time.columns)
            return Row(line, cells, problems=(Problem(line, column, error.reason, error.params),))
        asset = self.mapping.asset if self.layout.asset is None else cells[self.layout.asset]
        if not asset:
            missing = Problem(line, self.mapping.asset_column, "missing_asset")
            return Row(line, cells, problems=(missing,))
        return self._with_values(line, cells, stamped, asset)

    def _stamped(self, cells: tuple[str, ...]) -> Stamped:
        begin = " ".join(cells[place] for place in self.layout.times)
        end = " ".join(cells[place] for place in self.layout.ends)
        return self.stamp(begin, end, self.number)

    def _with_values(self, line: int, cells: tuple[str, ...], stamped: Stamped, asset: str) -> Row:
        items: list[MappedItem] = []
        problems: list[Problem] = []
        notes: list[Problem] = []
        for place, rule in self.layout.values:
            try:
                value = rule.fixed if place is None else self._value(cells[place], rule)
            except BadValue as error:
                problems.append(Problem(line, rule.column, error.reason, error.params))
                continue
            if value is None:
                notes.append(_absent(line, rule.column, cells[place or 0]))
                continue
            items.append(
                MappedItem(
                    line,
                    rule.column,
                    asset,
                    rule.channel,
                    stamped[0],
                    value,
                    self._identity(cells, rule),
                    stamped[1],
                    rule.unit,
                )
            )
            notes.extend(self._skip(line, asset, rule, value))
        empty = len(self.layout.values) - len(items) - len(problems)
        return Row(line, cells, tuple(items), tuple(problems), tuple(notes), empty)

    def _identity(self, cells: tuple[str, ...], rule: ColumnRule) -> str | None:
        """The row's id; with several columns the channel is part of it, since each has an amount."""
        ids = [cells[place] for place in self.layout.ids]
        several = len(self.layout.values) > 1
        return "|".join((*ids, rule.channel) if several and ids else ids) or None

    def _value(self, cell: str, rule: ColumnRule) -> Decimal | None:
        text = cell.strip()
        if not text or text in rule.none:
            return None
        number = _number(rule.meanings.get(text) or self._plain(text), rule.decimals)
        return number if rule.factor is None else bounded(multiply(number, rule.factor))

    def _plain(self, text: str) -> str:
        """The number with a point, without grouping; anything else stays and is refused."""
        mark, grouping = self.mapping.decimal_mark, self.mapping.grouping
        if grouping:
            whole, found, fraction = text.partition(mark)
            return whole.replace(grouping, "") + ("." + fraction if found else "")
        if mark == ".":
            return text
        if "." in text:
            raise BadValue("other_mark", {"value": text[:40], "mark": mark})
        return text.replace(mark, ".", 1)

    def _skip(self, line: int, asset: str, rule: ColumnRule, value: Decimal) -> Iterator[Problem]:
        if rule.expected_step is None:
            return
        before = self.last.get((asset, rule.channel))
        self.last[asset, rule.channel] = value
        if before is not None and subtract(value, before) > rule.expected_step:
            params = {"before": canonical(before), "value": canonical(value)}
            yield Problem(line, rule.column, "skipped_values", params)
