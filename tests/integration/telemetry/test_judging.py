"""A person's word: releasing, discarding, believing, resets and exchanges."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.assets.models import TypeChannel
from apps.events.models import AuditRow
from apps.telemetry.models import (
    ChannelDay,
    Declaration,
    Disbelief,
    Discontinuity,
    HourRollup,
    RefusedItem,
)
from apps.telemetry.operations import (
    Outcome,
    declare,
    judge_disbelief,
    judge_refused,
    recompute_dirty,
)
from apps.telemetry.operations.rollup import recompute_dirty as again
from apps.telemetry.queries import readings_between
from tests.integration.telemetry.conftest import Machine

Send = Callable[..., list[Outcome]]
Hour = Callable[[int], str]
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return OCTOBER + timedelta(hours=hours)


def total(channel: Any) -> Decimal:
    return sum(
        HourRollup.objects.filter(channel=channel).values_list("usage", flat=True), Decimal(0)
    )


def test_a_released_item_is_taken_in_as_it_was_sent(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    item = machine.item("new_one", hour(1), "1.25")
    assert send(item)[0].reason == "unknown_channel"
    [refused] = RefusedItem.objects.all()
    [verdict] = judge_refused(items=[refused], release=True, by="Ada", now=now)
    assert (verdict.status, verdict.reason) == ("refused", "unknown_channel")
    assert RefusedItem.objects.get().state == "open"
    TypeChannel.objects.create(
        author=machine.company,
        parties=[machine.company.pk],
        asset_type=machine.asset.asset_type,
        code="new_one",
        title="New",
        kind="gauge",
        unit="bar",
    )
    [verdict] = judge_refused(items=[refused], release=True, by="Ada", now=now)
    assert verdict.status == "released"
    kept = RefusedItem.objects.get()
    assert (kept.state, kept.decided_by, kept.decided_at) == ("released", "Ada", now)
    assert send(item)[0].status == "duplicate"
    assert AuditRow.objects.filter(action="telemetry.item_released").count() == 1
    assert judge_refused(items=[refused], release=False, by="Bob", now=now)[0].status == "already"
    assert RefusedItem.objects.get().decided_by == "Ada"


def test_a_discarded_item_stays_discarded(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    item = machine.item("pressure", hour(1), "NaN")
    send(item)
    judge_refused(items=list(RefusedItem.objects.all()), release=False, by="Ada", now=now)
    send(item)
    assert RefusedItem.objects.get().state == "discarded"


def test_a_conflict_cannot_be_released_against_the_first(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    send(machine.item("pressure", hour(1), "1"), machine.item("pressure", hour(1), "2"))
    [verdict] = judge_refused(items=list(RefusedItem.objects.all()), release=True, by="A", now=now)
    assert (verdict.status, verdict.reason) == ("refused", "conflict")
    assert RefusedItem.objects.count() == 1


def test_an_item_too_long_to_keep_says_so(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    send(machine.item("pressure", hour(1), "9" * 5000))
    [kept] = RefusedItem.objects.all()
    assert kept.raw == ""
    [verdict] = judge_refused(items=[kept], release=True, by="Ada", now=now)
    assert verdict.reason == "raw_not_kept"


def test_a_believed_reading_counts_and_may_be_taken_back(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    hours = machine.channels["hours"]
    for n, value in enumerate(("100", "101", "150", "151")):
        send(machine.item("hours", hour(n + 1), value))
    recompute_dirty(now=now)
    assert list(Disbelief.objects.order_by("measured_at").values_list("value", flat=True)) == [
        150,
        151,
    ]
    first = Disbelief.objects.get(value=150)
    judge_disbelief(disbelief=first, believe=True, reason="ran in a trailer", by="Ada", now=now)
    assert not Disbelief.objects.exists()
    assert total(hours) == 51
    assert AuditRow.objects.filter(action="telemetry.declared_believe").count() == 1
    declare(
        channel=hours,
        kind="disbelieve",
        measured_at=at(3),
        reason="no",
        by="Ada",
        now=now + timedelta(minutes=1),
    )
    assert list(Disbelief.objects.order_by("measured_at").values_list("value", "reason")) == [
        (150, "declared_wrong"), (151, "too_fast"),
    ]  # fmt: skip
    assert total(hours) == 1
    judge_disbelief(
        disbelief=Disbelief.objects.get(value=150),
        believe=True,
        reason="yes",
        by="Ada",
        now=now + timedelta(minutes=2),
    )
    assert total(hours) == 51


def test_a_discarded_amount_no_longer_counts(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    energy = machine.channels["energy"]
    send(
        machine.item("energy", hour(1), "5", id="a"), machine.item("energy", hour(1), "-3", id="b"),
        machine.item("energy", hour(1), "900", id="c"),
    )  # fmt: skip
    recompute_dirty(now=now)
    assert sorted(Disbelief.objects.values_list("reason", flat=True)) == [
        "negative_amount",
        "too_fast",
    ]
    assert total(energy) == 5
    fast = Disbelief.objects.get(reason="too_fast")
    judge_disbelief(disbelief=fast, believe=True, reason="x", by="Ada", now=now)
    assert total(energy) == 905
    assert [reading.value for reading in readings_between(energy, at(0), at(5))] == [5, 900]


def test_a_declared_reset_lets_the_counter_go_on(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    cycles = machine.channels["cycles"]
    values = [(1, "1000"), (2, "1010"), (30, "5"), (54, "25"), (78, "40")]
    send(*(machine.item("cycles", hour(n), value) for n, value in values))
    recompute_dirty(now=now)
    assert Disbelief.objects.count() == 3
    declare(channel=cycles, kind="reset", measured_at=at(20), reason="new board", by="Ada", now=now)
    assert not Disbelief.objects.exists()
    assert total(cycles) == 10 + 5 + 20 + 15
    assert list(Discontinuity.objects.values_list("kind", "amount")) == [("reset", 1010)]
    assert not again(now=now)


def test_an_exchange_has_both_values_and_is_said_once(
    machine: Machine, send: Send, hour: Hour, now: datetime
) -> None:
    cycles = machine.channels["cycles"]
    send(machine.item("cycles", hour(1), "100"), machine.item("cycles", hour(5), "530"))
    for minute in (0, 1):
        declare(
            channel=cycles,
            kind="exchange",
            measured_at=at(3),
            closing=Decimal(104),
            opening=Decimal(500),
            reason="exchanged",
            by="Ada",
            now=now + timedelta(minutes=minute),
        )
    assert total(cycles) == 4 + 30
    assert Declaration.objects.count() == 2


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("pressure", {"kind": "reset"}),
        ("cycles", {"kind": "exchange"}),
        ("cycles", {"kind": "exchange", "closing": Decimal(1)}),
        ("cycles", {"kind": "reset", "measured_at": datetime(2027, 1, 1, tzinfo=UTC)}),
    ],
)
def test_what_cannot_be_declared(
    machine: Machine, now: datetime, code: str, fields: dict[str, Any]
) -> None:
    facts = {"measured_at": at(1), "reason": "x", "by": "Ada", "now": now, **fields}
    with pytest.raises(ValidationError):
        declare(channel=machine.channels[code], **facts)
    assert not Declaration.objects.exists()
    assert not ChannelDay.objects.exists()
