"""What becomes payable while another transaction writes shares or taxes of the same documents."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from apps.settlement.operations import make_payable, paying
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import issue_all
from tests.integration.billing.test_receivables import pay
from tests.integration.settlement.scene import LATER, agree, balances, percent_of, work
from tests.integration.settlement.test_self_billing import offer, reply
from tests.integration.settlement.test_settling import findings
from tests.integration.settlement.test_statements import FIRST, financier, issue, own_files

__all__ = ["financier", "own_files"]


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """`act` is done and committed by another connection before the next locks are taken."""
    lock, acts = paying.locked_books, [act]

    def locked_later(*given: Any) -> Any:
        if acts:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(_committed, acts.pop()).result()
        return lock(*given)

    monkeypatch.setattr(paying, "locked_books", locked_later)


def _committed(act: Callable[[], Any]) -> None:
    try:
        act()
    finally:
        connection.close()


def test_a_document_issued_while_the_customers_money_is_shared_is_paid_with_its_tax(
    own_database: str, billed: Any, provider: Any, financier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(billed, percent_of(financier, "30"))
    (invoice,) = issue_all(provider)
    work(provider)
    reply(offer(provider, financier, FIRST))
    pay(provider, invoice, 12_339)
    meanwhile(monkeypatch, lambda: issue(provider))
    with company_context(provider):
        make_payable(document_ids=[invoice.pk], now=LATER)
    assert balances(provider, financier) == {"cost": -3_111, "tax": -591, "payable": 3_702}
    work(provider)
    assert findings(provider) == []


def test_the_proof_sees_what_was_not_made_payable(
    billed: Any, provider: Any, financier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(billed, percent_of(financier, "30"))
    (invoice,) = issue_all(provider)
    work(provider)
    assert findings(provider) == []
    monkeypatch.setattr("apps.settlement.subscribers.make_payable", lambda **_given: 0)
    pay(provider, invoice, 12_339)
    work(provider)
    assert any("3111 not made payable" in found for found in findings(provider))
