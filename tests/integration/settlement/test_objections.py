"""An objection in time freezes the payout of its document, and nothing else; an answer frees it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.settlement.models import Objection, Statement
from apps.settlement.operations import answer_objection, draft_payable, object_to_statement
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import issue_all
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
    statement: Statement, provider: Any, financier: Any, person_of: Any
) -> None:
    assert objected(statement, financier).pk == objected(statement, financier).pk
    assert draft(provider, person_of(provider)) is None
    assert balances(provider, financier) == {"cost": -3_111, "tax": -591, "payable": 3_702}
    answered(statement, upheld=False)
    assert draft(provider, person_of(provider)) is not None
    assert balances(provider, financier) == {"cost": -3_111, "tax": -591, "in_payout": 3_702}


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
