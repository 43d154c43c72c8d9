"""Lines of several taxes: a partner's self-billed documents carry each, and the sums stay exact."""

from pathlib import Path
from typing import Any

import pytest

from apps.billing.models import DocumentFile, TaxRate
from apps.billing.operations.stored import read_stored
from apps.settlement.invariants import parts_sum
from apps.settlement.models import Share, Statement, StatementLine
from apps.settlement.operations import plan_statements
from apps.tenancy.context import as_platform, company_context, no_company
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import (
    BASE_FEE,
    NOW,
    PER_CYCLE,
    make_asset,
    make_contract,
    month_of_readings,
)
from tests.integration.settlement.scene import LATER, agree, balances, percent_of, work
from tests.integration.settlement.test_self_billing import offer, reply
from tests.integration.settlement.test_settling import findings
from tests.integration.settlement.test_statements import FIRST, financier, issue

__all__ = ["financier"]
CARE = {"code": "care", "kind": "fixed", "amount": "10.00"}


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def shared(provider: Any, customer: Any, financier: Any, nature: str) -> None:
    """The fee of 100 is of a nature, 55 cycles of 3.69 are usual; the financier has 30 % of each line
    and 10.00 of the whole period."""
    asset = make_asset(provider)
    charges = [{**BASE_FEE, "tax": nature}, PER_CYCLE]
    contract = make_contract(provider, customer, [asset], charges=charges)
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    bill(provider)
    care = {**CARE, "party": financier.pk}
    agree(contract, percent_of(financier, "30"), contract_steps=[care])
    issue_all(provider)
    work(provider)
    reply(offer(provider, financier, FIRST))


def documents(company: Any) -> list[tuple[str, str, int, int]]:
    with company_context(company):
        rows = Statement.objects.order_by("tax_percent")
        return [
            (row.tax_category, str(row.tax_percent), row.net_minor, row.tax_minor) for row in rows
        ]


def holds(provider: Any) -> None:
    assert findings(provider) == []
    with no_company(), as_platform():
        assert list(parts_sum(NOW)) == []


def test_a_document_per_rate_and_a_part_of_the_whole_period_on_each(
    provider: Any, customer: Any, financier: Any
) -> None:
    shared(provider, customer, financier, "reduced")
    assert (issue(provider), issue(provider)) == (2, 0)
    # 10.00 by 100.00 and 3.69: 9.64 and 0.36.
    assert documents(financier) == [("S", "7.00", 3_964, 277), ("S", "19.00", 147, 28)]
    with company_context(financier):
        whole = Share.objects.get(partner=financier, step="care")
        lines = StatementLine.objects.filter(share=whole).order_by("part")
        assert [line.net_minor for line in lines] == [36, 964]
        low = Statement.objects.get(tax_percent=7)
        file = DocumentFile.objects.get(document_id=low.id, form="cii")
        assert b"<ram:RateApplicablePercent>7" in read_stored(file)
    owed = balances(provider, financier)
    assert owed["cost"] == -(3_000 + 111 + 1_000)
    assert owed["tax"] == -(277 + 28)
    holds(provider)


def test_what_is_exempt_is_supplied_as_exempt(provider: Any, customer: Any, financier: Any) -> None:
    shared(provider, customer, financier, "exempt")
    assert issue(provider) == 2
    assert documents(financier) == [("E", "0.00", 3_964, 0), ("S", "19.00", 147, 28)]
    holds(provider)


def test_all_or_none_of_a_period_is_issued(provider: Any, customer: Any, financier: Any) -> None:
    """Where one rate is not known, no part of a share is issued: it would wait no more."""
    shared(provider, customer, financier, "reduced")
    with no_company(), as_platform():
        type(financier).objects.filter(pk=financier.pk).update(country="DK")
    with company_context(provider):
        assert not TaxRate.objects.filter(country="DK", category="AA").exists()
        plan = plan_statements(now=LATER)
    assert plan.ready == []
    assert len(plan.held) == 2
    assert issue(provider) == 0
    holds(provider)
