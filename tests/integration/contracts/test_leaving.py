"""Contracts of a network end with a member that leaves it: from the day after, never before."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.assets.models import Asset, DataGrant
from apps.assets.queries import living_grants
from apps.billing.queries.due import due_periods
from apps.contracts.domain.clause import ClauseEntry
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.models import Contract, PartnerTerms
from apps.contracts.operations import (
    draft_contract,
    draft_split,
    end_contract,
    offer_contract,
    offer_split,
    sign_contract,
    sign_terms,
    write_clause,
)
from apps.contracts.operations.grants import ask_for_data
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
from tests.integration.contracts.test_contract_grants import LAYOUT
from tests.integration.metering.conftest import PLAN, Works
from tests.integration.notifications.scene import texts
from tests.integration.settlement.scene import percent_of


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


def drafted(
    works: Works, network: ValueNetwork | None, title: str = "Air",
    starts_on: date = date(2026, 1, 1), plan: dict[str, Any] = PLAN,
) -> Contract:  # fmt: skip
    facts = ContractFacts(
        customer_id=works.customer.pk, title=title, starts_on=starts_on,
        network_id=network and network.pk,
    )  # fmt: skip
    item = ItemFacts(works.machine.asset.pk, "cycles", "cycles")
    return draft_contract(facts=facts, items=[item], plan=plan, now=works.now, actor="Anna")


def in_force(works: Works, network: ValueNetwork | None, title: str = "Air") -> Contract:
    return signed_by_both(works, drafted(works, network, title))


def signed_by_both(works: Works, draft: Contract) -> Contract:
    contract = offer_contract(contract=draft, now=works.now, actor="Anna")
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


def financed(works: Works, cast: dict[str, Any]) -> tuple[Contract, Participation]:
    """A contract of the network whose data clause names the financier, a member, and a split that
    is offered to it."""
    leaser, network = cast["financier"], found(works)
    Asset.objects.filter(pk=works.machine.asset.pk).update(layout=LAYOUT)
    rows = [
        invite_company(network=network, company=company, role=role, now=works.now, actor="Anna")
        for company, role in ((works.customer, "customer"), (leaser, "owner"))
    ]
    for row in rows:
        with company_context(row.company):
            own = Participation.objects.select_related("network").get(pk=row.pk)
            answer_invitation(participation=own, accepts=True, now=works.now, actor="Carl")
        note_answer(participation_id=row.pk, now=works.now)
    draft = drafted(works, network)
    clause = [ClauseEntry(leaser.pk, leaser.name, "values", ("cycles",), "daily", "Lease")]
    write_clause(contract=draft, entries=clause, now=works.now)
    contract = signed_by_both(works, draft)
    draft_split(
        contract=contract, valid_from=contract.starts_on, now=works.now, actor="Anna",
        split={"currency": "EUR", "residual": works.provider.pk, "line_steps": [percent_of(leaser, "5")]},
    )  # fmt: skip
    offer_split(contract=contract, now=works.now, actor="Anna")
    return contract, rows[1]


def test_who_leaves_reads_nothing_more_and_signs_no_terms(
    works: Works, cast: dict[str, Any]
) -> None:
    leaser = cast["financier"]
    contract, row = financed(works, cast)
    with company_context(leaser):
        assert [grant.resolution for grant in living_grants(works.now)] == ["daily"]
        own = Participation.objects.select_related("network").get(pk=row.pk)
        leave_network(participation=own, now=works.now, actor="Lea")
        terms = PartnerTerms.objects.get()
    for _ in range(3):
        run_waiting_jobs(now=works.now)
    with company_context(leaser):
        assert not living_grants(works.now).exists()
        with pytest.raises(ValidationError, match="withdrawn"):
            sign_terms(terms_id=terms.pk, content=terms.terms_sha256, now=works.now, actor="Lea")
    # The customer reads as before, and the contract goes on.
    with company_context(works.customer):
        assert living_grants(works.now).filter(origin="contract").count() == 1
    assert contract.splits.get().state == "withdrawn"
    # Neither does anything that happens later let it in again.
    ask_for_data(contract, works.now)
    with pytest.raises(ValidationError, match="has left the contract"):
        draft_split(
            contract=contract, valid_from=contract.starts_on, now=works.now, actor="Anna",
            split={"currency": "EUR", "residual": works.provider.pk,
                   "line_steps": [percent_of(leaser, "5")]},
        )  # fmt: skip
    with company_context(leaser):
        assert not living_grants(works.now).exists()


def test_the_page_says_what_whom_the_clause_names_loses(
    works: Works, cast: dict[str, Any], client_of: Callable[..., Any]
) -> None:
    _contract, row = financed(works, cast)
    page = client_of(cast["financier"]).get(f"/participations/{row.public_id}/leaving/")
    assert "share no more data with it" in page.content.decode()
    part = client_of(works.provider).get(f"/participations/{row.public_id}/contracts/")
    assert "the company reads none of its data any more" in part.content.decode()


def test_who_has_left_signs_no_terms_before_the_provider_heard_of_it(
    works: Works, cast: dict[str, Any]
) -> None:
    _contract, row = financed(works, cast)
    Participation.objects.filter(pk=row.pk).update(state="ended", ended_at=works.now)
    with company_context(cast["financier"]):
        terms = PartnerTerms.objects.get()
        with pytest.raises(ValidationError, match="has left the network"):
            sign_terms(terms_id=terms.pk, content=terms.terms_sha256, now=works.now, actor="Lea")


ADVANCE = {**PLAN, "charges": [{**PLAN["charges"][0], "timing": "advance"}, PLAN["charges"][1]]}


@pytest.mark.parametrize("plan", [PLAN, ADVANCE])
def test_a_contract_that_has_not_begun_is_cancelled(
    works: Works, client_of: Callable[..., Any], plan: dict[str, Any]
) -> None:
    network = found(works)
    row = invite(works, network)
    join(works, row)
    draft = drafted(works, network, starts_on=date(2027, 3, 15), plan=plan)
    contract = signed_by_both(works, draft)
    part = client_of(works.customer).get(f"/participations/{row.public_id}/contracts/")
    assert "cancelled before it begins" in part.content.decode()
    with company_context(works.provider):
        leave(works, row)
        assert_cancelled(works, contract)
    page = client_of(works.provider).get(f"/contracts/{contract.public_id}/")
    assert page.status_code == 200


def assert_cancelled(works: Works, contract: Contract) -> None:
    contract.refresh_from_db()
    assert (contract.state, contract.ends_on) == ("ended", contract.starts_on)
    grant = DataGrant.objects.get(contract_id=contract.pk)
    assert grant.valid_until == grant.valid_from
    order = MeteringOrder.objects.get()
    assert order.ends_at == order.starts_at
    later = works.now + timedelta(days=400)
    assert due_periods("2027-03", later) == due_periods("2027-12", later) == []
    with pytest.raises(ValidationError, match="in force"):
        end_contract(contract=contract, ends_on=date(2027, 4, 1), now=works.now)


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


def test_both_sides_are_told_what_the_portal_ended(works: Works, person_of: Any) -> None:
    network = found(works)
    row = invite(works, network)
    join(works, row)
    in_force(works, network)
    offer_contract(contract=drafted(works, network, "Offer"), now=works.now, actor="Anna")
    people = [person_of(company, "director") for company in (works.provider, works.customer)]
    leave(works, row)
    with company_context(works.customer):
        run_waiting_jobs(now=works.now)
    seller, buyer = people
    assert texts(seller, works.provider, "ends") == [
        "The contract “Air” with Customer Foods GmbH ends because one of you left the network. "
        "Its last day is 2 Nov 2026.",
        "The offer “Offer” to Customer Foods GmbH is withdrawn because one of you left the network.",
    ]
    assert texts(buyer, works.customer, "ends") == [
        "The contract “Air” with Provider Services GmbH ends. Its last day is 2 Nov 2026."
    ]
    assert texts(buyer, works.customer, "offers")[-1] == (
        "Provider Services GmbH has withdrawn its offer “Offer”."
    )
