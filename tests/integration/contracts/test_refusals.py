"""A no has a reason, stands on the other side's page, is told there and waits for nobody any more."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import Error, transaction
from django.test import Client
from django.urls import reverse

from apps.contracts.models import Contract, PartnerTerms, Refusal
from apps.contracts.operations import (
    OfferChanged,
    accept_plan,
    draft_split,
    offer_contract,
    offer_split,
    propose_cover,
    propose_end,
    propose_plan,
    refuse,
    refuse_terms,
    sign_contract,
    sign_terms,
    withdraw_offer,
    withdraw_split,
)
from apps.contracts.queries import content_sha256, offers_to_sign
from apps.contracts.queries.counting import contract_counts
from apps.contracts.queries.leaving import open_contracts
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import company_context
from tests.integration.metering.conftest import PLAN, Works
from tests.integration.notifications.scene import told
from tests.integration.settlement.scene import percent_of

DECEMBER = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def _today(works: Works) -> Iterator[None]:
    with time_machine.travel(works.now, tick=False):
        yield


def no(works: Works, contract: Contract, content: str, company: Any = None, **more: Any) -> Refusal:
    given = {"reason": "Too dear.", "now": works.now, "actor": "Carl", **more}
    with company_context(company or works.customer):
        return refuse(contract_id=contract.pk, content=content, **given)


def counted(company: Any, name: str) -> int:
    with company_context(company):
        return int(contract_counts(date(2026, 11, 2), 9)[name])


def prices(works: Works, contract: Contract) -> str:
    plan = deepcopy(PLAN)
    plan["charges"][1]["unit_price"] = "0.1"
    made = propose_plan(
        contract=contract, plan=plan, valid_from=DECEMBER, now=works.now, actor="Anna"
    )
    return made.content_sha256


def assets(works: Works, contract: Contract) -> str:
    [item] = contract.items.all()
    made = propose_cover(
        contract=contract, added=[], withdrawn=[item.pk], valid_from=DECEMBER, now=works.now,
        actor="Anna",
    )  # fmt: skip
    return made.content_sha256


def end(works: Works, contract: Contract) -> str:
    made = propose_end(
        contract_id=contract.pk, ends_on=DECEMBER, now=works.now, actor="Anna", reason=""
    )
    return made.content_sha256


@pytest.mark.parametrize(
    ("propose", "count", "waits"),
    [(prices, "prices_in", "prices"), (assets, "covers_in", "assets"), (end, "ends_in", "end")],
)
def test_what_is_proposed_is_refused_and_waits_no_more(
    works: Works, client_of: Callable[..., Client], person_of: Any,
    propose: Callable[[Works, Contract], str], count: str, waits: str,
) -> None:  # fmt: skip
    contract = works.contract()
    person = person_of(works.provider, "finance")
    content = propose(works, contract)
    assert counted(works.customer, count) == 1
    with pytest.raises(ValidationError, match="Say why"):
        no(works, contract, content, reason="  ")
    with pytest.raises(OfferChanged):
        no(works, contract, content, works.provider)
    row = no(works, contract, content)
    assert no(works, contract, content, reason="Again.") == row
    assert (row.what, row.reason) == (waits, "Too dear.")
    assert counted(works.customer, count) == 0
    run_waiting_jobs(now=works.now)
    assert told(person, works.provider)[-1] == ("agreements", f"{waits}_refused")
    for company in (works.provider, works.customer):
        page = client_of(company).get(reverse("contract_detail", args=[contract.public_id]))
        assert "has refused this:" in page.content.decode()
        assert "Too dear." in page.content.decode()
    listed = client_of(works.customer).get(f"{reverse('contract_list')}?waits={waits}")
    assert "Air by use" not in listed.content.decode()


def test_a_refused_offer_waits_for_nobody_until_it_is_made_again(
    works: Works, client_of: Callable[..., Client], person_of: Any
) -> None:
    contract = offer_contract(contract=works.draft(), now=works.now, actor="Anna")
    person = person_of(works.provider, "finance")
    content = content_sha256(contract)
    buyer, seller = client_of(works.customer), client_of(works.provider)
    sheet = reverse("contract_detail", args=[contract.public_id])
    assert counted(works.customer, "offers_in") == counted(works.provider, "offers_out") == 1
    address = reverse("contract_refusal", args=[contract.public_id])
    assert f'action="{address}"' in buyer.get(sheet).content.decode()
    for given in ({"content": "0" * 64, "reason": "x"}, {"content": content, "reason": ""}):
        assert buyer.post(address, given).status_code == 302
        assert counted(works.customer, "offers_in") == 1
    assert client_of(works.customer, "viewer").post(address).status_code == 403
    buyer.post(address, {"content": content, "reason": "Not before spring."})
    assert counted(works.customer, "offers_in") == counted(works.provider, "offers_out") == 0
    assert "Not before spring." in seller.get(sheet).content.decode()
    with company_context(works.customer):
        assert not offers_to_sign().exists()
        assert not list(open_contracts(works.now))
    with company_context(works.provider):
        run_waiting_jobs(now=works.now)
        assert list(open_contracts(works.now))
        withdraw_offer(contract=contract, now=works.now, actor="Anna")
    assert told(person, works.provider)[-1] == ("agreements", "offer_refused")
    assert "Not before spring." in seller.get(sheet).content.decode()
    with company_context(works.provider):
        offer_contract(contract=contract, now=works.now + timedelta(hours=1), actor="Anna")
    assert counted(works.customer, "offers_in") == counted(works.provider, "offers_out") == 1
    assert "Not before spring." not in buyer.get(sheet).content.decode()


def test_a_no_becomes_a_yes_as_long_as_the_offer_stands(works: Works) -> None:
    contract = offer_contract(contract=works.draft(), now=works.now, actor="Anna")
    content = content_sha256(contract)
    no(works, contract, content)
    with company_context(works.customer):
        sign_contract(contract_id=contract.pk, content=content, now=works.now, actor="Carl")
    run_waiting_jobs(now=works.now)
    contract.refresh_from_db()
    assert contract.state == Contract.State.ACTIVE
    dearer = prices(works, contract)
    with company_context(works.customer):
        accept_plan(contract_id=contract.pk, content=dearer, now=works.now, actor="Carl")
    with pytest.raises(ValidationError, match="signed this already"):
        no(works, contract, dearer)


def test_nobody_changes_a_refusal_or_says_no_for_another(
    works: Works, cast: dict[str, Any]
) -> None:
    contract = works.contract()
    row = no(works, contract, prices(works, contract))
    with company_context(cast["stranger"]):
        assert not Refusal.objects.exists()
        with pytest.raises(Contract.DoesNotExist):
            refuse(
                contract_id=contract.pk, content=row.content_sha256, reason="No", now=works.now,
                actor="X",
            )  # fmt: skip
    for company in (works.customer, works.provider):
        with company_context(company):
            for act in (
                lambda: Refusal.objects.filter(pk=row.pk).update(reason="x"),
                lambda: Refusal.objects.filter(pk=row.pk).delete(),
            ):
                with pytest.raises(Error), transaction.atomic():
                    act()
            assert Refusal.objects.get().reason == "Too dear."


@pytest.fixture
def terms(works: Works, cast: dict[str, Any]) -> PartnerTerms:
    """30 percent for the financier, offered."""
    contract = works.contract()
    split = {
        "currency": "EUR", "residual": works.provider.pk,
        "line_steps": [percent_of(cast["financier"], "30")],
    }  # fmt: skip
    draft_split(
        contract=contract, split=split, valid_from=date(2026, 1, 1), now=works.now, actor="Anna"
    )
    offer_split(contract=contract, now=works.now, actor="Anna")
    found: PartnerTerms = PartnerTerms.objects.get()
    return found


def test_a_partner_refuses_its_terms(
    works: Works, terms: PartnerTerms, cast: dict[str, Any], client_of: Callable[..., Client],
    person_of: Any,
) -> None:  # fmt: skip
    financier = client_of(cast["financier"])
    person = person_of(works.provider, "finance")
    assert "share of revenue to agree to" in financier.get("/").content.decode()
    page, address = (
        reverse(name, args=[terms.public_id]) for name in ("terms_detail", "terms_refusal")
    )
    assert f'action="{address}"' in financier.get(page).content.decode()
    given = {"content": terms.terms_sha256, "reason": "Below our cost."}
    assert client_of(works.customer).post(address, given).status_code == 404
    financier.post(address, given)
    assert "share of revenue to agree to" not in financier.get("/").content.decode()
    with company_context(works.provider):
        run_waiting_jobs(now=works.now)
        assert PartnerTerms.objects.get().standing == "refused"
        split = reverse("contract_split", args=[terms.contract.public_id])
    assert told(person, works.provider)[-1] == ("agreements", "terms_refused")
    assert "Below our cost." in client_of(works.provider).get(split).content.decode()
    assert "Below our cost." in financier.get(page).content.decode()
    listed = financier.get(reverse("terms_list")).content.decode()
    assert "Refused" in listed


def test_withdrawn_terms_read_as_withdrawn_also_where_they_were_signed(
    works: Works, terms: PartnerTerms, cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    with company_context(cast["financier"]):
        sign_terms(
            terms_id=terms.pk, content=terms.terms_sha256, now=works.now, actor="Fritz"
        )  # fmt: skip
        assert PartnerTerms.objects.get().standing == "accepted"
    with company_context(works.provider):
        withdraw_split(contract=terms.contract, now=works.now, actor="Anna")
        assert PartnerTerms.objects.get().standing == "withdrawn"
    page = client_of(cast["financier"]).get(reverse("terms_detail", args=[terms.public_id]))
    assert "Withdrawn</span>" in page.content.decode()
    with company_context(cast["financier"]), pytest.raises(ValidationError, match="withdrawn"):
        refuse_terms(
            terms_id=terms.pk, content=terms.terms_sha256, reason="No", now=works.now, actor="F"
        )
