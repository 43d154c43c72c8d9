"""Payouts: never more than is payable, once however often it is clicked, returned to the cent."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from apps.assets.models import Asset
from apps.payments.models import Payout
from apps.payments.operations.payouts import discard_batch
from apps.payments.operations.sending import note_paid_out
from apps.settlement.models import PayoutRequest
from apps.settlement.operations import draft_payable, payouts
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import issue_all
from tests.integration.billing.test_corrections import issue_corrections, late
from tests.integration.settlement.scene import LATER, agree, balances, percent_of, work
from tests.integration.settlement.test_settling import findings


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
