"""The running cost is the price of the usage so far, and ends as the invoice."""

from datetime import UTC, datetime
from typing import Any

from apps.billing.models import Invoice
from apps.billing.queries import running_cost
from apps.contracts.models import Contract
from apps.events.operations import run_waiting_jobs
from apps.metering.models import ProvisionalUsage
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill
from tests.integration.billing.scene import make_asset, make_contract, send

DURING = datetime(2026, 10, 31, 20, 0, tzinfo=UTC)


def test_the_running_cost_equals_the_final_cost_for_both_sides(
    provider: Any, customer: Any
) -> None:
    asset = make_asset(provider)
    contract = make_contract(provider, customer, [asset])
    send(
        provider, asset, ("2026-09-30T20:00:00Z", "1000"), ("2026-10-12T10:00:00Z", "1020.5"),
        ("2026-10-31T19:00:00Z", "1055"), now=DURING,
    )  # fmt: skip
    with company_context(provider):
        run_waiting_jobs(now=DURING)
        assert ProvisionalUsage.objects.filter(contract_id=contract.id).exists()
    nets = set()
    for company in (provider, customer):
        with company_context(company):
            seen = Contract.objects.get(id=contract.id)
            (cost,) = running_cost([seen], DURING).values()
            nets.add((cost.net_minor, cost.gross_minor))
    bill(provider)
    with company_context(provider):
        invoice = Invoice.objects.get(contract=contract)
    assert nets == {(invoice.net_minor, invoice.gross_minor)} == {(10369, 12339)}
