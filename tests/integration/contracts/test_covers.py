"""Assets come and go while a contract is in force: as both signed, from the day on, prorated."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.assets.models import DataGrant
from apps.common.period import month_period
from apps.contracts.domain.facts import ItemFacts
from apps.contracts.models import Contract, ContractItem, CoverChange
from apps.contracts.operations import (
    OfferChanged,
    accept_cover,
    accept_plan,
    adopt_cover,
    end_contract,
    propose_cover,
    propose_plan,
    withdraw_cover,
    withdraw_proposal,
)
from apps.contracts.queries import content_sha256
from apps.contracts.queries.covers import can_be_accepted
from apps.contracts.queries.plans import prices_to_accept
from apps.events.operations import run_waiting_jobs
from apps.metering.models import MeteringOrder, UsageRecord
from apps.metering.operations import meter_periods
from apps.telemetry.operations import RawItem, take_in
from apps.tenancy.context import company_context
from tests.integration.metering.conftest import PLAN, Works
from tests.integration.telemetry.conftest import make_machine

FROM = date(2026, 11, 10)


@pytest.fixture
def second(works: Works) -> Any:
    return make_machine(works.provider, works.now, serial="CP-2").asset


def propose(works: Works, contract: Contract, second: Any, **more: Any) -> CoverChange:
    [first] = contract.items.all()
    given = {
        "added": [ItemFacts(second.pk, "cycles", "cycles")], "withdrawn": [first.pk],
        "valid_from": FROM, **more,
    }  # fmt: skip
    return propose_cover(contract=contract, now=works.now, actor="Anna", **given)


def accept(works: Works, contract: Contract, at: datetime | None = None) -> None:
    with company_context(works.customer):
        change = CoverChange.objects.filter(contract=contract).order_by("-made_at").first()
        assert change is not None
        accept_cover(
            contract_id=contract.pk, content=change.content_sha256, now=at or works.now,
            actor="Carl",
        )  # fmt: skip
    run_waiting_jobs(now=at or works.now)
    run_waiting_jobs(now=at or works.now)


def test_nothing_changes_before_the_customer_signed(works: Works, second: Any) -> None:
    contract = works.contract()
    before = content_sha256(contract)
    change = propose(works, contract, second)
    assert propose(works, contract, second) == change
    run_waiting_jobs(now=works.now)
    assert not adopt_cover(contract_id=contract.pk, now=works.now)
    assert ContractItem.objects.count() == MeteringOrder.objects.count() == 1
    with company_context(works.customer), pytest.raises(OfferChanged):
        accept_cover(contract_id=contract.pk, content="0" * 64, now=works.now, actor="Carl")
    accept(works, contract)
    accept(works, contract)
    old, new = ContractItem.objects.order_by("added_by")
    assert (old.asset_label, new.asset_id) != (new.asset_label, old.asset_id)
    items = {item.asset_id: (item.starts_on, item.withdrawn_on) for item in (old, new)}
    assert items == {works.machine.asset.pk: (None, FROM), second.pk: (FROM, None)}
    # What both signed first keeps its digest.
    assert content_sha256(Contract.objects.get(pk=contract.pk)) == before
    orders = dict(MeteringOrder.objects.values_list("asset_id", "ends_at"))
    assert orders[second.pk] is None
    assert str(orders[works.machine.asset.pk]) == "2026-11-09 23:00:00+00:00"
    # The customer reads the new asset from its day on, and the old one until then.
    spans = {
        asset: (begins.isoformat(), ends and ends.isoformat())
        for asset, begins, ends in DataGrant.objects.values_list(
            "asset", "valid_from", "valid_until"
        )
    }
    day = "2026-11-09T23:00:00+00:00"
    assert spans == {
        second.pk: (day, None), works.machine.asset.pk: ("2025-12-31T23:00:00+00:00", day),
    }  # fmt: skip


def test_each_asset_counts_for_its_own_days(works: Works, second: Any) -> None:
    contract = works.contract(starts_on=date(2026, 11, 1))
    propose(works, contract, second)
    accept(works, contract)
    start, later = (
        datetime.fromisoformat("2026-10-31T12:00:00+01:00"),
        works.now + timedelta(days=40),
    )
    for serial in (works.machine.asset.public_id, second.public_id):
        items = [
            RawItem(day, serial, "cycles", (start + timedelta(days=day)).isoformat(), str(1000 + 10 * day))
            for day in range(33)
        ]  # fmt: skip
        take_in(items=items, source="test", now=later)
    meter_periods(wanted=[(contract, month_period("2026-11", "Europe/Berlin"))], now=later)
    records = dict(UsageRecord.objects.values_list("asset_id", "quantity"))
    # 10 a day, read at noon: the value at midnight is that of the noon before.
    assert records == {works.machine.asset.pk: Decimal(90), second.pk: Decimal(210)}


@pytest.mark.parametrize(
    ("more", "field", "why"),
    [
        ({"valid_from": date(2026, 11, 2)}, "valid_from", "begins after today"),
        ({"added": [], "withdrawn": []}, "items", "added or withdrawn"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    works: Works, second: Any, more: dict[str, Any], field: str, why: str
) -> None:
    contract = works.contract()
    with pytest.raises(ValidationError, match=why) as refused:
        propose(works, contract, second, **more)
    assert set(refused.value.message_dict) == {field}
    assert not CoverChange.objects.exists()


def test_a_covered_channel_is_not_covered_twice_and_only_standing_ones_go(
    works: Works, second: Any
) -> None:
    contract = works.contract()
    own = [ItemFacts(works.machine.asset.pk, "cycles", "cycles")]
    with pytest.raises(ValidationError, match="covers that channel already"):
        propose(works, contract, second, added=own)
    with pytest.raises(ValidationError, match="Only what is covered"):
        propose(works, contract, second, withdrawn=[second.pk])
    with pytest.raises(ValidationError, match="in force"):
        propose_cover(
            contract=works.draft(title="D"), added=[], withdrawn=[], valid_from=FROM,
            now=works.now, actor="A",
        )  # fmt: skip


def test_too_late_is_too_late_and_withdrawn_is_gone(works: Works, second: Any) -> None:
    contract = works.contract()
    propose(works, contract, second)
    with pytest.raises(ValidationError, match="could be accepted before"):
        accept(works, contract, works.now + timedelta(days=30))
    withdraw_cover(contract=contract, now=works.now, actor="Anna")
    withdraw_cover(contract=contract, now=works.now, actor="Anna")
    with pytest.raises(OfferChanged):
        accept(works, contract)
    assert ContractItem.objects.count() == 1


def test_an_end_takes_back_what_would_begin_after_it(works: Works, second: Any) -> None:
    contract = works.contract()
    change = propose(works, contract, second)
    proposal = propose_plan(
        contract=contract, plan=PLAN, valid_from=date(2026, 12, 1), now=works.now, actor="Anna"
    )
    with company_context(works.customer):
        accept_cover(
            contract_id=contract.pk, content=change.content_sha256, now=works.now, actor="Carl"
        )
    contract = end_contract(contract=contract, ends_on=FROM, now=works.now)
    change.refresh_from_db()
    proposal.refresh_from_db()
    assert (change.state, proposal.state) == ("withdrawn", "withdrawn")
    run_waiting_jobs(now=works.now)
    assert ContractItem.objects.count() == 1


def test_what_would_begin_after_an_end_is_neither_accepted_nor_adopted(
    works: Works, second: Any
) -> None:
    """As it stands where an end was set before ends took proposals back."""
    contract = works.contract()
    change = propose(works, contract, second)
    proposal = propose_plan(
        contract=contract, plan=PLAN, valid_from=date(2026, 12, 1), now=works.now, actor="Anna"
    )
    said: dict[str, Any] = {"contract_id": contract.pk, "now": works.now, "actor": "Carl"}
    with company_context(works.customer):
        assert Contract.objects.filter(prices_to_accept(works.now.date())).exists()
        accept_cover(content=change.content_sha256, **said)
    Contract.objects.filter(pk=contract.pk).update(ends_on=FROM)
    contract.refresh_from_db()
    with company_context(works.customer):
        assert not can_be_accepted(contract, CoverChange.objects.get(), works.now)
        assert not Contract.objects.filter(prices_to_accept(works.now.date())).exists()
        with pytest.raises(ValidationError, match="ends before that day"):
            accept_plan(content=proposal.content_sha256, **said)
    assert not adopt_cover(contract_id=contract.pk, now=works.now)
    change.refresh_from_db()
    assert (change.state, ContractItem.objects.count()) == ("withdrawn", 1)


def test_what_begins_before_the_end_stays_open(works: Works, second: Any) -> None:
    contract = works.contract()
    propose(works, contract, second)
    end_contract(contract=contract, ends_on=FROM + timedelta(days=1), now=works.now)
    accept(works, contract)
    assert ContractItem.objects.count() == 2


def test_a_yes_between_holds_for_what_is_proposed_again_unchanged(
    works: Works, second: Any
) -> None:
    contract = works.contract()
    first = propose(works, contract, second)
    prices: dict[str, Any] = {
        "contract": contract, "plan": {**PLAN, "name": "New"}, "valid_from": date(2026, 12, 1),
        "now": works.now, "actor": "Anna",
    }  # fmt: skip
    proposal = propose_plan(**prices)
    said: dict[str, Any] = {"contract_id": contract.pk, "actor": "Carl"}

    def both_said(at: datetime) -> None:
        with company_context(works.customer):
            accept_cover(content=first.content_sha256, now=at, **said)
            accept_plan(content=proposal.content_sha256, now=at, **said)

    both_said(works.now)
    withdraw_cover(contract=contract, now=works.now, actor="Anna")
    withdraw_proposal(contract=contract, now=works.now, actor="Anna")
    run_waiting_jobs(now=works.now)
    later = works.now + timedelta(hours=1)
    works.now = prices["now"] = later
    assert propose(works, contract, second).content_sha256 == first.content_sha256
    propose_plan(**prices)
    with company_context(works.customer):
        assert Contract.objects.filter(prices_to_accept(later.date())).exists()
    both_said(later)
    run_waiting_jobs(now=later)
    assert ContractItem.objects.count() == 2
    assert contract.plans.count() == 2
    both_said(later)
    run_waiting_jobs(now=later)
    assert contract.plans.count() == 2


def test_the_database_keeps_items_that_nobody_agreed_to_change(works: Works, second: Any) -> None:
    contract = works.contract()
    [item] = contract.items.all()
    change = propose(works, contract, second)
    for act in (
        lambda: ContractItem.objects.filter(pk=item.pk).update(withdrawn_on=FROM),
        lambda: ContractItem.objects.create(
            author=works.provider, parties=item.parties, contract=contract, asset=second,
            asset_label="x", meter="cycles", channel_code="cycles", unit="{cycle}",
            starts_on=FROM, added_by=change,
        ),
        lambda: CoverChange.objects.filter(pk=change.pk).update(valid_from=date(2026, 12, 1)),
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_the_pages_propose_and_accept(
    works: Works, second: Any, client_of: Callable[..., Any]
) -> None:
    contract = works.contract()
    provider, customer = client_of(works.provider), client_of(works.customer)
    page = f"/contracts/{contract.public_id}/"
    assert "Covered from then on" in provider.get(page + "cover/new/").content.decode()
    refused = provider.post(
        page + "cover/new/",
        {"valid_from": "", "items-TOTAL_FORMS": "0", "items-INITIAL_FORMS": "0"},
    )
    assert refused.status_code == 422
    given = {
        "valid_from": "2035-11-10", "items-TOTAL_FORMS": "1", "items-INITIAL_FORMS": "0",
        "items-0-covered": f"{second.pk}:cycles", "items-0-meter": "cycles",
    }  # fmt: skip
    assert provider.post(page + "cover/new/", given).status_code == 302
    shown = customer.get(page).content.decode()
    assert "cover/acceptance/" in shown
    with company_context(works.customer):
        [change] = CoverChange.objects.all()
    assert provider.post(page + "cover/acceptance/").status_code == 404
    waits(provider, told=False)
    waits(customer, told=True)
    customer.post(page + "cover/acceptance/", {"content": change.content_sha256})
    waits(customer, told=False)
    with company_context(works.provider):
        run_waiting_jobs(now=datetime.now(tz=works.now.tzinfo))
        assert ContractItem.objects.filter(contract=contract).count() == 2


def waits(client: Any, told: bool) -> None:
    """Before its day, or the machines go unbilled: the home and the list name the contract."""
    home = client.get("/").content.decode()
    assert ("/contracts/?waits=assets" in home) == told
    assert ("change of assets to accept" in home) == told
    assert ("Air by use" in client.get("/contracts/?waits=assets").content.decode()) == told
