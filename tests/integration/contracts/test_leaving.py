"""Contracts of a network end with a member that leaves it: from the day after, never before."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.assets.models import DataGrant
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.models import Contract
from apps.contracts.operations import draft_contract, offer_contract, sign_contract
from apps.contracts.queries import content_sha256
from apps.events.operations import run_waiting_jobs
from apps.metering.models import MeteringOrder
from apps.networks.models import Participation, ValueNetwork
from apps.networks.operations import (
    answer_invitation,
    end_participation,
    found_network,
    invite_company,
    leave_network,
    note_answer,
)
from apps.tenancy.context import company_context
from tests.integration.metering.conftest import PLAN, Works


def found(works: Works) -> ValueNetwork:
    return found_network(
        name="Air", purpose="", members_meet=False, roles=["provider"], now=works.now, actor="Anna"
    )


def invite(works: Works, network: ValueNetwork, role: str = "customer") -> Participation:
    return invite_company(
        network=network, company=works.customer, role=role, now=works.now, actor="Anna"
    )


def join(works: Works, row: Participation) -> None:
    with company_context(works.customer):
        own = Participation.objects.select_related("network").get(pk=row.pk)
        answer_invitation(participation=own, accepts=True, now=works.now, actor="Carl")
    note_answer(participation_id=row.pk, now=works.now)


def leave(works: Works, row: Participation) -> None:
    with company_context(works.customer):
        own = Participation.objects.select_related("network").get(pk=row.pk)
        leave_network(participation=own, now=works.now, actor="Carl")
    run_waiting_jobs(now=works.now)
    run_waiting_jobs(now=works.now)


def drafted(works: Works, network: ValueNetwork | None, title: str = "Air") -> Contract:
    facts = ContractFacts(
        customer_id=works.customer.pk, title=title, starts_on=date(2026, 1, 1),
        network_id=network and network.pk,
    )  # fmt: skip
    item = ItemFacts(works.machine.asset.pk, "cycles", "cycles")
    return draft_contract(facts=facts, items=[item], plan=PLAN, now=works.now, actor="Anna")


def in_force(works: Works, network: ValueNetwork | None, title: str = "Air") -> Contract:
    contract = offer_contract(contract=drafted(works, network, title), now=works.now, actor="Anna")
    with company_context(works.customer):
        shown = Contract.objects.get(pk=contract.pk)
        sign_contract(
            contract_id=shown.pk, content=content_sha256(shown), now=works.now, actor="Carl"
        )
    run_waiting_jobs(now=works.now)
    contract.refresh_from_db()
    assert contract.state == Contract.State.ACTIVE
    return contract


def test_a_contract_is_of_a_network_that_both_are_asked_into(works: Works) -> None:
    network = found(works)
    with pytest.raises(ValidationError, match="play a role in") as refused:
        drafted(works, network)
    assert set(refused.value.message_dict) == {"network"}
    assert not Contract.objects.exists()
    row = invite(works, network)
    contract = drafted(works, network)
    with pytest.raises(ValidationError, match="must have joined the network Air"):
        offer_contract(contract=contract, now=works.now, actor="Anna")
    contract.refresh_from_db()
    assert (contract.state, contract.parties) == ("draft", [works.provider.pk])
    join(works, row)
    assert offer_contract(contract=contract, now=works.now, actor="Anna").state == "offered"


def test_nobody_drafts_in_a_network_it_does_not_belong_to(works: Works) -> None:
    with company_context(works.customer):
        theirs = found_network(
            name="Theirs", purpose="", members_meet=True, roles=["customer"], now=works.now,
            actor="Carl",
        )  # fmt: skip
    with pytest.raises(ValidationError, match="play a role in"):
        drafted(works, theirs)
    assert not Contract.objects.exists()


def test_what_is_signed_names_the_network(works: Works) -> None:
    network = found(works)
    join(works, invite(works, network))
    plain, of_network = drafted(works, None), drafted(works, network, "Second")
    assert content_sha256(plain) != content_sha256(of_network)
    of_network.network = None
    of_network.title = plain.title
    assert content_sha256(of_network) != content_sha256(plain)  # another contract's key


def test_leaving_ends_contracts_and_grants_with_the_day_and_nothing_else(works: Works) -> None:
    network = found(works)
    row = invite(works, network)
    join(works, row)
    inside, outside = in_force(works, network), in_force(works, None, "Outside")
    offered = offer_contract(
        contract=drafted(works, network, "Offered"), now=works.now, actor="Anna"
    )
    leave(works, row)
    leave(works, row)
    for contract in (inside, outside, offered):
        contract.refresh_from_db()
    # It left in the morning of 2 November in Berlin: that day is the last one covered.
    last = (works.now + timedelta(days=1)).date()
    assert (inside.state, inside.ends_on) == ("active", last)
    assert (outside.state, outside.ends_on) == ("active", None)
    assert (offered.state, offered.parties) == ("draft", [works.provider.pk])
    until = {grant.contract_id: grant.valid_until for grant in DataGrant.objects.all()}
    assert until[outside.pk] is None
    assert until[inside.pk] is not None
    assert until[inside.pk].date() == works.now.date()  # Berlin's midnight lies in UTC's evening
    orders = dict(MeteringOrder.objects.values_list("contract_id", "ends_at"))
    assert (orders[inside.pk], orders[outside.pk]) == (until[inside.pk], None)


def test_a_company_with_another_role_keeps_its_contracts(works: Works) -> None:
    network = found(works)
    row, other = invite(works, network), invite(works, network, "owner")
    join(works, row)
    join(works, other)
    contract = in_force(works, network)
    leave(works, row)
    contract.refresh_from_db()
    assert contract.ends_on is None
    leave(works, other)
    contract.refresh_from_db()
    assert contract.ends_on == (works.now + timedelta(days=1)).date()


def test_the_founder_ends_a_membership_with_the_same_effect(works: Works) -> None:
    network = found(works)
    row = invite(works, network)
    join(works, row)
    contract = in_force(works, network)
    row.refresh_from_db()
    end_participation(participation=row, now=works.now, actor="Anna")
    run_waiting_jobs(now=works.now)
    contract.refresh_from_db()
    assert contract.ends_on == (works.now + timedelta(days=1)).date()


def test_the_page_says_before_what_ends(works: Works, client_of: Callable[..., Any]) -> None:
    network = found(works)
    row = invite(works, network)
    join(works, row)
    in_force(works, network, "Compressed air")
    client = client_of(works.customer)
    page = f"/participations/{row.public_id}/leaving/"
    assert "last role in this network" in client.get(page).content.decode()
    part = client.get(f"/participations/{row.public_id}/contracts/").content.decode()
    assert "Compressed air" in part
    assert "ends before" in part
    assert client_of(works.customer, "viewer").get(page).status_code == 403
    with company_context(works.provider):
        assert Participation.objects.get(pk=row.pk).state == "active"
    client.post(page)
    client.post(page)
    with company_context(works.provider):
        run_waiting_jobs(now=timezone.now())
        assert Participation.objects.get(pk=row.pk).state == "ended"
    assert client.get(page).status_code == 302
