"""How figures, states and times are written on pages."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from apps.common.templatetags import portal

MOMENT = datetime(2026, 11, 2, 9, 5, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "1,234.50\u00a0EUR"), ("de", "1.234,50\u00a0EUR")]
)
def test_money_is_written_as_the_language_does(language: str, shown: str) -> None:
    with translation.override(language):
        assert portal.money(123450, "EUR") == shown


def test_money_of_a_currency_without_minor_units() -> None:
    with translation.override("en"):
        assert portal.money(123450, "JPY") == "123,450\u00a0JPY"
        assert portal.money(None, "JPY") == "–"


def test_a_quantity_carries_its_unit() -> None:
    with translation.override("de"):
        assert portal.quantity(Decimal("1234.500"), "kW.h") == "1.234,5\u00a0kWh"
        assert portal.quantity(7) == "7"
        assert portal.quantity(Decimal("3"), "no such unit") == "3 no such unit"


def test_a_moment_is_shown_in_the_readers_zone_with_utc_on_hover() -> None:
    with timezone.override(ZoneInfo("Asia/Seoul")), translation.override("en"):
        shown = portal.instant(MOMENT)
    assert ">2 Nov 2026 18:05</time>" in shown
    assert 'datetime="2026-11-02T09:05:07+00:00"' in shown
    assert 'title="2026-11-02 09:05:07 UTC"' in shown


def test_a_day_of_a_moment_is_that_of_the_named_zone() -> None:
    late = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    with translation.override("de"):
        assert portal.day_in(late, "Europe/Berlin") == "01.11.2026"
        assert portal.day(date(2026, 3, 4)) == "04.03.2026"
        assert portal.day("2026-03-04") == "04.03.2026"
    assert portal.day("") == portal.day(None) == portal.instant("") == "–"


@pytest.mark.parametrize(
    ("passed", "english", "german"),
    [
        (timedelta(seconds=20), "just now", "gerade eben"),
        (timedelta(minutes=1), "1 minute ago", "vor 1 Minute"),
        (timedelta(days=3), "3 days ago", "vor 3 Tagen"),
        (timedelta(days=70), "2 months ago", "vor 2 Monaten"),
    ],
)
def test_how_long_ago_is_said_as_the_language_does(
    passed: timedelta, english: str, german: str
) -> None:
    for language, text in (("en", english), ("de", german)):
        with translation.override(language):
            assert f">{text}</time>" in portal.ago(timezone.now() - passed)


def test_a_pill_escapes_its_label() -> None:
    assert portal.pill("active", "<b>") == (
        '<span class="status status-green"><span class="status-dot"></span>&lt;b&gt;</span>'
    )


def test_a_sparkline_needs_two_values() -> None:
    assert "polyline" not in portal.sparkline([1])
    assert 'points="0.0,26.0 50.0,2.0 100.0,14.0"' in portal.sparkline([0, 2, 1])


def test_a_level_sparkline_is_a_line_too() -> None:
    assert 'points="0.0,26.0 100.0,26.0"' in portal.sparkline([5, 5])


def test_every_icon_named_in_templates_exists() -> None:
    import re
    from pathlib import Path

    names = {
        name
        for folder in ("templates", "apps")
        for file in Path(folder).rglob("*.html")
        for name in re.findall(r'{% icon "([a-z0-9-]+)"', file.read_text())
    }
    assert names
    for name in names:
        portal.icon(name)


@pytest.mark.parametrize(
    ("language", "number", "shown"),
    [("en", 999, "999"), ("en", 1000, "1,000"), ("en", 1001, "1,000+"), ("de", 1001, "1.000+")],
)
def test_a_count_says_where_it_stopped(language: str, number: int, shown: str) -> None:
    with translation.override(language):
        assert portal.counted(number) == shown
