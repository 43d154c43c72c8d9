"""The home counts in one statement what the list finds by its conditions: both at each step of a story."""

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import pytest

from apps.contracts.models import Contract
from apps.contracts.operations import (
    accept_cover,
    accept_plan,
    propose_cover,
    propose_plan,
    refuse,
    withdraw_cover,
    withdraw_proposal,
)
from apps.contracts.queries.counting import contract_counts
from apps.contracts.queries.covers import covers_to_accept
from apps.contracts.queries.plans import prices_to_accept
from apps.tenancy.context import company_context
from tests.integration.metering.conftest import PLAN, Works

FROM = date(2026, 12, 1)


class Prices:
    """New prices of a contract, said the same each time."""

    count, condition = "prices_in", staticmethod(prices_to_accept)
    accept, withdraw = staticmethod(accept_plan), staticmethod(withdraw_proposal)

    @staticmethod
    def propose(contract: Contract, now: Any) -> str:
        plan = deepcopy(PLAN)
        plan["charges"][1]["unit_price"] = "0.1"
        made = propose_plan(contract=contract, plan=plan, valid_from=FROM, now=now, actor="Anna")
        return made.content_sha256


class Assets:
    """The contract's asset goes."""

    count, condition = "covers_in", staticmethod(covers_to_accept)
    accept, withdraw = staticmethod(accept_cover), staticmethod(withdraw_cover)

    @staticmethod
    def propose(contract: Contract, now: Any) -> str:
        [item] = contract.items.all()
        made = propose_cover(
            contract=contract, added=[], withdrawn=[item.pk], valid_from=FROM, now=now, actor="Anna"
        )
        return made.content_sha256


@pytest.fixture(params=[Prices, Assets])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def waiting(works: Works, kind: Any, today: date) -> int:
    """How many the home counts; the list has as many."""
    with company_context(works.customer):
        counted = int(contract_counts(today, 9)[kind.count])
        assert Contract.objects.filter(kind.condition(today)).count() == counted
    return counted


def test_until_the_yes_and_anew_when_it_was_made_again(works: Works, kind: Any) -> None:
    contract, today = works.contract(), works.now.date()
    said: dict[str, Any] = {"contract_id": contract.pk, "actor": "Carl"}
    assert waiting(works, kind, today) == 0
    content = kind.propose(contract, works.now)
    assert waiting(works, kind, today) == 1
    with company_context(works.customer):
        kind.accept(content=content, now=works.now, **said)
    assert waiting(works, kind, today) == 0
    kind.withdraw(contract=contract, now=works.now, actor="Anna")
    later = works.now + timedelta(hours=1)
    assert kind.propose(contract, later) == content
    assert waiting(works, kind, today) == 1
    with company_context(works.customer):
        refuse(content=content, reason="Too dear.", now=later, **said)
    assert waiting(works, kind, today) == 0


def test_only_before_its_day_and_before_the_end(works: Works, kind: Any) -> None:
    contract = works.contract()
    kind.propose(contract, works.now)
    days = [FROM - timedelta(days=1), FROM]
    assert [waiting(works, kind, day) for day in days] == [1, 0]
    contracts = Contract.objects.filter(pk=contract.pk)
    for ends_on, found in ((FROM + timedelta(days=1), 1), (FROM, 0), (None, 1)):
        contracts.update(ends_on=ends_on)
        assert waiting(works, kind, days[0]) == found
    contracts.update(state=Contract.State.ENDED)
    assert waiting(works, kind, days[0]) == 0
