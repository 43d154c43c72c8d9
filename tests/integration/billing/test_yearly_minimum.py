"""A yearly minimum is trued up in the year's last period from what was really billed."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from apps.assets.models import Asset
from apps.billing.models import Correction, Invoice, InvoiceLine
from apps.billing.operations import discard_draft
from apps.billing.queries.rates import conditions_of
from apps.billing.queries.years import contract_years
from apps.common.period import month_period, parse_instant
from apps.contracts.models import Contract
from apps.contracts.operations import end_contract
from apps.events.operations import run_waiting_jobs
from apps.pricing.circumstances import ContractYear
from apps.pricing.values import PricingError
from apps.telemetry.models import Channel
from apps.telemetry.operations import declare
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import BASE_FEE, PER_CYCLE, make_asset, make_contract, send
from tests.integration.billing.test_corrections import LATER, issue_corrections, late

YEARLY = {
    "model": "yearly_minimum", "code": "year", "title": "Yearly minimum", "amount": "1000",
    "of": ["cycles"],
}  # fmt: skip


@pytest.fixture
def contract(provider: Any, customer: Any) -> Contract:
    """September and October: 61 of the contract year's 365 days."""
    asset = make_asset(provider)
    send(
        provider, asset, ("2026-08-31T20:00:00Z", "1000"), ("2026-09-20T10:00:00Z", "1055"),
        ("2026-10-20T10:00:00Z", "1155"),
    )  # fmt: skip
    return make_contract(
        provider, customer, [asset], charges=(BASE_FEE, PER_CYCLE, YEARLY),
        starts_on="2026-09-01", ends_on=date(2026, 11, 1),
    )  # fmt: skip


def nets(contract: Contract, month: str) -> dict[str, int]:
    start = month_period(month, "Europe/Berlin").start
    lines = InvoiceLine.objects.filter(invoice__contract=contract, invoice__period_start=start)
    return {line.charge: line.net_minor for line in lines}


def test_the_missing_part_is_a_line_of_the_last_period(provider: Any, contract: Contract) -> None:
    bill(provider)
    with company_context(provider):
        assert nets(contract, "2026-09") == {"base": 10000, "cycles": 369}
        # 1000 × 61 ÷ 365 = 167.123…; less 3.69 and 6.70
        last = nets(contract, "2026-10")
        assert last == {"base": 10000, "cycles": 670, "year": 15673}
        line = InvoiceLine.objects.get(charge="year")
        around = line.explanation["circumstances"]
        assert around["year"] == {
            "closes": True, "in_year": 365, "covered": 61,
            "net_minor": {"base": 10000, "cycles": 369},
        }  # fmt: skip
        assert Invoice.objects.count() == 2


def test_without_the_earlier_periods_nothing_is_guessed(provider: Any, contract: Contract) -> None:
    last = month_period("2026-10", "Europe/Berlin")
    with company_context(provider):
        conditions = conditions_of([(contract, last)])
        with pytest.raises(PricingError, match="earlier_period_open"):
            conditions.rate(contract, last, [])
        first = month_period("2026-09", "Europe/Berlin")
        before = conditions_of([(contract, first)])
        _, plan = before.plan(contract, first)
        year = before.circumstances(contract, first, plan).year
        assert year is not None
        assert not year.closes


def test_the_customer_sees_no_price_from_what_it_cannot_see(
    provider: Any, customer: Any, contract: Contract
) -> None:
    bill(provider, "2026-09")
    last = month_period("2026-10", "Europe/Berlin")
    with company_context(customer):
        seen = Contract.objects.get(id=contract.id)
        conditions = conditions_of([(seen, last)])
        _, plan = conditions.plan(seen, last)
        with pytest.raises(PricingError, match="earlier_period_open"):
            conditions.circumstances(seen, last, plan)


def test_a_credit_note_of_an_earlier_period_counts_against_it(
    provider: Any, contract: Contract, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    bill(provider, "2026-09")
    issue_all(provider)
    with company_context(provider):
        channel = Channel.objects.get()
        declare(
            channel=channel, kind="disbelieve", measured_at=parse_instant("2026-09-20T10:00:00Z"),
            reason="wrong meter", by="test", now=LATER,
        )  # fmt: skip
        press = Asset.objects.get()
    late(provider, press, ("2026-09-21T10:00:00Z", "1040"))
    issue_corrections(provider)
    bill(provider)
    with company_context(provider):
        # 40 × 0.067 = 2.68 in September, 115 × 0.067 = 7.705 in October; 167.123… in all.
        assert nets(contract, "2026-10") == {"base": 10000, "cycles": 771, "year": 15673}
        around = InvoiceLine.objects.get(charge="year").explanation["circumstances"]
        assert around["year"]["net_minor"] == {"base": 10000, "cycles": 268}


def test_the_years_of_several_periods_of_a_contract_are_told_apart(
    provider: Any, contract: Contract
) -> None:
    bill(provider, "2026-09")
    periods = [month_period(month, "Europe/Berlin") for month in ("2026-10", "2026-09")]
    with company_context(provider):
        years = contract_years([(contract, period) for period in periods])
    last, first = (years[contract.id, period.start] for period in periods)
    assert isinstance(last, ContractYear)
    assert isinstance(first, ContractYear)
    assert (last.closes, dict(last.net_minor)) == (True, {"base": 10000, "cycles": 369})
    assert (first.closes, dict(first.net_minor)) == (False, {})


@pytest.mark.parametrize("issued", [True, False])
def test_a_late_reading_moves_the_true_up_of_its_year(
    provider: Any, contract: Contract, issued: bool
) -> None:
    """Without its opening reading September used nothing: the year lacks 3.69 more."""
    bill(provider)
    if issued:
        issue_all(provider)
    with company_context(provider):
        declare(
            channel=Channel.objects.get(), kind="disbelieve", reason="wrong", by="test",
            measured_at=parse_instant("2026-08-31T20:00:00Z"), now=LATER,
        )  # fmt: skip
        run_waiting_jobs(now=LATER)
        if issued:
            september, october = Correction.objects.order_by("billed_period__start")
            assert (september.net_minor, october.net_minor) == (-369, 369)
            keys = {row["charge"]: row["after"]["net_minor"] for row in october.changes}
            assert keys == {"year": 16042}
        else:
            assert nets(contract, "2026-09") == {"base": 10000, "cycles": 0}
            assert nets(contract, "2026-10") == {"base": 10000, "cycles": 670, "year": 16042}


def test_an_earlier_period_billed_anew_trues_its_year_up_again(
    provider: Any, contract: Contract
) -> None:
    """A discarded draft, and meanwhile September's opening reading is believed no more: the year
    lacks 3.69 more, though no reading of October has moved."""
    bill(provider)
    with company_context(provider):
        september = Invoice.objects.order_by("period_start")[0]
        discard_draft(invoice=september, now=LATER, discarded_by="test")
        declare(
            channel=Channel.objects.get(), kind="disbelieve", reason="wrong", by="test",
            measured_at=parse_instant("2026-08-31T20:00:00Z"), now=LATER,
        )  # fmt: skip
        run_waiting_jobs(now=LATER)
        assert nets(contract, "2026-09") == {}
    bill(provider)
    with company_context(provider):
        assert nets(contract, "2026-09") == {"base": 10000, "cycles": 0}
        assert nets(contract, "2026-10") == {"base": 10000, "cycles": 670, "year": 16042}


def test_an_end_agreed_after_billing_trues_the_year_up(provider: Any, customer: Any) -> None:
    """October is billed on 2 November, then the contract ends with the first day of November."""
    asset = make_asset(provider)
    send(provider, asset, ("2026-09-30T20:00:00Z", "1000"), ("2026-10-20T10:00:00Z", "1055"))
    made = make_contract(
        provider, customer, [asset], charges=(BASE_FEE, PER_CYCLE, YEARLY), starts_on="2026-10-01"
    )  # fmt: skip
    bill(provider)
    issue_all(provider)
    with company_context(provider):
        assert nets(made, "2026-10") == {"base": 10000, "cycles": 369}
        early = parse_instant("2026-11-01T08:00:00Z")
        end_contract(contract=made, ends_on=date(2026, 11, 1), now=early)
        run_waiting_jobs(now=LATER)
        correction = Correction.objects.get()
        keys = {row["charge"]: row["after"]["net_minor"] for row in correction.changes}
        # 1000 × 31 ÷ 365 = 84.931…; less 3.69
        assert keys == {"year": 8124}
