"""Keys tell when they were made."""

from datetime import UTC, datetime, timedelta

from apps.common.ids import least_id, new_id


def test_the_least_id_is_below_every_key_of_its_time() -> None:
    instant = datetime(2026, 11, 5, 9, tzinfo=UTC)
    assert least_id(instant) <= new_id(instant, bytes(10))
    assert least_id(instant) > new_id(instant - timedelta(milliseconds=1), b"\xff" * 10)
