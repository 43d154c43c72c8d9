"""What is owed on issued documents: paid whole, in part, over, given back; each once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from apps.billing.domain.receivables import Overdrawn
from apps.billing.invariants import SHARED_CHECKS
from apps.billing.models import Allocation, CustomerCredit, Invoice, Receivable
from apps.billing.operations import (
    Applied,
    Incoming,
    allocate_payment,
    issuing,
    open_missing,
    take_payment_back,
    use_credit,
)
from apps.billing.queries.receivables import paid_share
from apps.common.fields import uuid7
from apps.events.models import OutboxEvent
from apps.tenancy.context import as_platform, company_context, no_company
from tests.integration.billing.conftest import bill, issue_all
from tests.integration.billing.scene import NOW, make_asset, make_contract, month_of_readings
from tests.integration.billing.test_corrections import issue_corrections, late

LATER = NOW + timedelta(days=3)
OWED = ("receivables_opened", "allocations_sum", "returns_bounded", "credits_add_up",
        "credit_notes_placed")  # fmt: skip


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


def findings() -> list[str]:
    with no_company(), as_platform():
        return [found for check in SHARED_CHECKS if check.name in OWED for found in check.find(NOW)]


@pytest.fixture(autouse=True)
def books_hold(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test the invariants hold."""
    request.getfixturevalue("own_database" if "own_database" in request.fixturenames else "db")
    yield
    assert findings() == []


def pay(company: Any, invoice: Invoice, amount: int, **more: Any) -> tuple[UUID, Applied]:
    key = more.pop("payment_id", None) or uuid7()
    given = {"currency": "EUR", "payer_id": None, "reference": invoice.public_id, **more}
    payment = Incoming(payment_id=key, amount_minor=amount, **given)
    with company_context(company):
        return key, allocate_payment(payment=payment, now=LATER)


def owed(company: Any, invoice: Invoice) -> tuple[str, int]:
    with company_context(company):
        found = Receivable.objects.get(id=invoice.id)
        return found.state, found.open_minor


def credit_of(company: Any) -> list[tuple[str, int, int]]:
    with company_context(company):
        rows = CustomerCredit.objects.order_by("made_at", "id")
        return [(row.source, row.amount_minor, row.left_minor) for row in rows]


def test_an_issued_invoice_is_owed_by_its_customer(
    provider: Any, customer: Any, cast: dict[str, Any], issued: Invoice
) -> None:
    for side in (provider, customer):
        with company_context(side):
            found = Receivable.objects.get(invoice=issued)
            assert (found.gross_minor, found.open_minor, found.level) == (12_339, 12_339, 0)
            assert (str(found.due_on), found.currency) == ("2026-11-16", "EUR")
    with company_context(cast["stranger"]):
        assert not Receivable.objects.exists()


def test_a_payment_in_parts(provider: Any, issued: Invoice) -> None:
    _, first = pay(provider, issued, 339)
    assert (first.applied_minor, first.over_minor) == (339, 0)
    assert owed(provider, issued) == ("part_paid", 12_000)
    with company_context(provider):
        assert paid_share([issued.id]) == {issued.id: Fraction(339, 12_339)}
    pay(provider, issued, 12_000)
    assert owed(provider, issued) == ("paid", 0)
    with company_context(provider):
        events = OutboxEvent.objects.filter(name="billing.receivable_moved")
        assert [event.payload for event in events] == [{"receivables": [str(issued.id)]}] * 2
        assert all(event.parties == [provider.pk] for event in events)


def test_the_same_payment_twice_counts_once(provider: Any, issued: Invoice) -> None:
    key, _ = pay(provider, issued, 12_400)
    _, again = pay(provider, issued, 12_400, payment_id=key)
    assert again == Applied(0, 0)
    assert owed(provider, issued) == ("paid", 0)
    assert credit_of(provider) == [("overpayment", 61, 61)]


def test_another_currency_never_meets_the_document(
    provider: Any, customer: Any, issued: Invoice
) -> None:
    pay(provider, issued, 5_000, currency="USD")
    assert owed(provider, issued) == ("open", 12_339)
    with company_context(customer):
        (credit,) = CustomerCredit.objects.all()
        assert (credit.currency, credit.left_minor) == ("USD", 5_000)
    with company_context(provider), pytest.raises(ValidationError):
        use_credit(receivable=issued.id, now=LATER, used_by="test")


def test_a_payment_that_names_nothing_is_the_payers_credit_or_left_to_a_person(
    provider: Any, customer: Any, issued: Invoice
) -> None:
    _, nobody = pay(provider, issued, 700, reference="")
    assert nobody == Applied(0, 0)
    pay(provider, issued, 700, reference="", payer_id=customer.pk)
    assert credit_of(provider) == [("overpayment", 700, 700)]
    with company_context(provider):
        assert use_credit(receivable=issued.id, now=LATER, used_by="test") == 700
    assert owed(provider, issued) == ("part_paid", 11_639)
    with company_context(provider), pytest.raises(ValidationError):
        use_credit(receivable=issued.id, now=LATER, used_by="test")


def test_a_refund_takes_what_is_over_first(provider: Any, issued: Invoice) -> None:
    key, _ = pay(provider, issued, 12_839)
    refund = uuid7()
    with company_context(provider):
        back = {"payment_id": key, "cause_id": refund, "amount_minor": 1_500, "now": LATER}
        assert take_payment_back(**back) == 1_000
        assert take_payment_back(**back) == 0
    assert owed(provider, issued) == ("part_paid", 1_000)
    assert credit_of(provider) == [("overpayment", 500, 0)]
    with company_context(provider), pytest.raises(Overdrawn):
        take_payment_back(payment_id=key, cause_id=uuid7(), amount_minor=11_340, now=LATER)
    assert owed(provider, issued) == ("part_paid", 1_000)
    with company_context(provider):
        assert take_payment_back(
            payment_id=key, cause_id=uuid7(), amount_minor=11_339, now=LATER
        ) == 11_339  # fmt: skip
    assert owed(provider, issued) == ("open", 12_339)


def test_a_returned_payment_takes_its_credit_from_where_it_went(
    provider: Any, customer: Any
) -> None:
    assets = [make_asset(provider, name) for name in ("Press 1", "Press 2")]
    for asset in assets:
        make_contract(provider, customer, [asset], title=asset.name)
        month_of_readings(provider, asset, "2026-10", 1000, 1055)
    bill(provider)
    first, second = issue_all(provider)
    key, _ = pay(provider, first, 12_339 + 2_000)
    with company_context(provider):
        use_credit(receivable=second.id, now=LATER, used_by="test")
    assert owed(provider, second) == ("part_paid", 10_339)
    with company_context(provider):
        take_payment_back(
            payment_id=key, cause_id=key, amount_minor=14_339, now=LATER, is_return=True
        )
    assert owed(provider, first) == owed(provider, second) == ("open", 12_339)
    assert credit_of(provider) == [("overpayment", 2_000, 0)]


def test_credit_notes_settle_what_they_correct_and_the_rest_is_credit(
    provider: Any, customer: Any
) -> None:
    press = make_asset(provider)
    make_contract(provider, customer, [press])
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    bill(provider)
    (invoice,) = issue_all(provider)
    pay(provider, invoice, 12_300)
    late(provider, press, ("2026-10-25T10:00:00Z", "1060"))
    issue_corrections(provider)
    with company_context(provider):
        addition = Invoice.objects.get(kind="addition")
    assert owed(provider, addition) == ("open", 39)
    assert owed(provider, invoice) == ("part_paid", 39)
    assert credit_of(provider) == []


def test_what_was_issued_before_is_opened_once(
    provider: Any, billed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(issuing, "open_receivables", lambda **_kwargs: None)
        (invoice,) = issue_all(provider)
    assert findings() == [f"invoice {invoice.number} has no receivable that fits it"]
    with company_context(provider):
        assert open_missing(now=LATER) == 1
        assert open_missing(now=LATER) == 0
    assert owed(provider, invoice) == ("open", 12_339)


def test_the_database_refuses_what_the_rules_forbid(
    provider: Any, customer: Any, issued: Invoice
) -> None:
    pay(provider, issued, 339)
    with company_context(provider):
        for fields in ({"open_minor": 12_001}, {"state": "paid"}, {"disputed_minor": 12_001}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Receivable.objects.filter(id=issued.id).update(**fields)
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            Allocation.objects.all().update(amount_minor=1)
    with company_context(customer):
        assert Receivable.objects.filter(id=issued.id).update(level=3) == 0
    assert owed(provider, issued) == ("part_paid", 12_000)


@pytest.mark.usefixtures("own_database")
def test_two_payments_at_once_on_one_invoice(cast: dict[str, Any]) -> None:
    provider, customer = cast["provider"], cast["customer"]
    press = make_asset(provider)
    make_contract(provider, customer, [press])
    month_of_readings(provider, press, "2026-10", 1000, 1055)
    bill(provider)
    (invoice,) = issue_all(provider)
    keys = [uuid7() for _ in range(4)] * 2

    def one(key: UUID) -> int:
        try:
            return pay(provider, invoice, 5_000, payment_id=key)[1].applied_minor
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        applied = list(pool.map(one, keys))
    assert sorted(applied) == [0, 0, 0, 0, 0, 2_339, 5_000, 5_000]
    assert owed(provider, invoice) == ("paid", 0)
    assert sum(left for _, _, left in credit_of(provider)) == 20_000 - 12_339
