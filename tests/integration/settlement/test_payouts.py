"""Payouts: never more than is payable, once however often it is clicked, returned to the cent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from apps.assets.models import Asset
from apps.payments.models import Payout
from apps.payments.operations.payouts import discard_batch
from apps.payments.operations.sending import note_paid_out
from apps.settlement.models import PayoutRequest
from apps.settlement.operations import draft_payable, payouts
from apps.settlement.queries.payables import payables
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import make_asset, make_contract, month_of_readings
from tests.integration.billing.test_corrections import issue_corrections, late
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
from tests.integration.settlement.test_statements import FIRST, issue


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def financier(cast: dict[str, Any]) -> Any:
    return cast["financier"]


@pytest.fixture
def payable(billed: Any, provider: Any, financier: Any) -> Any:
    """30 % of 103.69 are payable with the invoice: 1.11 of the cycles and 30.00 of the fee."""
    terms = [{"party": financier.pk, "payable": "invoiced"}]
    agree(billed, percent_of(financier, "30"), terms=terms)
    with_account(financier)
    (invoice,) = issue_all(provider)
    work(provider)
    assert balances(provider, financier) == {"cost": -3_111, "payable": 3_111}
    return invoice


def draft(provider: Any, person: Any, method: str = "sepa") -> Any:
    with company_context(provider):
        return draft_payable(method=method, currency="EUR", now=LATER, drafted_by=person)


def test_what_is_payable_is_set_aside_and_drafted(
    payable: Any, provider: Any, financier: Any, person_of: Any
) -> None:
    batch = draft(provider, person_of(provider))
    with company_context(provider):
        payout = Payout.objects.get(batch=batch)
        request = PayoutRequest.objects.get()
        assert (payout.amount_minor, payout.reference) == (3_111, request.public_id)
    assert balances(provider, financier) == {"cost": -3_111, "in_payout": 3_111}
    assert draft(provider, person_of(provider)) is None
    assert findings(provider) == []


def test_a_discarded_batch_gives_it_back(
    payable: Any, provider: Any, financier: Any, person_of: Any
) -> None:
    batch = draft(provider, person_of(provider))
    with company_context(provider):
        discard_batch(batch=batch, now=LATER, actor=person_of(provider))
    work(provider)
    assert balances(provider, financier) == {"cost": -3_111, "payable": 3_111}
    assert draft(provider, person_of(provider)).pk != batch.pk
    assert findings(provider) == []


def test_a_refused_draft_sets_nothing_aside(
    payable: Any, provider: Any, financier: Any, person_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_given: Any) -> None:
        raise ValidationError("refused")

    monkeypatch.setattr(payouts, "draft_payouts", refuse)
    with pytest.raises(ValidationError):
        draft(provider, person_of(provider))
    assert balances(provider, financier) == {"cost": -3_111, "payable": 3_111}
    with company_context(provider):
        assert not PayoutRequest.objects.exists()


def test_a_later_reading_is_paid_with_the_next_payout(
    payable: Any, provider: Any, financier: Any, person_of: Any
) -> None:
    batch = draft(provider, person_of(provider))
    with company_context(provider):
        payout = Payout.objects.get(batch=batch)
        Payout.objects.filter(pk=payout.pk).update(state=Payout.State.SENT)
        note_paid_out(payout=payout, provider_ref="tr_1", now=LATER)
        asset = Asset.objects.get(pk=payable.lines.get(charge="cycles").asset_id)
    work(provider)
    assert balances(provider, financier) == {"cost": -3_111, "paid": 3_111}
    # 75 cycles are 5.03 instead of 3.69, 30 % of it 1.51 instead of 1.11.
    late(provider, asset, ("2026-10-25T10:00:00Z", "1075"))
    issue_corrections(provider)
    work(provider)
    assert balances(provider, financier) == {"cost": -3_151, "payable": 40, "paid": 3_111}
    assert findings(provider) == []


def test_fifty_clicks_make_one_payout(
    own_database: str, payable: Any, provider: Any, financier: Any, person_of: Any
) -> None:
    person = person_of(provider)

    def click(_number: int) -> bool:
        try:
            return draft(provider, person) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(click, range(50))) == 1
    with company_context(provider):
        assert Payout.objects.count() == 1
    assert balances(provider, financier) == {"cost": -3_111, "in_payout": 3_111}


def test_what_is_payable_in_another_currency_is_shown_and_drafted_by_itself(
    provider: Any, customer: Any, financier: Any, client_of: Any
) -> None:
    asset = make_asset(provider, "Press 1")
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    contract = make_contract(provider, customer, [asset], currency="CHF")
    terms = [{"party": financier.pk, "payable": "invoiced"}]
    agree(contract, percent_of(financier, "30"), terms=terms, currency="CHF")
    bill(provider)
    issue_all(provider)
    work(provider)
    client = client_of(provider)
    assert "?currency=CHF" in client.get("/money/payouts/").content.decode()
    page = client.get("/money/payouts/?currency=CHF").content.decode()
    assert "31.11\xa0CHF" in page
    assert "shows no account" in page
    assert client.get("/money/payouts/?currency=XXX").status_code == 200
    answer = client.post("/money/payouts/", {"currency": "CHF"})
    assert answer.headers["Location"] == "/money/payouts/?currency=CHF"


def test_what_is_held_says_why_and_stops_nobody_else(
    billed: Any, provider: Any, financier: Any, cast: dict[str, Any], person_of: Any, client_of: Any
) -> None:
    maker, now = cast["maker"], timezone.now()
    terms = [{"party": company.pk, "payable": "invoiced"} for company in (financier, maker)]
    agree(billed, percent_of(maker, "10", code="maker"), percent_of(financier, "30"), terms=terms)
    issue_all(provider)
    work(provider)
    with_account(maker, now - timedelta(days=30))
    client = client_of(provider)
    page = client.get("/money/payouts/").content.decode()
    assert "shows no account" in page
    assert "Draft payouts of 10.37\xa0EUR" in page
    assert client.post("/money/payouts/").status_code == 302
    # The financier's 30 % of the rest wait: 28.00 were not touched by the maker's payout.
    assert balances(provider, maker) == {"cost": -1_037, "in_payout": 1_037}
    assert balances(provider, financier) == {"cost": -2_800, "payable": 2_800}
    with_account(financier, now - timedelta(days=1))
    page = client.get("/money/payouts/").content.decode()
    assert "The partner&#x27;s account is new" in page
    assert "no self-billing agreement" in page
    assert client.post("/money/payouts/").headers["Location"] == "/money/payouts/?currency=EUR"
    reply(offer(provider, financier, FIRST))
    with company_context(provider):
        (row,) = payables("EUR", "sepa", now + timedelta(days=4))
        assert [(hold.why, hold.minor) for hold in row.holds] == [("document", 2_800)]
        assert (row.now_minor, row.has_agreement) == (0, True)
    assert issue(provider) == 2
    with company_context(provider):
        (row,) = payables("EUR", "sepa", now + timedelta(days=4))
        assert (row.now_minor, row.holds) == (3_332, [])
    assert client_of(financier).post("/money/payouts/").status_code == 302
    assert findings(provider) == []
