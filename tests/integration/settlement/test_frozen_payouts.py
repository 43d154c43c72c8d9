"""Whatever is paid, objected to and answered: a payout holds all but the frozen documents, to the cent."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from apps.billing.models import Invoice
from apps.settlement.models import PayoutRequest, Statement
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import make_asset, make_contract, month_of_readings
from tests.integration.billing.test_receivables import pay
from tests.integration.settlement.scene import agree, balances, percent_of, with_account, work
from tests.integration.settlement.test_objections import answered, draft, objected
from tests.integration.settlement.test_self_billing import offer, reply
from tests.integration.settlement.test_settling import findings
from tests.integration.settlement.test_statements import FIRST, financier, issue, own_files

__all__ = ["financier", "own_files"]
TRIALS, DOCUMENTS = 8, 4
FREEZES = {"none": False, "open": True, "rejected": False, "upheld": True}
Pairs = list[tuple[Invoice, Statement]]


@pytest.fixture
def documents(provider: Any, customer: Any, financier: Any) -> Pairs:
    """Four invoices of different sums and the self-billed document of a share of each."""
    for number in range(DOCUMENTS):
        asset = make_asset(provider, f"Press {number}")
        month_of_readings(provider, asset, "2026-10", 1000, 1055 + 977 * number)
        contract = make_contract(provider, customer, [asset], title=f"Contract {number}")
        agree(contract, percent_of(financier, "30"))
    bill(provider)
    with_account(financier)
    issue_all(provider)
    work(provider)
    reply(offer(provider, financier, FIRST))
    assert issue(provider) == DOCUMENTS
    with company_context(provider):
        statements = list(
            Statement.objects.select_related("settled__contract", "partner", "author")
        )
        invoices = {row.contract_id: row for row in Invoice.objects.all()}
        return [(invoices[row.settled.contract_id], row) for row in statements]


@contextmanager
def forgotten() -> Iterator[None]:
    """What happens inside never happened."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def payable(provider: Any, financier: Any) -> int:
    return balances(provider, financier).get("payable", 0)


def drafted(provider: Any, person: Any) -> int:
    """What the next batch sets aside; 0 when there is none."""
    batch = draft(provider, person)
    if batch is None:
        return 0
    with company_context(provider):
        return PayoutRequest.objects.latest("requested_at", "id").amount_minor


def paid_in_part(provider: Any, financier: Any, invoice: Invoice, chance: random.Random) -> int:
    """What a payment of chance makes payable."""
    before, gross = payable(provider, financier), invoice.gross_minor
    amount = chance.choice([0, gross, chance.randrange(1, gross)])
    if amount:
        pay(provider, invoice, amount)
        work(provider)
    return payable(provider, financier) - before


@pytest.mark.parametrize("start", range(0, TRIALS, 4))
def test_a_payout_is_all_but_what_is_frozen(
    documents: Pairs, provider: Any, financier: Any, person_of: Any, start: int
) -> None:
    person = person_of(provider)
    for seed in range(start, start + 4):
        chance = random.Random(seed)
        with forgotten():
            made = {row.pk: paid_in_part(provider, financier, invoice, chance)
                    for invoice, row in documents}  # fmt: skip
            standing = {key: chance.choice(list(FREEZES)) for key in made}
            for _invoice, statement in documents:
                object_and_answer(statement, financier, standing[statement.pk])
            free = sum(minor for key, minor in made.items() if not FREEZES[standing[key]])
            assert drafted(provider, person) == free, (seed, standing)
            assert payable(provider, financier) == sum(made.values()) - free
            reject_open_ones(documents, standing)
            freed = sum(minor for key, minor in made.items() if standing[key] == "open")
            assert drafted(provider, person) == freed, (seed, standing)
            assert findings(provider) == []


def object_and_answer(statement: Statement, financier: Any, standing: str) -> None:
    if standing != "none":
        objected(statement, financier)
    if standing in ("rejected", "upheld"):
        answered(statement, upheld=standing == "upheld")


def reject_open_ones(documents: Pairs, standing: dict[Any, str]) -> None:
    for _invoice, statement in documents:
        if standing[statement.pk] == "open":
            answered(statement, upheld=False)
