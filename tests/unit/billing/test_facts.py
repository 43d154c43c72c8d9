"""Which days of a period a document says its service was for."""

from datetime import date
from types import SimpleNamespace

import pytest

from apps.billing.domain.facts import served_days

FIRST, AFTER = date(2026, 9, 1), date(2026, 10, 1)


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "served"),
    [
        (date(2026, 8, 1), None, []),
        (FIRST, AFTER, []),
        (date(2026, 8, 1), date(2027, 1, 1), []),
        (date(2026, 9, 14), None, ["2026-09-14", "2026-10-01"]),
        (date(2026, 8, 1), date(2026, 9, 15), ["2026-09-01", "2026-09-15"]),
        (date(2026, 9, 14), date(2026, 9, 15), ["2026-09-14", "2026-09-15"]),
    ],
)
def test_only_days_that_the_contract_covers(
    starts_on: date, ends_on: date | None, served: list[str]
) -> None:
    contract = SimpleNamespace(starts_on=starts_on, ends_on=ends_on)
    assert served_days(contract, FIRST, AFTER) == served
