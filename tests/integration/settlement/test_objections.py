"""An objection in time freezes the payout of its document, and nothing else; an answer frees it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.assets.models import Asset
from apps.settlement.models import Objection, Statement
from apps.settlement.operations import answer_objection, draft_payable, object_to_statement
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
from tests.integration.settlement.test_statements import FIRST, financier, issue, own_files

__all__ = ["financier", "own_files"]


@pytest.fixture
def statement(billed: Any, provider: Any, financier: Any) -> Statement:
    """31.11 EUR and 5.91 EUR tax, payable with the invoice, self-billed."""
    agree(
        billed, percent_of(financier, "30"), terms=[{"party": financier.pk, "payable": "invoiced"}]
    )
    with_account(financier)
    issue_all(provider)
    work(provider)
    reply(offer(provider, financier, FIRST))
    issue(provider)
    with company_context(financier):
        return Statement.objects.get()


def draft(provider: Any, person: Any) -> Any:
    with company_context(provider):
        return draft_payable(method="sepa", currency="EUR", now=LATER, drafted_by=person)


def objected(statement: Statement, partner: Any, days: int = 0) -> Objection:
    with company_context(partner):
        return object_to_statement(
            statement_id=statement.pk, reason="wrong hours", now=LATER + timedelta(days=days),
            actor="test",
        )  # fmt: skip


def answered(statement: Statement, upheld: bool) -> None:
    with company_context(statement.author):
        answer_objection(
            statement_id=statement.pk, upheld=upheld, text="checked", now=LATER, actor="test"
        )


def test_an_objection_freezes_the_payout_until_it_is_rejected(
    statement: Statement, provider: Any, financier: Any, person_of: Any, client_of: Any
) -> None:
    assert objected(statement, financier).pk == objected(statement, financier).pk
    assert "objection to answer" in client_of(provider).get("/").content.decode()
    assert draft(provider, person_of(provider)) is None
    assert balances(provider, financier) == {"cost": -3_111, "tax": -591, "payable": 3_702}
    answered(statement, upheld=False)
    assert "objection to answer" not in client_of(provider).get("/").content.decode()
    assert draft(provider, person_of(provider)) is not None
    assert balances(provider, financier) == {"cost": -3_111, "tax": -591, "in_payout": 3_702}


def at(days: int) -> Any:
    return LATER + timedelta(days=days)


def drafted_at(provider: Any, person: Any, days: int) -> Any:
    with company_context(provider):
        return draft_payable(method="sepa", currency="EUR", now=at(days), drafted_by=person)


def more(provider: Any, financier: Any, customer: Any) -> None:
    """Another contract's share of 92.49 with its tax becomes payable, self-billed."""
    asset = make_asset(provider, "Second press")
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    contract = make_contract(provider, customer, [asset], title="Second")
    agree(
        contract,
        percent_of(financier, "30"),
        terms=[{"party": financier.pk, "payable": "invoiced"}],
    )
    bill(provider)
    issue_all(provider)
    work(provider)
    issue(provider)


def test_an_objection_to_what_is_paid_out_holds_nothing_else_back(
    statement: Statement, provider: Any, financier: Any, customer: Any, person_of: Any
) -> None:
    person = person_of(provider)
    assert drafted_at(provider, person, 1) is not None
    objected(statement, financier, days=2)
    more(provider, financier, customer)
    assert balances(provider, financier)["payable"] == 3_702
    assert drafted_at(provider, person, 3) is not None
    assert balances(provider, financier)["in_payout"] == 2 * 3_702


def test_an_objection_before_the_payout_stays_held_through_others(
    statement: Statement, provider: Any, financier: Any, customer: Any, person_of: Any
) -> None:
    person = person_of(provider)
    objected(statement, financier)
    more(provider, financier, customer)
    for day in (1, 2):
        drafted_at(provider, person, day)
        assert balances(provider, financier)["in_payout"] == 3_702
        assert balances(provider, financier)["payable"] == 3_702


def test_without_an_objection_it_is_paid_out(
    statement: Statement, provider: Any, financier: Any, person_of: Any
) -> None:
    assert draft(provider, person_of(provider)) is not None
    assert balances(provider, financier) == {"cost": -3_111, "tax": -591, "in_payout": 3_702}


def test_an_upheld_one_stays_frozen(
    statement: Statement, provider: Any, financier: Any, person_of: Any
) -> None:
    objected(statement, financier)
    answered(statement, upheld=True)
    answered(statement, upheld=False)
    assert draft(provider, person_of(provider)) is None


def test_an_upheld_one_is_free_when_a_document_has_followed(
    statement: Statement, provider: Any, financier: Any, person_of: Any
) -> None:
    """Too little was credited: the second invoice is issued before the answer is written."""
    objected(statement, financier, days=-1)
    with company_context(provider):
        asset = Asset.objects.get(name="Press 1")
    # 75 cycles are 5.03 instead of 3.69: 30 % of it 0.40 more, and 0.08 tax.
    late(provider, asset, ("2026-10-25T10:00:00Z", "1075"))
    issue_corrections(provider)
    work(provider)
    assert issue(provider) == 1
    answered(statement, upheld=True)
    assert draft(provider, person_of(provider)) is not None
    assert balances(provider, financier) == {"cost": -3_151, "tax": -599, "in_payout": 3_750}


def test_in_time_and_by_the_partner_alone(
    statement: Statement, provider: Any, financier: Any
) -> None:
    with pytest.raises(ValidationError, match="over"):
        objected(statement, financier, days=15)
    with company_context(provider):
        assert not Objection.objects.exists()
        with pytest.raises(Statement.DoesNotExist):
            object_to_statement(statement_id=statement.pk, reason="x", now=LATER, actor="test")
        with pytest.raises(Objection.DoesNotExist):
            answer_objection(
                statement_id=statement.pk, upheld=True, text="x", now=LATER, actor="test"
            )  # fmt: skip
    objected(statement, financier, days=14)


def test_the_provider_answers_on_its_page(
    statement: Statement, provider: Any, financier: Any, client_of: Callable[..., Any]
) -> None:
    path = f"/statements/{statement.public_id}/"
    client, other = client_of(provider), client_of(financier)
    assert client.post(f"{path}objection/", {"reason": "x"}).status_code == 404
    assert client.post(f"{path}objection/answer/", {"text": "x"}).status_code == 404
    assert other.post(f"{path}objection/", {"reason": ""}).status_code == 422
    objected(statement, financier)
    assert "wrong hours" in client.get(path).content.decode()
    refused = client.post(f"{path}objection/answer/", {"text": "typed", "answer": "perhaps"})
    assert refused.status_code == 422
    assert "typed" in refused.content.decode()
    assert (
        other.post(f"{path}objection/answer/", {"text": "x", "answer": "reject"}).status_code == 404
    )
    done = client.post(f"{path}objection/answer/", {"text": "checked", "answer": "reject"})
    assert done.status_code == 302
    assert "Rejected" in other.get(path).content.decode()
