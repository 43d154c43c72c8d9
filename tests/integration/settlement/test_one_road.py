"""An approved order is a one-off contract: billed by the same run, a cost of the contract it serves."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.billing.models import Invoice, Receivable
from apps.billing.queries.documents import document_of
from apps.contracts.domain.facts import ContractFacts
from apps.contracts.models import Contract, CostObject
from apps.contracts.operations import Cost, OrderLine, accept_one_off, note_cost, offer_one_off
from apps.contracts.queries import content_sha256
from apps.settlement.models import Share
from apps.settlement.queries.margins import by_month, margins_of
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import NOW
from tests.integration.settlement.scene import agree, percent_of, work

DONE = date(2026, 10, 14)
LINES = [
    OrderLine({"en": "Hours", "de": "Stunden"}, Decimal("3"), Decimal("85.50")),
    OrderLine({"en": "Filter", "de": "Filter"}, Decimal("0.5"), Decimal("4.37")),
]


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def workshop(cast: dict[str, Any]) -> Any:
    return cast["workshop"]


def facts(customer: Any, **more: Any) -> ContractFacts:
    given = {"title": "Filter of press 1", "tax_category": "O", "order_number": "WO-7", **more}
    return ContractFacts(customer_id=customer.pk, starts_on=DONE, **given)


def offered(workshop: Any, customer: Any, **more: Any) -> Contract:
    with company_context(workshop):
        return offer_one_off(
            facts=facts(customer, **more), done_on=DONE, lines=LINES, now=NOW, actor="smith"
        )


def accepted(contract: Contract, cost: Cost | None) -> None:
    with company_context(contract.customer):
        content = content_sha256(Contract.objects.get(pk=contract.pk))
        for _twice in range(2):
            accept_one_off(
                contract_id=contract.pk, content=content, cost=cost, now=NOW, actor="buyer"
            )
    work(contract.author)


@pytest.fixture
def charged(billed: Contract, provider: Any, workshop: Any) -> Invoice:
    """258.69 of the workshop for the provider's contract: 3 × 85.50 and 0.5 × 4.37."""
    asset = _asset(provider, billed)
    contract = offered(workshop, provider)
    accepted(contract, Cost(billed.pk, asset))
    bill(workshop)
    (invoice,) = issue_all(workshop)
    work(provider)
    with company_context(workshop):
        return Invoice.objects.select_related("contract").get(pk=invoice.pk)


def _asset(provider: Any, contract: Contract) -> Any:
    with company_context(provider):
        return contract.items.get().asset_id


def test_it_is_billed_whole_once_by_the_same_run(
    charged: Invoice, provider: Any, workshop: Any
) -> None:
    assert (charged.net_minor, charged.contract.state) == (25_869, "active")
    with company_context(provider):
        received = Invoice.objects.get(pk=charged.pk)
        assert [line.net_minor for line in received.lines.order_by("position")] == [25_650, 219]
        assert received.facts["terms"]["order_number"] == "WO-7"
        # The service was of one day, not of the month it is billed with.
        shown = document_of(received)
        assert (shown.first_day, shown.last_day) == (DONE, DONE)
        assert Receivable.objects.get(pk=charged.pk).open_minor == 25_869
    bill(workshop, "2026-11")
    with company_context(workshop):
        assert Invoice.objects.count() == 1


def test_it_is_no_share_of_a_line_and_lowers_the_margin_of_what_it_serves(
    charged: Invoice, billed: Contract, provider: Any, workshop: Any, cast: dict[str, Any],
    client_of: Callable[..., Any],
) -> None:  # fmt: skip
    agree(billed, percent_of(cast["financier"], "30"))
    with company_context(provider):
        keys = list(Invoice.objects.written_by(provider).values_list("id", flat=True))
    assert len(keys) == 1
    issue_mine(provider, keys)
    with company_context(provider):
        assert not Share.objects.filter(partner=workshop).exists()
        (month,) = by_month(margins_of(billed))
        total, rows = month
        # 103.69 − 31.11 − 258.69; of the press: 3.69 − 1.11 − 258.69.
        assert (total.month, total.margin_minor) == (date(2026, 10, 1), -18_611)
        assert [(row.label, row.revenue_minor, row.shared_minor, row.cost_minor) for row in rows] == [
            ("", 10_000, 3_000, 0), ("Press 1", 369, 111, 25_869),
        ]  # fmt: skip
    client = client_of(provider)
    client.get("/margins/months/")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = client.get("/margins/months/").content.decode()
    assert len(queries) <= 12
    assert "-186.11\xa0EUR" in page
    assert (
        "Nothing is issued yet" in client_of(cast["maker"]).get("/margins/months/").content.decode()
    )


def issue_mine(provider: Any, keys: list[Any]) -> None:
    from apps.billing.operations import approve_invoices, issue_invoices

    with company_context(provider):
        approve_invoices(invoices=keys, now=NOW, approved_by="test")
        issue_invoices(invoices=keys, now=NOW, issued_by="test")
    work(provider)


def test_who_is_paid_does_not_learn_what_it_serves(
    charged: Invoice, provider: Any, workshop: Any, customer: Any, client_of: Callable[..., Any]
) -> None:
    for company, count in ((provider, 1), (workshop, 0), (customer, 0)):
        with company_context(company):
            assert CostObject.objects.count() == count
    path = f"/contracts/{charged.contract.public_id}/"
    assert "Cost object" in client_of(provider).get(path).content.decode()
    assert "Cost object" not in client_of(workshop).get(path).content.decode()
    assert client_of(workshop).post(f"{path}cost-object/", {}).status_code == 404


def test_what_cannot_stand_is_refused_and_writes_nothing(
    billed: Contract, provider: Any, workshop: Any, customer: Any
) -> None:
    with company_context(workshop):
        for lines in ([], [replace(LINES[0], quantity=Decimal(0))]):
            with pytest.raises(ValidationError):
                offer_one_off(
                    facts=facts(provider), done_on=DONE, lines=lines, now=NOW, actor="smith"
                )
        assert not Contract.objects.exists()
    contract = offered(workshop, provider)
    with company_context(workshop), pytest.raises(IntegrityError), transaction.atomic():
        Contract.objects.filter(pk=contract.pk).update(ends_on=date(2026, 10, 16))
    with company_context(provider):
        for cost in (Cost(contract.pk), Cost(billed.pk, contract.pk)):
            with pytest.raises(ValidationError):
                note_cost(contract_id=contract.pk, cost=cost, now=NOW, actor="buyer")
        assert not CostObject.objects.exists()
    with company_context(customer), pytest.raises(Contract.DoesNotExist):
        note_cost(contract_id=contract.pk, cost=Cost(billed.pk), now=NOW, actor="x")


def test_a_single_job_is_offered_on_a_page(
    provider: Any, workshop: Any, customer: Any, client_of: Callable[..., Any]
) -> None:
    client = client_of(workshop)
    typed = {
        "title": "Belt changed", "customer": provider.pk, "done_on": "2026-10-14",
        "tax_category": "S", "payment_days": "14", "order_number": "",
        "lines-TOTAL_FORMS": "6", "lines-INITIAL_FORMS": "0",
        "lines-0-what": "Hours", "lines-0-quantity": "1,5", "lines-0-price": "84",
    }  # fmt: skip
    assert "Bill a single job" in client.get("/contracts/orders/new/").content.decode()
    for wrong, words in (
        ({"lines-1-what": "Belt"}, "at which price"), ({"lines-0-price": "-1"}, "above zero"),
        ({"lines-0-what": "", "lines-0-quantity": "", "lines-0-price": ""}, "1 to 100 lines"),
        ({"customer": customer.pk}, "Select a valid choice"),
    ):  # fmt: skip
        answer = client.post("/contracts/orders/new/", {**typed, **wrong})
        assert answer.status_code == 422
        assert words in answer.content.decode()
    with company_context(workshop):
        assert not Contract.objects.exists()
    answer = client.post("/contracts/orders/new/", typed)
    assert answer.status_code == 302
    with company_context(provider):
        contract = Contract.objects.get(title="Belt changed")
        assert (contract.state, contract.is_one_off) == ("offered", True)
    assert "126.00\xa0EUR" in client.get(answer.headers["Location"]).content.decode()
