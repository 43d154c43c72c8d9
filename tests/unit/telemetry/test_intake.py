from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from apps.common.quantity import BadValue
from apps.telemetry.domain.intake import (
    REASONS,
    Refusal,
    judge_factor,
    judge_name,
    judge_time,
    judge_unit,
    judge_value,
    reason_text,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
EDGE = datetime(2026, 1, 1, tzinfo=UTC)


def reason_of(function: object, *arguments: object) -> str:
    with pytest.raises(BadValue) as refused:
        function(*arguments)  # type: ignore[operator]
    return refused.value.reason


def test_values() -> None:
    assert judge_value("12.50") == Decimal("12.5")
    assert judge_value(True, "state") == 1
    assert reason_of(judge_value, True) == "not_a_number"
    assert reason_of(judge_value, None) == "missing_value"
    assert reason_of(judge_value, "") == "missing_value"
    assert reason_of(judge_value, "1E+1000000") == "exponent_too_large"


def test_times() -> None:
    assert judge_time("2026-03-10T13:00:00+00:00", NOW, EDGE) == NOW + timedelta(hours=1)
    assert judge_time("2026-01-01T00:00:00Z", NOW, EDGE) == EDGE
    assert judge_time(NOW, NOW, EDGE) == NOW
    assert reason_of(judge_time, "2026-03-10T13:00:01Z", NOW, EDGE) == "in_future"
    assert reason_of(judge_time, "2025-12-31T23:59:59Z", NOW, EDGE) == "before_retention"
    assert reason_of(judge_time, "2026-03-10T12:00:00", NOW, EDGE) == "naive_time"
    assert reason_of(judge_time, NOW.replace(tzinfo=None), NOW, EDGE) == "naive_time"
    assert reason_of(judge_time, 17, NOW, EDGE) == "bad_time"
    assert reason_of(judge_time, None, NOW, EDGE) == "missing_value"


def test_units_and_factors() -> None:
    assert judge_unit(Decimal(1), "[mi_i]", "km") == Decimal("1.609344")
    assert judge_unit(Decimal(1), None, "km") == 1
    assert reason_of(judge_unit, Decimal(1), "kg", "km") == "unit_mismatch"
    assert judge_factor(Decimal(3), Decimal("0.1")) == Decimal("0.3")


def test_names() -> None:
    assert judge_name("truck-1/km", "source") == "truck-1/km"
    assert reason_of(judge_name, "", "source") == "missing_value"
    for bad in ("a\x00", "x" * 201, 5, "a\nb", "\ud800"):
        assert reason_of(judge_name, bad, "id") == "bad_text"


def test_every_reason_has_both_languages() -> None:
    for texts in REASONS.values():
        assert set(texts) == {"de", "en"}
    refusal = Refusal(3, "unknown_channel", {"channel": "km"})
    assert refusal.text("de-at") == "Der Kanal km ist hier nicht bekannt."
    assert reason_text("too_fast", {}, "en") == "A step of ?; at most ? is plausible in that time."
    assert reason_text("later_reason", {}, "en") == "later_reason"
