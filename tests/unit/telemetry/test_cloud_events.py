"""Delivered hours and days as CloudEvents."""

from datetime import UTC, datetime
from decimal import Decimal

from apps.telemetry.domain.cloud_events import Share, event_of, summary_of, withdrawal_of
from apps.telemetry.domain.granted import Slot

AT = datetime(2026, 11, 1, 5, 0, 0, 123456, tzinfo=UTC)


def share(**more: str) -> Share:
    facts = {
        "km": {"kind": "counter", "unit": "km"},
        "bar": {"kind": "gauge", "unit": "bar"},
    }
    given = {"resolution": "daily", "time_zone": "Europe/Berlin", **more}
    return Share("grt_1", "ast_1", "maker", channel_facts=facts, **given)


def slot(start: datetime) -> Slot:
    return Slot(start, 4, Decimal("1.50"), Decimal(7), Decimal(3), Decimal(9))


def test_a_day_ends_where_the_next_begins_over_the_change_of_clocks() -> None:
    # Berlin, 25 October 2026: 25 hours.
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    event = event_of(share(), "km", slot(start), "gsr_1", AT)
    assert event["data"] == {
        "grant": "grt_1", "asset": "ast_1", "channel": "km", "unit": "km",
        "start": "2026-10-24T22:00:00Z", "end": "2026-10-25T23:00:00Z", "usage": "1.5",
        "readings": 4,
    }  # fmt: skip
    assert (event["id"], event["source"]) == ("gsr_1.1793509200123456", "/maker/assets/ast_1")
    assert event["type"] == "peruse.usage.daily"


def test_a_level_has_its_last_lowest_and_highest_value() -> None:
    event = event_of(share(resolution="hourly"), "bar", slot(AT), "gsr_1", AT)
    data = event["data"]
    assert [data[name] for name in ("last", "minimum", "maximum")] == ["7", "3", "9"]


def test_the_summary_of_a_batch() -> None:
    start, later = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)
    hours = share(resolution="hourly")
    batch = [
        event_of(hours, "km", slot(later), "gsr_1", AT),
        withdrawal_of(hours, "bar", start, AT),
    ]
    assert summary_of(batch) == (["bar", "km"], start, datetime(2026, 11, 1, 5, tzinfo=UTC))
    assert len({event["id"] for event in batch}) == 2
