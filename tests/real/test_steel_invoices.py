"""Half a year of a steel works, invoiced by the month: every cent recomputed by hand and by file."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.common.quantity import canonical
from tests.real.invoicing import (
    agree,
    bill,
    cents,
    evidence,
    plan,
    verify,
    with_one_digit_changed,
)
from tests.real.test_energy_steel import FILE, MAPPING, MONTHS

pytestmark = pytest.mark.real

EDGES = [
    (Decimal(50000), Decimal("0.1530")),
    (Decimal(80000), Decimal("0.1415")),
    (None, Decimal("0.1289")),
]
TIERS = [
    {"up_to": "50000", "unit_price": "0.1530"},
    {"up_to": "80000", "unit_price": "0.1415"},
    {"unit_price": "0.1289"},
]
PLAN = plan("Energy", {"model": "graduated", "code": "energy", "unit": "kW.h", "tiers": TIERS})


def by_hand(quantity: Decimal) -> list[int]:
    """The net of each tier in cents, naively."""
    nets, lower = [], Decimal(0)
    for edge, price in EDGES:
        upper = quantity if edge is None else min(quantity, edge)
        if upper <= lower:
            break
        nets.append(cents((upper - lower) * price))
        lower = upper
    return nets


@pytest.fixture
def contract(register: Callable[..., Any], provider: Any, cast: dict[str, Any]) -> Any:
    from apps.assets.domain.facts import ChannelFacts

    energy = ChannelFacts("energy", "Energy", "delta", "kW.h", expected_interval_seconds=900)
    register("Electricity meter", [energy], ["STEEL-1"])
    return agree(
        provider, cast["customer"], title="Energy", starts_on=date(2018, 1, 1),
        time_zone="Asia/Seoul", items=[("STEEL-1", "energy", "energy")], plan=PLAN,
    )  # fmt: skip


@pytest.fixture
def invoices(
    contract: Any, recording: Callable[[str], Path], take_file: Callable[..., Any]
) -> list[Any]:
    take_file(recording(FILE), "steel", MAPPING)
    return bill(list(MONTHS))


def test_six_invoices_to_the_cent(invoices: list[Any]) -> None:
    assert len(invoices) == 6
    for invoice, (month, quantity) in zip(invoices, MONTHS.items(), strict=True):
        lines = list(invoice.lines.order_by("position"))
        assert sum(line.quantity for line in lines) == quantity, month
        assert [line.net_minor for line in lines] == by_hand(quantity), month
        net = sum(by_hand(quantity))
        assert invoice.net_minor == net
        assert invoice.tax_minor == cents(Decimal(net) / 100 * Decimal("0.19"))
    assert [invoice.number for invoice in invoices] == [
        f"RE-2026-{number:05}" for number in range(1, 7)
    ]
    assert invoices[0].period_start == datetime(2017, 12, 31, 15, tzinfo=UTC)


@pytest.mark.long
def test_every_line_is_explained(invoices: list[Any]) -> None:
    from apps.billing.queries.explaining import explain_line

    for invoice, quantity in zip(invoices, MONTHS.values(), strict=True):
        for line in invoice.lines.all():
            for language in ("en", "de"):
                told = explain_line(line, language)
                assert told["arithmetic"]
                assert told["plan"]["model"] == "graduated"
                (usage,) = told["usage"]
                assert Decimal(usage["quantity"]) == quantity
                assert usage["reading_count"] == 96 * len(usage["daily"])


@pytest.mark.long
def test_every_evidence_file_verifies_and_a_changed_digit_does_not(
    invoices: list[Any], provider: Any, tmp_path: Path
) -> None:
    for invoice, quantity in zip(invoices, MONTHS.values(), strict=True):
        content = evidence(invoice)
        assert verify(content, provider, tmp_path).status == 0
        text = canonical(quantity).encode()
        checked = verify(with_one_digit_changed(content, text), provider, tmp_path)
        assert checked.status == 1
        assert canonical(quantity) in checked.words


@pytest.mark.long
def test_a_changed_reading_is_found(invoices: list[Any], provider: Any, tmp_path: Path) -> None:
    """3.17 kWh is the first quarter hour of the recording."""
    changed = with_one_digit_changed(evidence(invoices[0]), b"3.17")
    checked = verify(changed, provider, tmp_path)
    assert checked.status == 1
    assert "126238.3" in checked.words
