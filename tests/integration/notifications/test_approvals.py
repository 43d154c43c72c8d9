"""What waits for a second person is told to who may approve it, never to who drafted it."""

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from apps.notifications.domain.told import Told
from apps.notifications.queries.tellings import money
from apps.payments.models import Payment
from apps.tenancy.context import company_context
from tests.integration.notifications.scene import texts, told, work
from tests.integration.payments.test_refunds_by_bank import _files, ask, now, paid, people
from tests.integration.payments.test_second_look import drafted_of, mandate

__all__ = ["_files", "mandate", "now", "paid", "people"]


def test_a_refund_that_is_asked_for(
    cast: dict[str, Any], paid: Payment, people: Any, now: datetime
) -> None:
    provider, (one, other) = cast["provider"], people
    with company_context(provider):
        for _click in range(2):
            ask(paid, one, now)
    work(*cast.values(), now=now)
    assert texts(other, provider, "approvals") == [
        f"{one.name} asks for a refund of 19.00\u00a0EUR to {paid.payer_name}. "
        "A second person approves it."
    ]
    assert told(one, provider) == [("payments", "payments_received")]


def test_a_run_of_debits_that_is_drafted(cast: dict[str, Any], people: Any, mandate: Any) -> None:
    provider, (one, other) = cast["provider"], people
    with company_context(provider):
        drafted_of(cast, one)
    work(*cast.values(), now=timezone.now())
    assert texts(other, provider, "approvals") == [
        f"{one.name} has drafted a direct debit of 119.00\u00a0EUR. A second person approves it."
    ]
    assert texts(one, provider, "approvals") == []


def test_control_without_the_exclusion_who_drafted_is_asked(
    cast: dict[str, Any], people: Any, mandate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(*facts: Any, without: frozenset[int] = frozenset()) -> Told:
        return Told(*facts)

    monkeypatch.setattr(money, "Told", forgetful)
    provider, (one, _other) = cast["provider"], people
    with company_context(provider):
        drafted_of(cast, one)
    work(*cast.values(), now=timezone.now())
    assert len(texts(one, provider, "approvals")) == 1
