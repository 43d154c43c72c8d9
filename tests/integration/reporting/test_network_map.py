"""What flowed in a network, as its founder, a member and a stranger see it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from apps.assets.operations import GrantWish, grant_data
from apps.assets.operations.reading import log_act
from apps.networks.models import ValueNetwork
from apps.reporting.months import month_at
from apps.reporting.queries.network_flows import flows_between
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import make_asset, make_contract, month_of_readings
from tests.integration.settlement.scene import agree, per_cycle, work
from tests.world import build_world

BERLIN = "Europe/Berlin"


@pytest.fixture(scope="module")
def world(shared_database: str, django_db_blocker: Any) -> dict[str, Any]:
    from apps.tenancy.models import Company
    from tests.conftest import make_person

    with django_db_blocker.unblock():
        companies = {company.slug: company for company in Company.objects.all()}
        build_world(companies, make_person)
        with company_context(companies["provider"]):
            network = ValueNetwork.objects.get(name__startswith="Roads")
    return {"address": f"/networks/{network.public_id}/map/?month=2026-09"}


def test_money_and_service_flow_between_provider_and_customer(
    world: dict[str, Any], cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    text = client_of(cast["provider"]).get(world["address"]).content.decode()
    assert "What flowed in September 2026" in text
    rows = [row for row in text.split("<tbody")[1].split("<tr") if "flow-key" in row]
    kinds = [("flow-service" in row, "flow-money" in row) for row in rows]
    assert sorted(kinds) == [(False, True), (True, False)]
    money = next(row for row in rows if "flow-money" in row)
    assert money.index("Customer Foods") < money.index("Provider Services")
    service = next(row for row in rows if "flow-service" in row)
    assert "10,080\u00a0km" in service


def test_a_month_without_invoices_names_the_contracts(
    world: dict[str, Any], cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    address = world["address"].replace("2026-09", "2026-10")
    text = client_of(cast["provider"]).get(address).content.decode()
    assert re.search(r">\d contracts?<", text)
    assert 'flow-money"></span>money</td>' not in text


def test_a_contract_of_no_network_is_on_no_map(
    world: dict[str, Any], cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(cast["provider"])
    before = client.get(world["address"]).content
    asset = make_asset(cast["provider"], "Beside")
    beside = make_contract(cast["provider"], cast["customer"], [asset], starts_on="2026-09-01")
    month_of_readings(cast["provider"], asset, "2026-09", 1000, 1055)
    bill(cast["provider"], "2026-09")
    assert beside.pk in {invoice.contract_id for invoice in issue_all(cast["provider"])}
    assert client.get(world["address"]).content == before


@pytest.mark.parametrize(("month", "inside"), [(8, True), (7, False)])
def test_shares_and_reads_flow_where_their_contract_is_of_the_network(
    world: dict[str, Any], cast: dict[str, Any], month: int, inside: bool
) -> None:
    provider, maker, customer = cast["provider"], cast["maker"], cast["customer"]
    with company_context(provider):
        network = ValueNetwork.objects.get(name__startswith="Roads")
    asset = make_asset(provider, f"Beside {inside}")
    contract = make_contract(
        provider,
        customer,
        [asset],
        starts_on=f"2026-{month:02}-01",
        network=network if inside else None,
    )
    agree(contract, per_cycle(maker))
    month_of_readings(provider, asset, f"2026-{month:02}", 1000, 1055)
    bill(provider, f"2026-{month:02}")
    issue_all(provider)
    work(provider)
    read(provider, asset, contract, customer, moment := datetime(2026, month, 20, tzinfo=UTC))
    with company_context(provider):
        keys = [provider.pk, maker.pk, customer.pk]
        found = flows_between(network.pk, keys, month_at(moment, BERLIN), BERLIN)
    ways = {(flow.kind, flow.source, flow.target) for flow in found if flow.kind != "product"}
    expected = {
        ("service", provider.pk, customer.pk), ("data", provider.pk, customer.pk),
        ("money", customer.pk, provider.pk), ("money", provider.pk, maker.pk),
    }  # fmt: skip
    assert ways == (expected if inside else set())


def read(provider: Any, asset: Any, contract: Any, reader: Any, moment: datetime) -> None:
    """Once, under a grant of the contract."""
    wish = GrantWish(reader.pk, ("cycles",), "raw", "Invoice", moment)
    with company_context(provider):
        [grant] = grant_data(wanted={asset: [wish]}, contract_id=contract.pk, now=moment)
        log_act(
            grant=grant, channels=["cycles"], resolution="raw", start=moment, end=moment, who="Carl",
            count=1, now=moment,
        )  # fmt: skip


def test_an_odd_month_is_the_last_one(
    world: dict[str, Any], cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    for odd in ("0000-01", "2026-13", "x", ""):
        answer = client_of(cast["provider"]).get(world["address"].replace("2026-09", odd))
        assert answer.status_code == 200


def test_it_opens_at_the_latest_month_that_is_invoiced_of_the_last_three(
    world: dict[str, Any], cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    address = world["address"].split("?")[0]
    for month in (10, 11, 12):
        with time_machine.travel(datetime(2026, month, 2, 9, tzinfo=UTC)):
            text = client_of(cast["provider"]).get(address).content.decode()
        assert "What flowed in September 2026" in text, month
    with time_machine.travel(datetime(2027, 1, 2, 9, tzinfo=UTC)):
        assert (
            "What flowed in December 2026"
            in client_of(cast["provider"]).get(address).content.decode()
        )


def test_a_member_sees_its_flows_with_the_founder_and_a_stranger_nothing(
    world: dict[str, Any], cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    text = client_of(cast["customer"]).get(world["address"]).content.decode()
    assert "10,080\u00a0km" in text
    assert "Maker" not in text
    assert client_of(cast["stranger"]).get(world["address"]).status_code == 404
