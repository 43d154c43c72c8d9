"""A deposit stays the customer's: asked for, received, drawn for an invoice, given back; never revenue."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.billing.models import Receivable
from apps.common.fields import uuid7
from apps.contracts.domain.facts import ContractFacts
from apps.contracts.models import Contract, CreditUse
from apps.contracts.operations import offer_one_off
from apps.settlement.domain.deposits import Step
from apps.settlement.models import DepositStep, SettledPeriod
from apps.settlement.operations import StepFacts, note_deposit
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings
from tests.integration.billing.test_receivables import pay
from tests.integration.settlement.scene import balances, work
from tests.integration.settlement.test_one_road import DONE, LINES
from tests.integration.settlement.test_settling import findings

TODAY = NOW.date()


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def secured(provider: Any, customer: Any) -> Contract:
    """150.00 are agreed, and a credit of 150.00; October is issued at 123.39."""
    asset = make_asset(provider)
    contract = make_contract(
        provider, customer, [asset], deposit_minor=15_000, credit_limit_minor=15_000
    )
    month_of_readings(provider, asset, "2026-10", 1000, 1055)
    bill(provider)
    issue_all(provider)
    work(provider)
    return contract


def note(contract: Contract, step: Step, minor: int, document: Any = None, **more: Any) -> Any:
    with company_context(contract.author):
        facts = StepFacts(step, minor, TODAY, document=document)
        return note_deposit(contract_id=contract.pk, facts=facts, now=NOW, actor="test", **more)


def test_it_is_a_liability_until_it_is_drawn_or_given_back(
    secured: Contract, provider: Any, customer: Any, client_of: Callable[..., Any]
) -> None:
    note(secured, Step.ASKED, 15_000)
    assert balances(provider, customer) == {}
    key = uuid7()
    assert note(secured, Step.RECEIVED, 15_000, step_id=key) == note(
        secured, Step.RECEIVED, 15_000, step_id=key
    )
    assert balances(provider, customer) == {"deposit": 15_000, "custody": -15_000}
    with company_context(provider):
        document = Receivable.objects.get()
    note(secured, Step.DRAWN, 12_339, document.pk)
    with company_context(customer):
        assert Receivable.objects.get().open_minor == 0
        assert DepositStep.objects.count() == 3
    note(secured, Step.RETURNED, 2_661)
    assert balances(provider, customer) == {}
    page = client_of(customer).get(f"/deposits/{secured.public_id}/").content.decode()
    assert page.count("123.39\xa0EUR") == 2
    assert "Note the next step" not in page
    assert "26.61\xa0EUR" in client_of(provider).get(
        f"/deposits/{secured.public_id}/"
    ).content.decode()  # fmt: skip
    with company_context(provider):
        assert not SettledPeriod.objects.exists()
    assert findings(provider) == []


def test_what_cannot_be_is_refused_and_moves_nothing(
    secured: Contract, provider: Any, customer: Any, client_of: Callable[..., Any]
) -> None:
    with company_context(provider):
        document = Receivable.objects.get()
    for step, minor, more in (
        (Step.RECEIVED, 15_001, {}), (Step.RETURNED, 1, {}), (Step.DRAWN, 1, {}), (Step.ASKED, 0, {}),
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            note(secured, step, minor, **more)
    note(secured, Step.RECEIVED, 15_000)
    with pytest.raises(ValidationError, match="Less is open"):
        note(secured, Step.DRAWN, 12_340, document.pk)
    assert balances(provider, customer) == {"deposit": 15_000, "custody": -15_000}
    with company_context(customer), pytest.raises(Contract.DoesNotExist):
        note_deposit(
            contract_id=secured.pk, facts=StepFacts(Step.RETURNED, 1, TODAY), now=NOW, actor="x"
        )
    path = f"/deposits/{secured.public_id}/steps/"
    assert client_of(customer).post(path, {}).status_code == 404
    bad = client_of(provider).post(path, {"step": "returned", "amount": "150.01", "key": uuid7(),
                                          "valued_on": "2026-11-02"})  # fmt: skip
    assert bad.status_code == 422
    assert "You do not hold as much" in bad.content.decode()
    with (
        company_context(provider),
        pytest.raises(Exception, match="permission denied"),
        transaction.atomic(),
    ):
        DepositStep.objects.update(amount_minor=1)
    with company_context(provider), pytest.raises(IntegrityError), transaction.atomic():
        DepositStep.objects.create(
            author=provider, parties=[provider.pk], contract=secured, step="received",
            amount_minor=0, currency="EUR", valued_on=TODAY, noted_by="x", noted_at=NOW,
        )  # fmt: skip


def order(provider: Any, customer: Any, **more: Any) -> Contract:
    facts = ContractFacts(customer_id=customer.pk, title="Spare part", starts_on=DONE)
    with company_context(provider):
        return offer_one_off(
            facts=facts, done_on=DONE, lines=LINES[:1], now=NOW, actor="seller", **more
        )


def test_above_the_credit_limit_what_is_new_needs_finance(
    secured: Contract, provider: Any, customer: Any, client_of: Callable[..., Any]
) -> None:
    with company_context(provider):
        use = CreditUse.objects.get()
        assert (use.limit_minor, use.open_minor, use.overdue_minor) == (15_000, 12_339, 0)
        # November's fee so far, 119.00 with tax, is not billed yet.
        assert use.unbilled_minor == 11_900
        invoice = Receivable.objects.get().invoice
    with company_context(customer):
        assert not CreditUse.objects.exists()
    with pytest.raises(ValidationError, match="credit limit"):
        order(provider, customer)
    with company_context(provider):
        assert Contract.objects.count() == 1
    assert order(provider, customer, by_finance=True).is_one_off
    assert "above the limit" in client_of(provider).get("/money/").content.decode()
    # What runs is billed on, and paid it is within the limit again.
    pay(provider, invoice, 12_339)
    work(provider)
    assert order(provider, customer)
