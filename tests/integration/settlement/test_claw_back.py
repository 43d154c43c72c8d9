"""Money that comes back: to the cent, in the order of ranks, from whom the terms say, with the tax."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.assets.models import Asset
from apps.billing.models import Invoice
from apps.billing.operations import take_payment_back
from apps.common.fields import uuid7
from apps.common.period import parse_instant
from apps.payments.models import Payout
from apps.payments.operations.sending import note_paid_out
from apps.settlement.models import Account, PayoutRequest
from apps.settlement.operations import draft_payable, note_payouts
from apps.telemetry.operations import declare
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import make_asset, make_contract, month_of_readings
from tests.integration.billing.test_corrections import issue_corrections, late, press_channel
from tests.integration.billing.test_disputes import answer, dispute
from tests.integration.billing.test_receivables import pay
from tests.integration.settlement.scene import (
    LATER,
    agree,
    balances,
    percent_of,
    with_account,
    work,
)
from tests.integration.settlement.test_self_billing import offer, reply
from tests.integration.settlement.test_settling import findings
from tests.integration.settlement.test_statements import FIRST, financier, issue, own_files

__all__ = ["financier", "own_files"]

# 30 % of 103.69 are 31.11; the partner's tax of 19 % on it 5.91.
WHOLE = {"cost": -3_111, "tax": -591}


@pytest.fixture(autouse=True)
def books_hold(provider: Any) -> Iterator[None]:
    yield
    assert findings(provider) == []


@pytest.fixture
def shared(billed: Any, provider: Any, financier: Any) -> Invoice:
    """Self-billed: 37.02 are owed with the tax, payable as the customer pays."""
    agree(billed, percent_of(financier, "30"))
    with_account(financier)
    (invoice,) = issue_all(provider)
    work(provider)
    reply(offer(provider, financier, FIRST))
    assert issue(provider) == 1
    assert balances(provider, financier) == {**WHOLE, "owed": 3_702}
    return invoice


def paid_out(provider: Any, person: Any) -> Any:
    """Drafted, sent and arrived. The payout, or None when there was nothing to pay."""
    with company_context(provider):
        batch = draft_payable(method="sepa", currency="EUR", now=LATER, drafted_by=person)
        if batch is None:
            return None
        payout = Payout.objects.get(batch=batch)
        Payout.objects.filter(pk=payout.pk).update(state=Payout.State.SENT)
        note_paid_out(payout=payout, provider_ref=f"tr_{payout.pk}", now=LATER)
    work(provider)
    return payout


def test_the_payout_is_the_documents_gross_as_far_as_the_customer_paid(
    shared: Invoice, provider: Any, financier: Any, person_of: Any
) -> None:
    pay(provider, shared, 6_000)
    work(provider)
    # 31.11 × 6000 / 12339 = 15.13 and its part of the tax, 2.87.
    assert balances(provider, financier) == {**WHOLE, "owed": 1_902, "payable": 1_800}
    pay(provider, shared, 6_339)
    work(provider)
    payout = paid_out(provider, person_of(provider))
    assert payout.amount_minor == 3_702
    assert balances(provider, financier) == {**WHOLE, "paid": 3_702}


def test_a_refund_is_owed_back_and_the_next_payment_settles_it(
    shared: Invoice, provider: Any, financier: Any, person_of: Any, client_of: Callable[..., Any]
) -> None:
    key, _applied = pay(provider, shared, 12_339)
    work(provider)
    paid_out(provider, person_of(provider))
    with company_context(provider):
        take_payment_back(payment_id=key, cause_id=uuid7(), amount_minor=12_339, now=LATER)
    work(provider)
    standing = {**WHOLE, "owed": 3_702, "paid": 3_702, "due_back": -3_702}
    assert balances(provider, financier) == standing
    for company in (provider, financier):
        page = client_of(company).get("/money/").content.decode()
        assert page.count("37.02\xa0EUR") == 3
    assert paid_out(provider, person_of(provider)) is None
    pay(provider, shared, 12_339)
    work(provider)
    assert balances(provider, financier) == {**WHOLE, "paid": 3_702}


def test_a_credit_note_after_the_payout_is_settled_by_the_next_contract(
    shared: Invoice, provider: Any, customer: Any, financier: Any, person_of: Any
) -> None:
    pay(provider, shared, 12_339)
    work(provider)
    paid_out(provider, person_of(provider))
    with company_context(provider):
        asset = Asset.objects.get(pk=shared.lines.get(charge="cycles").asset_id)
        declare(
            channel=press_channel(asset), kind="disbelieve",
            measured_at=parse_instant("2026-10-20T10:00:00Z"), reason="wrong", by="test", now=LATER,
        )  # fmt: skip
    late(provider, asset, ("2026-10-21T10:00:00Z", "1040"))
    issue_corrections(provider)
    work(provider)
    # 40 cycles are 2.68, 30 % of it 0.80 instead of 1.11; the credit note takes 0.06 of tax back.
    assert balances(provider, financier)["due_back"] == -31
    assert issue(provider) == 1
    less = {"cost": -3_080, "tax": -585, "paid": 3_702}
    assert balances(provider, financier) == {**less, "due_back": -37}
    other = make_asset(provider, "Press 2")
    contract = make_contract(provider, customer, [other], title="Second press")
    month_of_readings(provider, other, "2026-10", 1000, 1055)
    bill(provider)
    terms = [{"party": financier.pk, "payable": "invoiced"}]
    agree(contract, percent_of(financier, "30"), terms=terms)
    issue_corrections(provider)
    work(provider)
    assert balances(provider, financier)["payable"] == 3_111 - 37
    assert issue(provider) == 1
    payout = paid_out(provider, person_of(provider))
    assert payout.amount_minor == 3_702 - 37
    assert balances(provider, financier) == {"cost": -6_191, "tax": -1_176, "paid": 7_367}


def test_a_returned_payout_is_paid_again_less_what_is_due_back_meanwhile(
    shared: Invoice, provider: Any, financier: Any, person_of: Any
) -> None:
    key, _applied = pay(provider, shared, 12_339)
    work(provider)
    payout = paid_out(provider, person_of(provider))
    with company_context(provider):
        take_payment_back(payment_id=key, cause_id=uuid7(), amount_minor=6_000, now=LATER)
    work(provider)
    assert balances(provider, financier)["due_back"] == -1_800
    with company_context(provider):
        assert note_payouts(payout_ids=[payout.pk], arrived=False, now=LATER) == 1
        assert note_payouts(payout_ids=[payout.pk], arrived=False, now=LATER) == 0
        assert PayoutRequest.objects.get().state == "returned"
    assert balances(provider, financier) == {**WHOLE, "owed": 1_800, "payable": 1_902}


@pytest.fixture
def ranked(billed: Any, provider: Any, cast: dict[str, Any], financier: Any) -> Invoice:
    """Maker 31.11 in rank 1, whatever is disputed; financier 21.77 in rank 2, held by disputes."""
    maker = cast["maker"]
    terms = [
        {"party": maker.pk, "rank": 1, "held_by_disputes": False},
        {"party": financier.pk, "rank": 2},
    ]
    steps = [percent_of(maker, "30", code="maker"), percent_of(financier, "30")]
    agree(billed, *steps, terms=terms)
    (invoice,) = issue_all(provider)
    work(provider)
    return invoice


def test_ranks_are_served_and_taken_back_in_order(
    ranked: Invoice, provider: Any, financier: Any, cast: dict[str, Any]
) -> None:
    key, _applied = pay(provider, ranked, 4_000)
    work(provider)
    # 103.69 × 40.00 / 123.39 = 33.61: the maker's 31.11, then 2.50.
    assert balances(provider, cast["maker"]) == {"cost": -3_111, "payable": 3_111}
    assert balances(provider, financier) == {"cost": -2_177, "owed": 1_927, "payable": 250}
    with company_context(provider):
        take_payment_back(payment_id=key, cause_id=uuid7(), amount_minor=1_000, now=LATER)
    work(provider)
    # 103.69 × 30.00 / 123.39 = 25.21, all of it the maker's.
    assert balances(provider, cast["maker"]) == {"cost": -3_111, "owed": 590, "payable": 2_521}
    assert balances(provider, financier) == {"cost": -2_177, "owed": 2_177}


def test_a_dispute_holds_only_whose_terms_say_so(
    ranked: Invoice, provider: Any, customer: Any, financier: Any, cast: dict[str, Any],
    client_of: Callable[..., Any],
) -> None:  # fmt: skip
    pay(provider, ranked, 12_339)
    work(provider)
    assert balances(provider, financier) == {"cost": -2_177, "payable": 2_177}
    found = dispute(customer, ranked, "base", 5_000)
    work(customer)
    work(provider)
    # The fee's 21.00 are held; the 0.77 of the cycles are not.
    assert balances(provider, financier) == {"cost": -2_177, "owed": 2_100, "payable": 77}
    assert balances(provider, cast["maker"]) == {"cost": -3_111, "payable": 3_111}
    for company in (provider, financier):
        assert "21.00\xa0EUR" in client_of(company).get("/money/").content.decode()
    with company_context(cast["maker"]):
        assert not Account.objects.filter(partner=financier).exists()
    answer(provider, found, 0)
    work(provider)
    assert balances(provider, financier) == {"cost": -2_177, "payable": 2_177}
