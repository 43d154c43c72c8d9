"""Intake judges each item by itself, stores once, and keeps what it refuses."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from msgspec.structs import replace

from apps.assets.models import Asset
from apps.telemetry.models import Channel, ChannelDay, Device, RefusedItem, RetentionEdge
from apps.telemetry.operations import Outcome, RawItem, keep_from, recompute_dirty, take_in
from apps.tenancy.context import company_context
from tests.integration.telemetry.conftest import Machine, make_machine

Send = Callable[..., list[Outcome]]
Hour = Callable[[int], str]


def levels(channel: Channel) -> list[tuple[datetime, Decimal]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select measured_at, value from telemetry_level where channel_id = %s order by 1",
            [channel.pk],
        )
        return cursor.fetchall()


def deltas(channel: Channel) -> list[tuple[datetime, Decimal]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select counted_at, value from telemetry_delta where channel_id = %s order by 1, 2",
            [channel.pk],
        )
        return cursor.fetchall()


def marked_days(machine: Machine) -> list[tuple[str, date]]:
    """Marks that no roll-up has folded in yet, by channel code and day."""
    codes = {channel.pk: code for code, channel in machine.channels.items()}
    with connection.cursor() as cursor:
        cursor.execute("select channel_id, day from telemetry_mark")
        return sorted((codes[channel], day) for channel, day in cursor.fetchall())


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("12.5", "12.5"), ("0.1", "0.1"), ("-3", "-3"), ("1e3", "1000"), ("+7", "7"),
        ("0.123456789012", "0.123456789012"), ("999999999999999999", "999999999999999999"),
        (Decimal("1.10"), "1.1"), (7, "7"), (".5", "0.5"), ("-0", "0"),
        ("123456789012345678.123456789012", "123456789012345678.123456789012"),
    ],
)  # fmt: skip
def test_the_stored_value_is_the_decimal_that_was_sent(
    machine: Machine, send: Send, hour: Hour, sent: Any, stored: str
) -> None:
    assert statuses(send(machine.item("pressure", hour(1), sent))) == ["accepted"]
    [(_, value)] = levels(machine.channels["pressure"])
    assert value == Decimal(stored)
    assert isinstance(value, Decimal)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"value": "NaN"}, "not_a_number"),
        ({"value": "1e999"}, "exponent_too_large"),
        ({"value": "1E+1000000"}, "exponent_too_large"),
        ({"value": "1_000"}, "not_a_number"),
        ({"value": ""}, "missing_value"),
        ({"value": "1000000000000000000"}, "too_large"),
        ({"value": "0.1234567890123"}, "too_precise"),
        ({"value": "9" * 70}, "too_long"),
        ({"time": "2026-10-01T10:00:00"}, "naive_time"),
        ({"time": "yesterday"}, "bad_time"),
        ({"time": ""}, "missing_value"),
        ({"time": "2026-W40-1T00:00:00Z"}, "bad_time"),
        ({"time": "2026-10-01T10:00:00.1234567Z"}, "too_precise_time"),
        ({"time": "2026-11-02T10:00:01Z"}, "in_future"),
        ({"time": "2015-12-31T23:59:59Z"}, "before_retention"),
        ({"unit": "parsec"}, "unknown_unit"),
        ({"unit": "km"}, "unit_mismatch"),
        ({"channel": "nothing"}, "unknown_channel"),
        ({"channel": ""}, "missing_value"),
        ({"asset": "SN-other"}, "unknown_asset"),
        ({"asset": "a\x00b"}, "bad_text"),
        ({"asset": "\ud800"}, "bad_text"),
    ],
)
def test_a_bad_item_is_refused_and_kept(
    machine: Machine, send: Send, hour: Hour, fields: dict[str, Any], reason: str
) -> None:
    good = machine.item("pressure", hour(1), "1")
    bad = replace(machine.item("pressure", hour(2), "2"), **fields)
    outcomes = send(bad, good)
    assert [(item.position, item.status, item.reason) for item in outcomes] == [
        (0, "refused", reason), (1, "accepted", ""),
    ]  # fmt: skip
    assert levels(machine.channels["pressure"]) == [(datetime(2026, 10, 1, 1, tzinfo=UTC), 1)]
    [kept] = RefusedItem.objects.all()
    assert (kept.outcome, kept.reason, kept.position) == ("refused", reason, 0)


def test_a_refused_item_sent_again_is_one_row(machine: Machine, send: Send, hour: Hour) -> None:
    for _ in range(3):
        send(machine.item("pressure", hour(1), "NaN"))
    assert RefusedItem.objects.count() == 1


def test_of_a_long_raw_form_only_the_hash_is_kept(machine: Machine, send: Send, hour: Hour) -> None:
    send(machine.item("pressure", hour(1), "NaN", raw="x" * 5000))
    [kept] = RefusedItem.objects.all()
    assert kept.raw == ""
    assert len(kept.raw_sha256) == 64


def test_values_come_into_the_channels_unit(machine: Machine, send: Send, hour: Hour) -> None:
    send(machine.item("pressure", hour(1), "250", unit="kPa"))
    assert [value for _, value in levels(machine.channels["pressure"])] == [Decimal("2.5")]


def test_a_state_takes_true_and_false(machine: Machine, send: Send, hour: Hour) -> None:
    outcomes = send(
        machine.item("running", hour(1), True), machine.item("running", hour(2), False),
        machine.item("pressure", hour(1), True),
    )  # fmt: skip
    assert statuses(outcomes) == ["accepted", "accepted", "refused"]
    assert [value for _, value in levels(machine.channels["running"])] == [1, 0]


def test_the_same_level_again_is_a_duplicate_and_another_a_conflict(
    machine: Machine, send: Send, hour: Hour
) -> None:
    send(machine.item("pressure", hour(1), "4.20"))
    same, other = send(
        machine.item("pressure", hour(1), "4.2"), machine.item("pressure", hour(1), "4.3")
    )
    assert (same.status, other.status) == ("duplicate", "conflict")
    assert other.params == {"stored": "4.2"}
    assert [value for _, value in levels(machine.channels["pressure"])] == [Decimal("4.20")]
    assert RefusedItem.objects.get().outcome == "conflict"


def test_the_first_of_a_batch_counts(machine: Machine, send: Send, hour: Hour) -> None:
    outcomes = send(
        machine.item("pressure", hour(2), "1"), machine.item("pressure", hour(1), "5"),
        machine.item("pressure", hour(1), "5"), machine.item("pressure", hour(1), "6"),
        machine.item("pressure", hour(2), "2"),
    )  # fmt: skip
    assert statuses(outcomes) == ["accepted", "accepted", "duplicate", "conflict", "conflict"]
    assert [value for _, value in levels(machine.channels["pressure"])] == [5, 1]


def test_the_same_instant_in_two_zones_is_one_reading(machine: Machine, send: Send) -> None:
    outcomes = send(
        machine.item("pressure", "2026-10-01T10:00:00Z", "1"),
        machine.item("pressure", "2026-10-01T12:00:00+02:00", "1"),
        machine.item("pressure", datetime(2026, 10, 1, 10, tzinfo=UTC), "1"),
    )
    assert statuses(outcomes) == ["accepted", "duplicate", "duplicate"]


def test_deltas_are_known_by_source_and_id(machine: Machine, send: Send, hour: Hour) -> None:
    outcomes = send(
        machine.item("energy", hour(1), "1", id="a"), machine.item("energy", hour(1), "1", id="b"),
        machine.item("energy", hour(1), "1", id="a"), machine.item("energy", hour(1), "2", id="b"),
        machine.item("energy", hour(2), "1", id="a"),
        machine.item("energy", hour(1), "1", id="a", source="another"),
    )  # fmt: skip
    assert statuses(outcomes) == [
        "accepted", "accepted", "duplicate", "conflict", "conflict", "accepted",
    ]  # fmt: skip
    assert statuses(send(machine.item("energy", hour(1), "1", id="a"))) == ["duplicate"]
    assert len(deltas(machine.channels["energy"])) == 3


def test_a_delta_without_id_is_known_by_its_stamp(machine: Machine, send: Send, hour: Hour) -> None:
    outcomes = send(
        machine.item("energy", hour(1), "1"),
        machine.item("energy", hour(1), "1"),
        machine.item("energy", hour(2), "1"),
    )
    assert statuses(outcomes) == ["accepted", "duplicate", "accepted"]


def test_a_delta_counts_at_the_start_of_its_interval(
    machine: Machine, send: Send, hour: Hour
) -> None:
    outcomes = send(
        machine.item("energy", hour(24), "1", id="a", interval_start=hour(23)),
        machine.item("energy", hour(24), "1", id="b", interval_start=hour(24)),
    )
    assert [item.reason for item in outcomes] == ["", "bad_interval"]
    [(counted_at, _)] = deltas(machine.channels["energy"])
    assert counted_at == datetime(2026, 10, 1, 23, tzinfo=UTC)
    assert marked_days(machine) == [("energy", date(2026, 10, 1))]


def test_a_level_at_midnight_belongs_to_the_day_that_ends_there(
    machine: Machine, send: Send, hour: Hour
) -> None:
    send(machine.item("hours", hour(24), "1"), machine.item("energy", hour(24), "1", id="a"))
    assert marked_days(machine) == [("energy", date(2026, 10, 2)), ("hours", date(2026, 10, 1))]


def test_each_intake_marks_the_days_it_touches(machine: Machine, send: Send, hour: Hour) -> None:
    first, second = ("hours", date(2026, 10, 1)), ("hours", date(2026, 10, 2))
    send(machine.item("hours", hour(1), "1"), machine.item("hours", hour(2), "2"))
    assert marked_days(machine) == [first]
    send(machine.item("hours", hour(1), "1"))  # a duplicate changes nothing
    assert marked_days(machine) == [first]
    send(machine.item("hours", hour(3), "3"), machine.item("hours", hour(30), "4"))
    assert marked_days(machine) == [first, first, second]


def test_the_roll_up_folds_marks_into_versions_of_their_days(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    def versions() -> list[tuple[date, int, int]]:
        days = ChannelDay.objects.filter(channel=machine.channels["hours"]).order_by("day")
        return list(days.values_list("day", "version", "done_version"))

    send(machine.item("hours", hour(1), "1"))
    assert recompute_dirty(now=now) == 1
    assert versions() == [(date(2026, 10, 1), 1, 1)]
    send(machine.item("hours", hour(2), "2"))
    send(machine.item("hours", hour(3), "3"))
    assert recompute_dirty(now=now) == 1
    assert versions() == [(date(2026, 10, 1), 2, 2)]
    assert marked_days(machine) == []
    assert recompute_dirty(now=now) == 0


def test_a_month_is_made_where_it_is_missing(machine: Machine, send: Send) -> None:
    outcomes = send(
        machine.item("hours", "2018-01-31T23:59:59.999999Z", "1"),
        machine.item("hours", "2018-02-01T00:00:00Z", "2"),
    )
    assert statuses(outcomes) == ["accepted", "accepted"]
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
            "where i.inhparent = 'telemetry_level'::regclass order by 1"
        )
        made = [row[0] for row in cursor.fetchall()]
    assert made[:2] == ["telemetry_level_2018_01", "telemetry_level_2018_02"]


def test_an_import_of_old_files_moves_the_edge_back_only(
    machine: Machine, send: Send, now: datetime
) -> None:
    old = machine.item("hours", "2001-05-01T00:00:00Z", "1")
    assert send(old)[0].reason == "before_retention"
    keep_from(earliest=datetime(2020, 1, 1, tzinfo=UTC), now=now)
    assert not RetentionEdge.objects.exists()
    keep_from(earliest=datetime(2001, 1, 1, tzinfo=UTC), now=now)
    assert send(old)[0].status == "accepted"


def test_an_asset_is_known_by_serial_unless_two_carry_it(
    machine: Machine, send: Send, hour: Hour, cast: dict[str, Any], now: datetime
) -> None:
    item = replace(machine.item("hours", hour(1), "1"), asset="SN-1")
    assert send(item)[0].status == "accepted"
    twin = make_machine(cast["maker"], now, serial="SN-2")
    other = twin.asset.asset_type
    other.pk, other.name = None, "Another type"
    other._state.adding = True
    from apps.common.fields import uuid7

    other.id = uuid7()
    other.save()
    Asset.objects.filter(pk=twin.asset.pk).update(serial="SN-1", asset_type=other)
    assert send(item)[0].reason == "unknown_asset"


def test_a_device_writes_its_own_asset_only(
    machine: Machine, send: Send, hour: Hour, cast: dict[str, Any], now: datetime
) -> None:
    other = make_machine(cast["maker"], now, serial="SN-2")
    device = Device.objects.create(
        asset_id=other.asset.id, asset_label="x", name="Gateway", made_at=now
    )
    mine, foreign = send(
        other.item("hours", hour(1), "1"), machine.item("hours", hour(1), "1"), device=device
    )
    assert (mine.status, foreign.status, foreign.reason) == ("accepted", "refused", "unknown_asset")


def test_another_companys_asset_is_as_unknown_as_an_absent_one(
    machine: Machine, send: Send, hour: Hour, cast: dict[str, Any]
) -> None:
    with company_context(cast["stranger"]):
        outcomes = send(machine.item("hours", hour(1), "1"))
        assert [item.reason for item in outcomes] == ["unknown_asset"]
    assert levels(machine.channels["hours"]) == []


def test_many_rows_of_all_kinds_at_once(machine: Machine, now: datetime) -> None:
    first = now - timedelta(days=20)
    items = [
        machine.item(
            ("hours", "energy", "pressure")[n % 3],
            (first + timedelta(minutes=n)).isoformat(),
            str(n),
            n,
            id=str(n),
        )
        for n in range(3000)
    ]
    outcomes = take_in(items=items, source="bulk", now=now)
    assert {item.status for item in outcomes} == {"accepted"}
    assert [item.position for item in outcomes] == list(range(3000))
    again = take_in(items=items[::-1], source="bulk", now=now)
    assert {item.status for item in again} == {"duplicate"}
    assert len(levels(machine.channels["hours"])) == 1000
    assert len(deltas(machine.channels["energy"])) == 1000


def test_nothing_to_take_in_is_no_work(machine: Machine, now: datetime) -> None:
    assert take_in(items=[], source="none", now=now) == []
    items = [RawItem(0, "", "", "", "")]
    assert take_in(items=items, source="none", now=now)[0].status == "refused"
