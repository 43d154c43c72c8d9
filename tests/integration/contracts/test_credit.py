"""Above a customer's credit limit new prices and added assets need finance; nothing running stops."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.contracts.domain.facts import ItemFacts
from apps.contracts.models import Contract, CoverChange, PlanProposal
from apps.contracts.operations import Counted, note_credit_use, propose_cover
from apps.tenancy.context import company_context
from tests.integration.contracts.test_covers import FROM
from tests.integration.contracts.test_plan_versions import propose as propose_prices
from tests.integration.metering.conftest import Works
from tests.integration.telemetry.conftest import make_machine


def used(works: Works, minor: int) -> None:
    """Of a limit of 100.00."""
    counted = Counted(works.customer, "EUR", 10_000, minor, 0, 0)
    with company_context(works.provider):
        note_credit_use(counted=[counted], now=works.now)


def propose_assets(works: Works, contract: Contract, **more: Any) -> CoverChange:
    given = {"added": [], "withdrawn": [], "valid_from": FROM, **more}
    return propose_cover(contract=contract, now=works.now, actor="Anna", **given)


def test_new_prices_need_finance_above_the_limit(works: Works) -> None:
    contract = works.contract()
    used(works, 10_001)
    with pytest.raises(ValidationError, match=r"100\.01") as refused:
        propose_prices(works, contract)
    assert "customer" in refused.value.message_dict
    assert not PlanProposal.objects.exists()
    offered = propose_prices(works, contract, by_finance=True)
    assert propose_prices(works, contract) == offered, "the same one again is that one"
    used(works, 10_000)
    assert propose_prices(works, contract, plan={**offered.plan, "name": "Other"}).pk


def test_added_assets_need_finance_and_withdrawn_ones_do_not(works: Works) -> None:
    contract = works.contract()
    second = make_machine(works.provider, works.now, serial="CP-2").asset
    [first] = contract.items.all()
    added = [ItemFacts(second.pk, "cycles", "cycles")]
    used(works, 10_001)
    with pytest.raises(ValidationError, match="credit limit"):
        propose_assets(works, contract, added=added, withdrawn=[first.pk])
    assert not CoverChange.objects.exists()
    assert propose_assets(works, contract, withdrawn=[first.pk]).pk
    assert propose_assets(works, contract, added=added, by_finance=True).pk
    used(works, 10_000)
    assert propose_assets(works, contract, added=added, withdrawn=[first.pk]).pk


def test_the_pages_say_so(works: Works, client_of: Callable[..., Any]) -> None:
    contract = works.contract()
    client = client_of(works.provider, "director")
    for name in ("plans", "cover"):
        path = f"/contracts/{contract.public_id}/{name}/new/"
        used(works, 10_001)
        page = client.get(path).content.decode()
        assert "of its credit limit of 100.00" in page.replace("\xa0", " "), path
        used(works, 10_000)
        assert "credit limit" not in client.get(path).content.decode()
