"""Times that a row does not hold alone: the day of a file, an end column, rows without times."""

import io
from contextlib import suppress
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
    mapping_of_file,
    problem_text,
    read_rows,
)

CLOCK: dict[str, Any] = {"columns": ["time"], "zone": "Europe/Berlin"}
PLAIN: dict[str, Any] = {
    "asset": "A",
    "time": {"columns": ["time"]},
    "columns": [{"column": "value", "channel": "energy"}],
}


def rows(content: str, **changes: Any) -> list[Row]:
    return list(read_rows(from_dict({**PLAIN, **changes}), io.BytesIO(content.encode())))


def reasons(content: str, **changes: Any) -> list[tuple[int, str]]:
    found = rows(content, **changes)
    return [(problem.line, problem.reason) for row in found for problem in row.problems]


def mistakes(**time: Any) -> set[tuple[str, str]]:
    with pytest.raises(BadMapping) as caught:
        from_dict({**PLAIN, "time": time})
    for _place, reason, params in caught.value.problems:
        for language in ("en", "de"):
            assert problem_text(reason, params, language) not in (reason, "")
    return {(place, reason) for place, reason, _params in caught.value.problems}


@pytest.mark.parametrize("form", ["iso", "%H:%M:%S"])
def test_a_time_of_day_belongs_to_the_day_of_the_file(form: str) -> None:
    time = {**CLOCK, "format": form, "date": "2017-07-05"}
    (row,) = rows("time,value\n07:16:30,1\n", time=time)
    assert row.items[0].measured_at == datetime(2017, 7, 5, 5, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "pattern", "day"),
    [
        ("2017-07-05_Seat_RT_S.csv.gz", "%Y-%m-%d", "2017-07-05"),
        ("dev_B81D04_2012.05.15.csv", "%Y.%m.%d", "2012-05-15"),
        ("99999999 20170705.csv", "%Y%m%d", "2017-07-05"),
        ("meter 5 (17_186).txt", "%y_%j", "2017-07-05"),
        ("2017-07-05 to 2017-07-06.csv", "%Y-%m-%d", "2017-07-05"),
    ],
)
def test_the_day_is_taken_from_the_name_of_the_file(name: str, pattern: str, day: str) -> None:
    profile = {**PLAIN, "time": {**CLOCK, "date_in_name": pattern}}
    assert mapping_of_file(profile, name)["time"]["date"] == day
    assert from_dict(mapping_of_file(profile, name)).time.date == day


def test_a_name_without_a_day_is_refused_and_a_profile_alone_reads_nothing() -> None:
    profile = {**PLAIN, "time": {**CLOCK, "date_in_name": "%Y-%m-%d"}}
    with pytest.raises(BadFile) as caught:
        mapping_of_file(profile, "trip 2017-13-45.csv")
    assert caught.value.reason == "no_day_in_name"
    assert "trip 2017-13-45.csv" in problem_text("no_day_in_name", caught.value.params, "en")
    with pytest.raises(BadFile):
        rows("time,value\n07:16:30,1\n", time=profile["time"])


@given(st.text(max_size=40), st.text(alphabet="%YymdjHS.-_()[*+\\ ", max_size=12))
def test_any_pattern_is_refused_or_searched(name: str, pattern: str) -> None:
    profile = {**PLAIN, "time": {**CLOCK, "date_in_name": pattern}}
    with suppress(BadMapping, BadFile):
        from_dict(profile)
        mapping_of_file(profile, name)


def test_each_row_has_its_own_end() -> None:
    time = {**CLOCK, "meaning": "start", "end_columns": ["end"], "date": "2021-03-01"}
    content = "time,end,value\n08:00:00,17:30:00,4.5\n17:30:00,17:30:00,0\n17:30:00,,1\n"
    first = rows(content, time=time)[0].items[0]
    assert first.interval_start == datetime(2021, 3, 1, 7, tzinfo=UTC)
    assert first.measured_at == datetime(2021, 3, 1, 16, 30, tzinfo=UTC)
    assert reasons(content, time=time) == [(3, "bad_interval"), (4, "missing_time")]


def test_rows_without_times_follow_each_other_from_the_first() -> None:
    """A line that cannot be read still takes its minute; an empty line takes none."""
    time = {"begin": "2020-01-01 00:00", "zone": "Europe/Berlin", "interval_seconds": 60}
    columns = [{"column": "1", "channel": "energy"}]
    found = rows("5\n\nx\n7,\n", time=time, columns=columns, header_line=0)
    assert [[item.measured_at.minute for item in row.items] for row in found] == [[0], [], [], [2]]
    assert found[0].items[0].measured_at == datetime(2019, 12, 31, 23, tzinfo=UTC)
    spans = {**time, "meaning": "start"}
    (row,) = rows("5\n", time=spans, columns=columns, header_line=0)
    assert row.items[0].interval_start == datetime(2019, 12, 31, 23, tzinfo=UTC)
    assert row.items[0].measured_at == datetime(2019, 12, 31, 23, 1, tzinfo=UTC)


def test_a_fixed_amount_counts_rows() -> None:
    columns = [*PLAIN["columns"], {"channel": "runs", "fixed": "1", "unit": "{cycle}"}]
    found = rows("time,value\n2026-03-01T12:00:00Z,\n2026-03-01T13:00:00Z,2\n", columns=columns)
    values = [(item.channel, item.value) for row in found for item in row.items]
    assert values == [("runs", Decimal(1)), ("energy", Decimal(2)), ("runs", Decimal(1))]
    assert [row.empty for row in found] == [1, 0]


def test_two_amounts_of_one_row_have_ids_of_their_own() -> None:
    columns = [*PLAIN["columns"], {"channel": "runs", "fixed": "1"}]
    content = "time,id,value\n2026-03-01T12:00:00Z,7,2\n"
    (row,) = rows(content, columns=columns, id_columns=["id"])
    assert [item.id for item in row.items] == ["7|energy", "7|runs"]
    (row,) = rows(content, columns=columns)
    assert [item.id for item in row.items] == [None, None]


def test_mistakes_of_times_are_named() -> None:
    assert mistakes(columns=["t"], date="2017-02-30", zone="Europe/Berlin") == {
        ("time.date", "bad_day")
    }
    assert mistakes(columns=["t"], date="2017-07-05") == {("time.zone", "zone_needed")}
    assert mistakes(**CLOCK, date_in_name="%Y-%m") == {("time.date_in_name", "bad_day_pattern")}
    assert mistakes(**CLOCK, date_in_name="%c") == {("time.date_in_name", "bad_day_pattern")}
    for form in ("unix", "%Y-%m-%d %H:%M", "%d"):
        assert mistakes(**CLOCK, date="2017-07-05", format=form) == {
            ("time.format", "clock_needed")
        }
    assert mistakes(columns=["t"], end_columns=["e"]) == {("time.end_columns", "end_without_start")}
    assert mistakes(begin="now", columns=["t"], interval_seconds=60) == {
        ("time.begin", "bad_begin"), ("time.begin", "begin_and_columns"),
    }  # fmt: skip
    assert mistakes(begin="2020-01-01") == {
        ("time.interval_seconds", "step_needed"), ("time.zone", "zone_needed"),
    }  # fmt: skip
    assert mistakes() == {("time.columns", "needed")}


def test_a_format_that_names_a_part_twice_is_a_mistake() -> None:
    for form in ("%Y-%m-%d %H:%M %H", "%Y %Y"):
        assert mistakes(**CLOCK, format=form) == {("time.format", "bad_format")}


def test_a_column_and_a_fixed_amount_exclude_each_other() -> None:
    with pytest.raises(BadMapping) as caught:
        from_dict({**PLAIN, "columns": [{"column": "v", "channel": "a", "fixed": "1"}]})
    assert caught.value.problems == [("columns.1.fixed", "fixed_and_column", {})]
