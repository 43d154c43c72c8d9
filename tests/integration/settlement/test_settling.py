"""From an issued invoice to everybody's share, and what payments and corrections do to it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.assets.models import Asset
from apps.billing.invariants import COMPANY_CHECKS, SHARED_CHECKS
from apps.billing.models import Invoice
from apps.common.period import month_period
from apps.reporting.queries.field import shares_by_asset
from apps.settlement.models import Account, SettledPeriod, Share, Transfer
from apps.settlement.operations import make_payable, settle_documents
from apps.tenancy.context import as_platform, company_context, no_company
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import (
    NOW,
    PER_CYCLE,
    make_asset,
    make_contract,
    month_of_readings,
    send,
)
from tests.integration.billing.test_corrections import issue_corrections, late
from tests.integration.billing.test_receivables import pay
from tests.integration.settlement.scene import (
    agree,
    balances,
    draft,
    offer,
    per_cycle,
    percent_of,
    shares_of,
    sign_all,
    work,
)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


LEDGER = {"balances_moved", "pairs_balance", "transfers_stay", "shares_posted", "shares_sum",
          "shares_recomputed", "documents_settled", "payouts_match", "taxes_posted",
          "deposits_match", "payable_recomputed"}  # fmt: skip


def findings(company: Any) -> list[str]:
    checks = [check for check in SHARED_CHECKS if check.name in LEDGER]
    with no_company(), as_platform():
        broken = [found for check in checks for found in check.find(NOW)]
    checks = [check for check in COMPANY_CHECKS if check.name in LEDGER]
    with company_context(company):
        return broken + [found for check in checks for found in check.find(NOW)]


@pytest.fixture(autouse=True)
def books_hold(provider: Any) -> Iterator[None]:
    yield
    assert findings(provider) == []


@pytest.fixture
def maker(cast: dict[str, Any]) -> Any:
    return cast["maker"]


@pytest.fixture
def financier(cast: dict[str, Any]) -> Any:
    return cast["financier"]


# October: 55 cycles at 0.067 = 3.69 and a fee of 100.00. Maker 0.01 a cycle of the cycles,
# financier 30 % of what remains of both lines.
MAKER = {"maker cycles": 55}
FINANCIER = {"finance cycles": 94, "finance base": 3_000}


@pytest.fixture
def settled(billed: Any, provider: Any, maker: Any, financier: Any) -> Invoice:
    agree(billed, per_cycle(maker), percent_of(financier, "30"))
    (invoice,) = issue_all(provider)
    work(provider)
    return invoice


def test_an_issued_invoice_is_shared_to_the_cent(
    settled: Invoice, provider: Any, maker: Any, financier: Any
) -> None:
    assert shares_of(maker) == MAKER
    assert shares_of(financier) == FINANCIER
    assert shares_of(provider) == {"rest cycles": 220, "rest base": 7_000}
    assert balances(provider, maker) == {"cost": -55, "owed": 55}
    assert balances(provider, financier) == {"cost": -3_094, "owed": 3_094}


def test_each_sees_its_own_and_the_customer_nothing(
    settled: Invoice, customer: Any, maker: Any, financier: Any, cast: dict[str, Any]
) -> None:
    for company, count in ((maker, 1), (financier, 2), (customer, 0), (cast["stranger"], 0)):
        with company_context(company):
            assert Share.objects.count() == count
            assert SettledPeriod.objects.count() == 0
            assert not Transfer.objects.exclude(parties__contains=[company.pk]).exists()
    with company_context(maker):
        share = Share.objects.get()
        assert (share.quantity, share.unit) == (55, "{cycle}")
        assert (share.unit_price, share.line_net_minor) == (None, None)
    with company_context(financier):
        share = Share.objects.get(charge="cycles")
        assert (str(share.unit_price.normalize()), share.line_net_minor) == ("0.067", 369)


def test_twice_is_once(settled: Invoice, provider: Any, maker: Any) -> None:
    with company_context(provider):
        counts = Share.objects.count(), Transfer.objects.count()
        assert settle_documents(document_ids=[settled.id], now=NOW) == 0
        assert make_payable(document_ids=[settled.id], now=NOW) == 0
        assert (Share.objects.count(), Transfer.objects.count()) == counts
        assert SettledPeriod.objects.get().generation == 1


def test_a_share_is_payable_as_the_customer_pays(
    settled: Invoice, provider: Any, financier: Any
) -> None:
    pay(provider, settled, settled.gross_minor // 2)
    work(provider)
    half = balances(provider, financier)
    assert half == {"cost": -3_094, "owed": 1_547, "payable": 1_547}
    pay(provider, settled, settled.gross_minor - settled.gross_minor // 2)
    work(provider)
    assert balances(provider, financier) == {"cost": -3_094, "payable": 3_094}


def test_a_share_may_be_payable_with_the_invoice(billed: Any, provider: Any, maker: Any) -> None:
    terms = [{"party": maker.pk, "payable": "invoiced"}]
    agree(billed, per_cycle(maker), terms=terms)
    issue_all(provider)
    work(provider)
    assert balances(provider, maker) == {"cost": -55, "payable": 55}


def test_a_late_reading_changes_every_share(
    settled: Invoice, provider: Any, maker: Any, financier: Any
) -> None:
    with company_context(provider):
        asset = Asset.objects.get(pk=settled.lines.get(charge="cycles").asset_id)
    pay(provider, settled, settled.gross_minor)
    work(provider)
    late(provider, asset, ("2026-10-25T10:00:00Z", "1075"))
    issue_corrections(provider)
    work(provider)
    # 75 cycles are 5.03: 0.75 for the maker, 30 % of 4.28 = 1.28 (1.284) for the financier.
    assert shares_of(maker) == {"maker cycles": 75}
    assert shares_of(financier) == {"finance cycles": 128, "finance base": 3_000}
    assert balances(provider, maker) == {"cost": -75, "owed": 20, "payable": 55}
    # What the asset did is told as it stands now, once, whatever was said of it before.
    october = month_period("2026-10", "Europe/Berlin")
    for partner, minor in ((maker, 75), (financier, 128)):
        with company_context(partner):
            brought = shares_by_asset(october)[asset.pk]
        assert (brought.used, brought.income) == ({"{cycle}": 75}, {"EUR": minor})


def test_two_charges_of_one_meter_tell_what_it_measured_once(
    provider: Any, customer: Any, maker: Any
) -> None:
    care = {**PER_CYCLE, "code": "care", "title": "Care", "unit_price": "0.02"}
    asset = make_asset(provider)
    contract = make_contract(provider, customer, [asset], charges=(PER_CYCLE, care))
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    bill(provider)
    agree(contract, {**per_cycle(maker), "charges": ["cycles", "care"]})
    issue_all(provider)
    work(provider)
    with company_context(maker):
        brought = shares_by_asset(month_period("2026-10", "Europe/Berlin"))[asset.pk]
        assert set(Share.objects.values_list("meter", "quantity")) == {("cycles", 55)}
    assert (brought.used, brought.income) == ({"{cycle}": 55}, {"EUR": 110})


def test_what_is_not_signed_takes_no_effect(
    billed: Any, provider: Any, maker: Any, financier: Any
) -> None:
    draft(billed, per_cycle(maker), percent_of(financier, "30"))
    offer(billed)
    issue_all(provider)
    work(provider)
    assert shares_of(maker) == shares_of(provider) == {}
    sign_all(billed)
    assert shares_of(maker) == MAKER
    assert shares_of(financier) == FINANCIER


def test_a_shortfall_is_carried_and_paid_by_the_next_period(
    billed: Any, provider: Any, maker: Any
) -> None:
    care = {"code": "care", "kind": "fixed", "party": maker.pk, "amount": "150"}
    agree(billed, contract_steps=[care])
    with company_context(provider):
        asset = billed.items.get().asset
    issue_all(provider)
    work(provider)
    assert shares_of(maker) == {"care": 10_369}
    with company_context(provider):
        assert SettledPeriod.objects.get().carried_out == {"care": 4_631}
    late(provider, asset, ("2026-10-25T10:00:00Z", "1075"))
    issue_corrections(provider)
    work(provider)
    with company_context(provider):
        assert SettledPeriod.objects.get().carried_out == {"care": 4_497}
    assert shares_of(maker) == {"care": 10_503}


def test_a_fixed_amount_of_a_period_that_is_covered_in_part_is_its_part(
    provider: Any, customer: Any, maker: Any
) -> None:
    asset = make_asset(provider)
    contract = make_contract(provider, customer, [asset], starts_on="2026-10-16")
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    bill(provider)
    care = {"code": "care", "kind": "fixed", "party": maker.pk, "amount": "31"}
    agree(contract, contract_steps=[care], valid_from=contract.starts_on)
    issue_all(provider)
    work(provider)
    assert shares_of(maker) == {"care": 1_600}


def test_a_makers_part_is_what_its_assets_counted_while_they_were_covered(
    provider: Any, customer: Any, maker: Any, financier: Any, cast: dict[str, Any]
) -> None:
    makers = (maker, financier, cast["workshop"])
    presses = [
        make_asset(provider, f"Press {number}", manufacturer=company)
        for number, company in enumerate(makers, start=1)
    ]
    half = {"ends_on": date(2026, 10, 16)}
    contract = make_contract(
        provider, customer, presses, days={press.pk: half for press in presses[1:]}
    )
    for press in presses:
        month_of_readings(provider, press, "2026-10", 1000, 1055)
    send(provider, presses[1], ("2026-10-10T10:00:00Z", "1020"))
    bill(provider)
    step = {"code": "makers", "kind": "percent", "percent": "10", "charges": ["cycles"],
            "key": "cycles", "parts": [{"party": company.pk} for company in makers]}  # fmt: skip
    agree(contract, step)
    issue_all(provider)
    work(provider)
    # 55 : 20 : 0 of 3.69 and 1.34: 0.27 and 0.10, 0.10 and 0.03.
    assert [shares_of(company) for company in makers] == [
        {"makers cycles": 37}, {"makers cycles": 13}, {},
    ]  # fmt: skip


def test_the_database_refuses_what_the_rules_forbid(
    settled: Invoice, provider: Any, maker: Any
) -> None:
    with company_context(provider):
        for fields in ({"purpose": "payable", "balance_minor": -1}, {"partner": provider}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Account.objects.filter(partner=maker, purpose="payable").update(**fields)
        for model in (Share, Transfer):
            with pytest.raises(Exception, match="permission denied"), transaction.atomic():
                model.objects.all().update(amount_minor=1)
    with company_context(maker):
        assert Account.objects.update(balance_minor=5) == 0
