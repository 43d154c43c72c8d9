"""The profile of a file as a frozen value, made from a plain dict with every mistake named."""

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from apps.common.quantity import BadValue, parse_decimal
from apps.common.units import unit as unit_of
from apps.telemetry.domain.mapping.times import TimeRule, judge_time

SEPARATORS = (",", ";", "\t", "|", " ")
QUOTES = ('"', "'", "")
ENCODINGS = ("utf-8", "utf-8-sig", "latin-1", "utf-16")
DECIMAL_MARKS = (".", ",")
GROUPINGS = ("", ".", ",", "'", " ")
MEANINGS = ("instant", "start", "end")
CLOCK_CHANGES = ("refuse", "first", "second")
MOST_COLUMNS = 1000
_LONGEST_TEXT = 200
_LONGEST_INTERVAL = 366 * 86400


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """One column of values: its channel, the unit it is in, and what counts as no value.

    `factor` turns the written number into the unit. `meanings` maps words to numbers (TRUE to 1).
    `expected_step`: a larger rise from one row to the next is noted, for counters that skip.
    `decimals` rounds half up, for files that print binary fractions; without it nothing is rounded.
    `fixed` in place of a column: every row counts as this much.
    """

    column: str
    channel: str
    unit: str | None = None
    factor: Decimal | None = None
    none: tuple[str, ...] = ()
    meanings: AnyMapping[str, str] = field(default_factory=dict)
    expected_step: Decimal | None = None
    decimals: int | None = None
    fixed: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """Everything needed to read one kind of file. `asset` is a serial or a public id.

    `header_line` counts from 1; with 0 there is none and columns are called 1, 2, 3.
    """

    time: TimeRule
    columns: tuple[ColumnRule, ...]
    asset: str = ""
    asset_column: str = ""
    id_columns: tuple[str, ...] = ()
    separator: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    decimal_mark: str = "."
    grouping: str = ""
    header_line: int = 1
    skip_rows: int = 0
    trim: bool = True

    @property
    def used_columns(self) -> tuple[str, ...]:
        """Every column the profile names, each once, in the order of the profile."""
        asset = (self.asset_column,) if self.asset_column else ()
        values = tuple(rule.column for rule in self.columns if rule.fixed is None)
        times = (*self.time.columns, *self.time.end_columns)
        return tuple(dict.fromkeys((*times, *asset, *self.id_columns, *values)))


class BadMapping(ValueError):
    """A profile that cannot be used: (field, reason, params) of every mistake."""

    def __init__(self, problems: list[tuple[str, str, dict[str, str]]]) -> None:
        self.problems = problems
        super().__init__(
            "; ".join(f"{place}: {reason} {params}" for place, reason, params in problems)
        )


class _Reader:
    """Takes fields out of a dict, notes what is wrong and what nobody asked for."""

    def __init__(
        self, data: Any, place: str, problems: list[tuple[str, str, dict[str, str]]]
    ) -> None:
        self.problems, self.place = problems, place
        self.asked: set[str] = set()
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        if not isinstance(data, dict):
            self.wrong("", "not_a_table")

    def wrong(self, name: str, reason: str, **params: object) -> None:
        place = ".".join(part for part in (self.place, name) if part)
        self.problems.append((place, reason, {key: str(text)[:80] for key, text in params.items()}))

    def _get(self, name: str, default: Any) -> Any:
        self.asked.add(name)
        found = self.data.get(name)
        return default if found is None else found

    def text(self, name: str, default: str = "", *, needed: bool = False) -> str:
        found = self._get(name, default)
        if not isinstance(found, str) or len(found) > _LONGEST_TEXT or "\0" in found:
            self.wrong(name, "bad_text_field")
            return default
        if needed and not found.strip():
            self.wrong(name, "needed")
        return found

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        found = self.text(name, default)
        if found not in choices:
            self.wrong(name, "not_a_choice", value=found, choices=" ".join(map(repr, choices)))
            return default
        return found

    def number(self, name: str, default: int | None, low: int, high: int) -> int | None:
        found = self._get(name, default)
        if found is default:
            return default
        if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
            self.wrong(name, "not_in_range", low=low, high=high)
            return default
        return found

    def flag(self, name: str, default: bool) -> bool:
        found = self._get(name, default)
        if not isinstance(found, bool):
            self.wrong(name, "not_a_flag")
            return default
        return found

    def texts(self, name: str, *, needed: bool = False) -> tuple[str, ...]:
        found = self._get(name, [])
        found = [found] if isinstance(found, str) else found
        good = isinstance(found, (list, tuple)) and len(found) <= 100
        if not good or not all(
            isinstance(part, str) and len(part) <= _LONGEST_TEXT for part in found
        ):
            self.wrong(name, "not_a_list")
            return ()
        if needed and not found:
            self.wrong(name, "needed")
        return tuple(found)

    def decimal(self, name: str) -> Decimal | None:
        found = self._get(name, None)
        if found is None or found == "":
            return None
        try:
            return parse_decimal(found)
        except BadValue as error:
            self.wrong(name, error.reason, **error.params)
            return None

    def table(self, name: str) -> dict[str, Any]:
        found = self._get(name, {})
        if not isinstance(found, dict) or len(found) > 100:
            self.wrong(name, "not_a_table")
            return {}
        return found

    def finish(self) -> None:
        for name in sorted(map(str, set(self.data) - self.asked)):
            self.wrong(name, "unknown_field")


def from_dict(data: object) -> Mapping:
    """The profile of a dict as it stands in JSON or YAML. Raises BadMapping with every mistake."""
    problems: list[tuple[str, str, dict[str, str]]] = []
    reader = _Reader(data, "", problems)
    mapping = Mapping(
        time=_time_rule(_Reader(reader.table("time"), "time", problems)),
        columns=_column_rules(reader),
        asset=reader.text("asset").strip(),
        asset_column=reader.text("asset_column").strip(),
        id_columns=tuple(name.strip() for name in reader.texts("id_columns")),
        separator=reader.choice("separator", SEPARATORS, ","),
        quote=reader.choice("quote", QUOTES, '"'),
        encoding=reader.choice("encoding", ENCODINGS, "utf-8"),
        decimal_mark=reader.choice("decimal_mark", DECIMAL_MARKS, "."),
        grouping=reader.choice("grouping", GROUPINGS, ""),
        header_line=reader.number("header_line", 1, 0, 1000) or 0,
        skip_rows=reader.number("skip_rows", 0, 0, 100_000) or 0,
        trim=reader.flag("trim", True),
    )
    _judge_whole(mapping, reader)
    reader.finish()
    if problems:
        raise BadMapping(problems)
    return mapping


def _judge_whole(mapping: Mapping, reader: _Reader) -> None:
    if mapping.asset and mapping.asset_column:
        reader.wrong("asset", "asset_twice")
    if mapping.grouping and mapping.grouping == mapping.decimal_mark:
        reader.wrong("grouping", "same_mark")
    channels = [rule.channel for rule in mapping.columns]
    for channel in sorted({code for code in channels if channels.count(code) > 1}):
        reader.wrong("columns", "channel_twice", channel=channel)
    if mapping.header_line == 0:
        for name in mapping.used_columns:
            if name and not (
                name.isascii() and name.isdigit() and 0 < int(name[:6]) <= MOST_COLUMNS
            ):
                reader.wrong("columns", "column_number", column=name)


def _time_rule(reader: _Reader) -> TimeRule:
    begin = reader.text("begin").strip()
    rule = TimeRule(
        columns=tuple(name.strip() for name in reader.texts("columns", needed=not begin)),
        format=reader.text("format", "iso"),
        zone=reader.text("zone").strip(),
        meaning=reader.choice("meaning", MEANINGS, "instant"),
        interval_seconds=reader.number("interval_seconds", None, 1, _LONGEST_INTERVAL),
        midnight_ends_day=reader.flag("midnight_ends_day", False),
        clock_change=reader.choice("clock_change", CLOCK_CHANGES, "refuse"),
        end_columns=tuple(name.strip() for name in reader.texts("end_columns")),
        date=reader.text("date").strip(),
        date_in_name=reader.text("date_in_name").strip(),
        begin=begin,
    )
    judge_time(rule, reader.wrong)
    reader.finish()
    return rule


def _column_rules(reader: _Reader) -> tuple[ColumnRule, ...]:
    found = reader._get("columns", [])
    if not isinstance(found, list) or not found or len(found) > MOST_COLUMNS:
        reader.wrong("columns", "columns_needed")
        return ()
    return tuple(
        _column_rule(_Reader(data, f"columns.{number}", reader.problems))
        for number, data in enumerate(found, start=1)
    )


def _column_rule(reader: _Reader) -> ColumnRule:
    fixed = reader.decimal("fixed")
    rule = ColumnRule(
        column=reader.text("column", needed=fixed is None).strip(),
        channel=reader.text("channel", needed=True).strip(),
        unit=reader.text("unit").strip() or None,
        factor=reader.decimal("factor"),
        none=tuple(text.strip() for text in reader.texts("none")),
        meanings=_meanings(reader),
        expected_step=reader.decimal("expected_step"),
        decimals=reader.number("decimals", None, 0, 12),
        fixed=fixed,
    )
    if rule.column and fixed is not None:
        reader.wrong("fixed", "fixed_and_column")
    if rule.unit is not None:
        try:
            unit_of(rule.unit)
        except BadValue as error:
            reader.wrong("unit", error.reason, **error.params)
    if rule.factor is not None and rule.factor == 0:
        reader.wrong("factor", "zero_factor")
    reader.finish()
    return rule


def _meanings(reader: _Reader) -> dict[str, str]:
    meanings: dict[str, str] = {}
    for word, value in reader.table("meanings").items():
        try:
            parse_decimal(value)
            meanings[str(word)] = str(value)
        except BadValue as error:
            reader.wrong(f"meanings.{word}", error.reason, **error.params)
    return meanings
