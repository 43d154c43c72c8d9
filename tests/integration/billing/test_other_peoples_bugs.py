"""Mistakes that other billing systems are known for, each made impossible from readings to the books."""

from typing import Any

import pytest

from apps.billing.models import Invoice, InvoiceLine, RunItem
from apps.common.period import parse_instant
from apps.contracts.models import Contract
from apps.metering.models import UsageRecord
from apps.telemetry.models import Channel
from apps.telemetry.operations import declare, recompute_dirty
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill
from tests.integration.billing.scene import (
    BASE_FEE,
    NOW,
    PER_CYCLE,
    add_plan,
    make_asset,
    make_contract,
    month_of_readings,
    plan_of,
    send,
)

TIERS = {
    **{key: PER_CYCLE[key] for key in ("code", "title", "meter", "unit")},
    "model": "graduated",
    "tiers": [{"up_to": "10", "unit_price": "0.10"}, {"up_to": None, "unit_price": "0.05"}],
}  # fmt: skip


def nets(company: Any, contract: Contract) -> dict[tuple[str, str, int], int]:
    """By month, charge and tier."""
    with company_context(company):
        return {
            (f"{line.billed_period.end:%Y-%m}", line.charge, line.tier): line.net_minor
            for line in InvoiceLine.objects.filter(invoice__contract=contract)
        }


def test_half_a_unit_above_an_edge_is_half_a_unit_in_the_next_tier(
    provider: Any, customer: Any
) -> None:
    press = make_asset(provider)
    contract = make_contract(provider, customer, [press], charges=(BASE_FEE, TIERS))
    send(provider, press, ("2026-09-30T20:00:00Z", "0"), ("2026-10-20T10:00:00Z", "10.5"))
    bill(provider)
    # 10 × 0.10 and 0.5 × 0.05 = 0.025, half up.
    assert nets(provider, contract) == {
        ("2026-10", "base", 0): 10000, ("2026-10", "cycles", 1): 100, ("2026-10", "cycles", 2): 3,
    }  # fmt: skip


def test_contracts_made_before_and_after_the_clock_changed_bill_the_same(
    provider: Any, customer: Any
) -> None:
    """Summer time began on 29 March; a step ends at April's first instant and one just after it."""
    press = make_asset(provider)
    before = make_contract(provider, customer, [press], starts_on="2026-03-01", title="Before")
    after = make_contract(provider, customer, [press], starts_on="2026-04-01", title="After")
    send(
        provider, press, ("2026-02-28T22:00:00Z", "0"), ("2026-03-31T21:59:00Z", "70"),
        ("2026-03-31T22:00:00Z", "100"), ("2026-03-31T22:01:00Z", "155"),
        ("2026-04-30T22:00:00Z", "200"),
    )  # fmt: skip
    bill(provider, "2026-04")
    april = {("2026-04", "base", 0): 10000, ("2026-04", "cycles", 0): 670}
    assert nets(provider, after) == april
    assert nets(provider, before) == {
        **april, ("2026-03", "base", 0): 10000, ("2026-03", "cycles", 0): 670,
    }  # fmt: skip


def test_two_currencies_in_one_run_stand_on_documents_of_their_own(
    provider: Any, customer: Any
) -> None:
    """A plan of another currency than its contract's cannot be signed; were one there, it would wait."""
    press = make_asset(provider)
    euros = make_contract(provider, customer, [press], title="Euros")
    pounds = make_contract(provider, customer, [press], title="Pounds", currency="GBP")
    torn = make_contract(provider, customer, [press], title="Torn")
    add_plan(torn, plan_of(BASE_FEE, PER_CYCLE, currency="GBP"), "2026-10-01")
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    bill(provider)
    with company_context(provider):
        found = {row.contract_id: (row.currency, row.net_minor) for row in Invoice.objects.all()}
        item = RunItem.objects.get(state="parked")
    assert found == {euros.pk: ("EUR", 10369), pounds.pk: ("GBP", 10369)}
    assert (item.contract_id, item.reason) == (torn.pk, "currencies_differ")


@pytest.mark.parametrize(
    ("reset", "september"),
    [
        ("2026-10-05T00:00:00Z", 10),  # within October
        ("2026-09-29T00:00:00Z", 10),  # in the silence over the month's end
        ("2026-09-10T00:00:00Z", 1010),  # before the 1,010: it counted that much since
    ],
)
def test_a_reset_counts_once_within_a_period_and_across_two(
    provider: Any, customer: Any, reset: str, september: int
) -> None:
    """1,000 and 1,010 in September, 4 and 20 in October."""
    press = make_asset(provider)
    make_contract(provider, customer, [press], starts_on="2026-09-01")
    send(
        provider, press, ("2026-08-31T20:00:00Z", "1000"), ("2026-09-20T10:00:00Z", "1010"),
        ("2026-10-10T10:00:00Z", "4"), ("2026-10-20T10:00:00Z", "20"),
    )  # fmt: skip
    with company_context(provider):
        declare(
            channel=Channel.objects.get(), kind="reset", measured_at=parse_instant(reset),
            reason="firmware", by="test", now=NOW,
        )  # fmt: skip
        recompute_dirty(now=NOW)
    bill(provider)
    # Where nothing tells why it fell, what follows is not believed, and not billed.
    october = 0 if september == 1010 else 20
    with company_context(provider):
        rows = UsageRecord.objects.order_by("starts_at")
        assert [row.quantity for row in rows] == [september, october]
