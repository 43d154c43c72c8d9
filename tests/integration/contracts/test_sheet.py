"""The contract as a PDF, and what an offer says otherwise than the one before."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pypdf
import pytest
from django.db import IntegrityError, transaction

from apps.contracts.domain.facts import ItemFacts
from apps.contracts.models import Contract
from apps.contracts.operations import (
    change_draft,
    close_ended,
    end_contract,
    offer_contract,
    propose_plan,
    withdraw_offer,
)
from apps.contracts.queries import content_sha256
from apps.contracts.wording.changes import content_changes, plan_changes
from apps.tenancy.context import company_context
from tests.integration.contracts.test_contracts import facts
from tests.integration.metering.conftest import PLAN, Works

DEARER: dict[str, Any] = {
    **PLAN,
    "charges": [{**PLAN["charges"][0], "amount": "101"}, PLAN["charges"][1]],
}


def text_of(client: Any, contract: Contract) -> str:
    answer = client.get(f"/contracts/{contract.public_id}/sheet/")
    assert answer["Content-Type"] == "application/pdf"
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    return " ".join(page.extract_text() for page in pages)


def test_the_sheet_says_what_was_signed_by_whom(
    works: Works, client_of: Callable[..., Any]
) -> None:
    contract = works.contract()
    content = content_sha256(contract)
    for company in (works.provider, works.customer):
        text = text_of(client_of(company), contract)
        assert "Air by use" in text
        assert content in text.replace("\n", "")
        assert "100.00" in text
        assert "Anna" in text
        assert "Carl" in text


def test_an_end_that_is_set_changes_nothing_that_was_signed(
    works: Works, client_of: Callable[..., Any]
) -> None:
    contract = works.contract(ends_on=date(2027, 7, 1))
    signed = content_sha256(contract)
    end_contract(contract=contract, ends_on=date(2026, 12, 1), now=works.now, actor="Anna")
    contract.refresh_from_db()
    assert (contract.agreed_ends_on, contract.ends_on) == (date(2027, 7, 1), date(2026, 12, 1))
    assert content_sha256(contract) == signed
    for company in (works.provider, works.customer):
        client = client_of(company)
        text = text_of(client, contract)
        assert signed in text.replace("\n", "")
        assert "Anna" in text
        assert "Carl" in text
        assert "Nobody has signed yet" not in text
        page = client.get(f"/contracts/{contract.public_id}/").content.decode()
        assert "an earlier wording" not in page
        for shown in (" ".join(text.split()), page):
            assert "Dec. 1, 2026" in shown or "1 Dec 2026" in shown or "2026-12-01" in shown
            assert "July 1, 2027" in shown or "1 Jul 2027" in shown or "2027-07-01" in shown
    with company_context(works.provider):
        close_ended(now=works.now + timedelta(days=60))
        assert content_sha256(Contract.objects.get()) == signed
        with pytest.raises(IntegrityError), transaction.atomic():
            Contract.objects.update(agreed_ends_on=date(2026, 12, 1))


def test_without_a_clause_the_sheet_says_that_nobody_else_reads(
    works: Works, client_of: Callable[..., Any]
) -> None:
    assert "Nobody else reads them" in text_of(client_of(works.provider), works.draft())


def test_a_sheet_of_an_offer_says_that_it_is_not_in_force(
    works: Works, client_of: Callable[..., Any]
) -> None:
    contract = works.draft()
    stranger = client_of(works.customer).get(f"/contracts/{contract.public_id}/sheet/")
    assert stranger.status_code == 404
    with company_context(works.provider):
        offer_contract(contract=contract, now=works.now, actor="Anna")
    text = text_of(client_of(works.customer), contract)
    assert "Not in force" in text or "Nicht in Kraft" in text


def test_a_second_offer_shows_what_it_changes(works: Works, client_of: Callable[..., Any]) -> None:
    contract = works.draft()
    offer_contract(contract=contract, now=works.now, actor="Anna")
    withdraw_offer(contract=contract, now=works.now, actor="Anna")
    item = ItemFacts(works.machine.asset.pk, "cycles", "cycles")
    changed = facts(works, title="Air by use", payment_days=14)
    change_draft(contract=contract, facts=changed, items=[item], plan=DEARER, now=works.now)
    offer_contract(contract=contract, now=works.now, actor="Anna")
    page = client_of(works.customer).get(f"/contracts/{contract.public_id}/").content.decode()
    assert "What changed since the last offer" in page
    rows = page.split("What changed since the last offer")[1].split("</table>")[0]
    assert "101" in rows
    assert "14" in rows
    # What stayed is not among them.
    assert "0.067" not in rows


def test_proposed_prices_stand_beside_those_they_follow(
    works: Works, client_of: Callable[..., Any]
) -> None:
    contract = works.contract()
    propose_plan(
        contract=contract, plan=DEARER, valid_from=date(2026, 12, 1), now=works.now, actor="Anna"
    )
    page = client_of(works.customer).get(f"/contracts/{contract.public_id}/").content.decode()
    assert page.count("table-warning") == 1


def test_changes_name_both_sides() -> None:
    [fee, cycles] = plan_changes(PLAN, DEARER)
    assert (fee.differs, cycles.differs) == (True, False)
    gone = plan_changes(PLAN, {**PLAN, "charges": PLAN["charges"][:1]})
    assert gone[-1].after == ()
    content = {"items": [], "plan": PLAN, "ends_on": None, "payment_days": 30}
    [change] = content_changes(content, {**content, "ends_on": "2026-12-31"})
    assert change.before == ()
    assert "2026" in change.after[0]
