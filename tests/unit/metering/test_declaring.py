"""What may be declared: the nearest contradiction, and what is unusually fast."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.metering.domain.declaring import Said, falls, fastest, is_unusual

START = datetime(2026, 1, 1, tzinfo=UTC)


def said(hours: int, value: str) -> Said:
    return Said(START + timedelta(hours=hours), Decimal(value))


BEFORE = [said(0, "100"), said(10, "120"), said(30, "140")]


@pytest.mark.parametrize(
    ("one", "contradicted"),
    [(said(5, "110"), None), (said(5, "99"), BEFORE[0]), (said(5, "121"), BEFORE[1]),
     (said(40, "139"), BEFORE[2]), (said(40, "140"), None), (said(10, "135"), None),
     (said(10, "141"), BEFORE[2])],
)  # fmt: skip
def test_a_counter_never_falls(one: Said, contradicted: Said | None) -> None:
    assert falls(one, BEFORE) == contradicted


def test_ten_times_as_fast_as_ever_is_unusual() -> None:
    assert fastest(BEFORE) == 2
    assert not is_unusual(said(40, "340"), BEFORE)
    assert is_unusual(said(40, "340.1"), BEFORE)
    assert not is_unusual(said(40, "9999"), BEFORE[:1])
    assert not is_unusual(said(-1, "0"), BEFORE)
