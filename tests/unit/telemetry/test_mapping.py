"""Profiles of files: every mistake named, every row read or refused with its place."""

import gzip
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.telemetry.domain.mapping import (
    BadFile,
    BadMapping,
    Row,
    from_dict,
    problem_text,
    read_rows,
)
from apps.telemetry.domain.mapping.reasons import REASONS

TIME: dict[str, Any] = {"columns": ["time"]}
VALUE = [{"column": "value", "channel": "energy"}]
PLAIN: dict[str, Any] = {"asset": "A", "time": TIME, "columns": VALUE}


def rows(content: bytes | str, **changes: Any) -> list[Row]:
    data = content.encode() if isinstance(content, str) else content
    return list(read_rows(from_dict({**PLAIN, **changes}), io.BytesIO(data)))


def reasons(content: bytes | str, **changes: Any) -> list[tuple[int, str]]:
    found = rows(content, **changes)
    return [(problem.line, problem.reason) for row in found for problem in row.problems]


def only(content: str, **changes: Any) -> Any:
    (row,) = rows(content, **changes)
    assert row.problems == ()
    (item,) = row.items
    return item


def test_a_plain_file() -> None:
    item = only("time,value\n2026-03-01T12:00:00+01:00,1.50\n")
    assert (item.line, item.asset, item.channel, item.column) == (2, "A", "energy", "value")
    assert item.measured_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert (item.value, item.interval_start, item.id) == (Decimal("1.5"), None, None)


def test_german_numbers_semicolons_and_a_pattern() -> None:
    item = only(
        "kopf\ntime;value\neinheiten;kWh\n01.03.2026 12:00;1.234,5\n",
        separator=";", decimal_mark=",", grouping=".", header_line=2, skip_rows=1,
        time={**TIME, "format": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin"},
    )  # fmt: skip
    assert item.value == Decimal("1234.5")
    assert item.line == 4
    assert item.measured_at == datetime(2026, 3, 1, 11, tzinfo=UTC)


def test_a_decimal_point_under_a_decimal_comma_is_refused_not_guessed() -> None:
    content = "time;value\n2026-03-01T12:00:00Z;1.5\n"
    assert reasons(content, separator=";", decimal_mark=",") == [(2, "other_mark")]


@pytest.mark.parametrize(
    ("meaning", "start", "end"), [("start", 12, 13), ("end", 11, 12)]
)  # fmt: skip
def test_interval_start_and_end(meaning: str, start: int, end: int) -> None:
    time = {**TIME, "meaning": meaning, "interval_seconds": 3600}
    item = only("time,value\n2026-03-01T12:00:00Z,1\n", time=time)
    assert item.interval_start == datetime(2026, 3, 1, start, tzinfo=UTC)
    assert item.measured_at == datetime(2026, 3, 1, end, tzinfo=UTC)


def test_midnight_of_the_same_day_is_the_days_end() -> None:
    time = {
        "columns": ["day", "clock"], "format": "%Y-%m-%d %H:%M", "zone": "Asia/Seoul",
        "meaning": "end", "interval_seconds": 900, "midnight_ends_day": True,
    }  # fmt: skip
    found = rows("day,clock,value\n2018-01-01,23:45,1\n2018-01-01,00:00,2\n", time=time)
    starts = [row.items[0].interval_start for row in found]
    assert starts == [
        datetime(2018, 1, 1, 14, 30, tzinfo=UTC), datetime(2018, 1, 1, 14, 45, tzinfo=UTC),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stamp", "choice", "expected"),
    [
        ("2026-10-25 02:30", "refuse", "doubled_time"),
        ("2026-10-25 02:30", "first", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25 02:30", "second", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-03-29 02:30", "refuse", "skipped_time"),
        ("2026-03-29 02:30", "first", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-03-29 02:30", "second", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        ("2026-10-25 01:59", "refuse", datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
    ],
)
def test_local_times_in_the_night_the_clock_changes(
    stamp: str, choice: str, expected: object
) -> None:
    time = {**TIME, "format": "%Y-%m-%d %H:%M", "zone": "Europe/Berlin", "clock_change": choice}
    (row,) = rows(f"time,value\n{stamp},1\n", time=time)
    found = row.problems[0].reason if row.problems else row.items[0].measured_at
    assert found == expected


@pytest.mark.parametrize(
    ("stamp", "form", "reason"),
    [
        ("2026-03-01T12:00:00", "iso", "naive_time"),
        ("2026-03-01T12:00:00.1234567Z", "iso", "too_precise_time"),
        ("yesterday", "iso", "not_this_format"),
        ("", "iso", "missing_time"),
        ("9999-12-31T23:59:59-23:00", "iso", "bad_stamp"),
        ("1e999", "unix", "exponent_too_large"),
        ("0.0000001", "unix", "too_precise_time"),
        ("999999999999999999", "unix", "bad_stamp"),
    ],
)
def test_bad_stamps_have_their_reason(stamp: str, form: str, reason: str) -> None:
    time = {**TIME, "format": form}
    assert reasons(f"time,value\n{stamp},1\n", time=time) == [(2, reason)]


def test_unix_times_are_exact() -> None:
    item = only("time,value\n1772366400123,1\n", time={**TIME, "format": "unix_ms"})
    assert item.measured_at == datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize("text", ["NaN", "inf", "1e999", "1E+1000000", "0x10", "1,5", "--1", "١"])
def test_what_is_no_decimal_is_refused(text: str) -> None:
    found = reasons(f'time,value\n2026-03-01T12:00:00Z,"{text}"\n')
    assert len(found) == 1
    assert found[0][0] == 2


def test_nothing_is_rounded_unless_the_profile_says_so() -> None:
    content = "time,value\n2026-03-01T12:00:00Z,0.12345678901234567\n"
    assert reasons(content) == [(2, "too_precise")]
    assert only(content, columns=[{**VALUE[0], "decimals": 3}]).value == Decimal("0.123")


def test_no_value_words_factor_and_unit() -> None:
    column = {
        **VALUE[0], "none": ["-999"], "meanings": {"TRUE": "1"}, "factor": "0.001", "unit": "kW.h"
    }  # fmt: skip
    content = "time,value\n" + "".join(
        f"2026-03-01T12:00:0{n}Z,{text}\n" for n, text in enumerate(["-999", "", "TRUE", "1500"])
    )
    found = rows(content, columns=[column])
    assert [row.empty for row in found] == [1, 1, 0, 0]
    assert [note.reason for row in found for note in row.notes] == ["no_value", "empty_cell"]
    values = [item.value for row in found for item in row.items]
    assert values == [Decimal("0.001"), Decimal("1.5")]
    assert found[3].items[0].unit == "kW.h"


def test_skipped_numbers_are_noted_per_asset() -> None:
    content = "time,who,value\n" + "".join(
        f"2026-03-01T12:00:0{n}Z,{who},{value}\n"
        for n, (who, value) in enumerate([("a", 1), ("b", 7), ("a", 2), ("a", 4), ("b", 8)])
    )
    columns = [{**VALUE[0], "expected_step": "1"}]
    found = rows(content, asset="", asset_column="who", columns=columns)
    notes = [note for row in found for note in row.notes]
    assert [(note.line, dict(note.params)) for note in notes] == [
        (5, {"before": "2", "value": "4"})
    ]


def test_ids_are_built_from_columns() -> None:
    content = "time,a,b,value\n2026-03-01T12:00:00Z,x,7,1\n"
    assert only(content, id_columns=["a", "b"]).id == "x|7"


def test_marks_quotes_and_blanks_around_names_and_values() -> None:
    content = '\ufefftime , value \r\n"""2026-03-01T12:00:00Z""", 1 \r\n\r\n'
    found = rows(content)
    assert found[0].items[0].value == 1
    assert found[1].empty == 1
    assert [note.reason for note in found[1].notes] == ["blank_line"]


def test_rows_that_do_not_fit_the_header_are_refused() -> None:
    content = 'time,value\n2026-03-01T12:00:00Z\n2026-03-01T12:00:00Z,1,2\n"x"y,1\n'
    assert reasons(content) == [(2, "other_width"), (3, "other_width"), (4, "bad_quotes")]


def test_without_header_columns_have_numbers() -> None:
    columns = [{"column": "2", "channel": "energy"}]
    item = only("2026-03-01T12:00:00Z,5\n", header_line=0, time={"columns": ["1"]}, columns=columns)
    assert (item.value, item.line) == (5, 1)


def packed(content: bytes) -> bytes:
    """The same bytes at any second: two test processes must name a case alike."""
    return gzip.compress(content, mtime=0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty_file"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 50, "known_file"),
        (b"PK\x03\x04" + b"0" * 50, "known_file"),
        (b"time,value\n\x00\x01", "binary_file"),
        ("time,value\n".encode("utf-16"), "binary_file"),
        (b"time,value\n" + b"x" * 5000 + b"\n\x00\n", "binary_line"),
        ("time,value\nä,1\n".encode("latin-1"), "not_encoded_so"),
        (b"a" * 300_000, "line_too_long"),
        (b"a," * 100_000 + b"b\n", "too_many_columns"),
        (b"time,other\n", "missing_column"),
        (b"time,value,value\n", "double_column"),
        (b"\x1f\x8b" + b"rubbish" * 10, "broken_gzip"),
        (packed(b"time,value\n")[:-5], "broken_gzip"),
        (packed(packed(b"time,value\n")), "known_file"),
        (packed(b"time,value\n" + b"\n" * (30 << 20)), "blank_lines"),
        (
            packed(b"time,value\n" + (b'a,"' + b"0" * 90_000 + b'"\n') * 100),
            "too_much_content",
        ),
    ],
)
def test_files_that_cannot_be_read_say_why(content: bytes, reason: str) -> None:
    with pytest.raises(BadFile) as caught:
        rows(content)
    assert caught.value.reason == reason
    for language in ("en", "de"):
        assert "?" not in problem_text(reason, caught.value.params, language)


def test_encodings_and_compression() -> None:
    text = "time,value\n2026-03-01T12:00:00Z,1\n"
    for encoding in ("utf-8-sig", "latin-1", "utf-16"):
        assert len(rows(text.encode(encoding), encoding=encoding)) == 1
    assert len(rows(packed(text.encode()))) == 1


def test_every_mistake_of_a_profile_is_named_at_its_place() -> None:
    with pytest.raises(BadMapping) as caught:
        from_dict(
            {
                "separator": "::", "header_line": True, "extra": 1, "trim": "yes",
                "time": {"columns": [], "format": "%H", "zone": "Mars/Base", "meaning": "end"},
                "columns": [{"column": "", "channel": "a", "unit": "zz", "factor": "nan"},
                            {"column": "v", "channel": "a", "meanings": {"x": "y"}}],
            }
        )  # fmt: skip
    places = {(place, reason) for place, reason, _params in caught.value.problems}
    assert places == {
        ("separator", "not_a_choice"), ("header_line", "not_in_range"), ("extra", "unknown_field"),
        ("trim", "not_a_flag"), ("time.columns", "needed"), ("time.format", "bad_format"),
        ("time.zone", "unknown_zone"), ("time.interval_seconds", "interval_needed"),
        ("columns.1.column", "needed"), ("columns.1.unit", "unknown_unit"),
        ("columns.1.factor", "not_a_number"), ("columns.2.meanings.x", "not_a_number"),
        ("columns", "channel_twice"),
    }  # fmt: skip


@pytest.mark.parametrize("data", [None, [], "x", {"time": 1, "columns": 2}, {"columns": [None]}])
def test_what_is_no_profile_is_a_bad_profile(data: object) -> None:
    with pytest.raises(BadMapping):
        from_dict(data)


def test_reasons_are_in_both_languages_with_the_same_parameters() -> None:
    import re

    for english, german in REASONS.values():
        assert set(re.findall(r"{(\w+)}", english)) == set(re.findall(r"{(\w+)}", german))


def outcome(content: bytes) -> str:
    """The reason the file is refused, or nothing after its last row."""
    try:
        for row in rows(content):
            assert all(problem.line >= 1 for problem in row.problems)
    except BadFile as error:
        return error.reason
    return ""


@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_a_reason(noise: bytes) -> None:
    for content in (noise, b"time,value\n" + noise, b"\x1f\x8b" + noise):
        assert outcome(content) in {"", *REASONS}
