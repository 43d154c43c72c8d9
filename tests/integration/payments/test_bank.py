"""Bank statements and direct debits: what is assigned by itself, and what is left to a person."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.common.fields import uuid7
from apps.events.models import OutboxEvent
from apps.payments.models import (
    BankEntry,
    BankFile,
    BankStatement,
    ExpectedPayment,
    Payment,
    Refund,
)
from apps.payments.operations import (
    Collection,
    Expected,
    Imported,
    Incoming,
    collect_by_debit,
    expect_payments,
    import_bank_statement,
    match_entry,
    note_receipt,
    read_file,
    record_refund,
    revoke_mandate,
    set_entry_aside,
    sign_mandate,
    take_receipt_back,
)
from apps.payments.queries.bank import candidates
from apps.tenancy.context import company_context
from tests.integration.payments.camt import booking, statement
from tests.integration.payments.conftest import with_account

CREDITOR = "DE98ZZZ09999999999"


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def expect(customer: Any, **amounts: int) -> None:
    expect_payments(
        items=[
            Expected(
                reference=f"inv_{name}", label=f"RE-2026-{name}", payer_id=customer.pk,
                payer_name=customer.name, amount_minor=amount, currency="EUR",
                due_on=date(2026, 11, 30),
            )
            for name, amount in amounts.items()
        ]
    )  # fmt: skip


def take(content: bytes, now: datetime) -> Imported:
    return import_bank_statement(content=content, now=now, actor="Anna")


def test_reference_and_amount_are_assigned_and_the_rest_is_left(
    cast: dict[str, Any], now: datetime
) -> None:
    content = statement(
        booking("119.00", text="RE-2026-a", ref="B1"), booking("50.00", text="RE-2026-b", ref="B2"),
        booking("7.00", text="no idea", ref="B3"), booking("-3.50", text="fee", ref="B4"),
    )  # fmt: skip
    with company_context(cast["provider"]):
        expect(cast["customer"], a=11_900, b=9_900)
        assert take(content, now) == Imported(new=4, known=0, matched=1)
        paid = Payment.objects.get()
        assert (paid.reference, paid.amount_minor, paid.method) == (
            "inv_a",
            11_900,
            "bank_transfer",
        )
        assert paid.payer_id == cast["customer"].pk
        left = BankEntry.objects.filter(state="unmatched").order_by("entry_ref")
        assert [row.amount_minor for row in left] == [5_000, 700, -350]
        assert take(content, now) == Imported(new=0, known=4, matched=0), "the same file again"
        again = statement(booking("119.00", text="RE-2026-a", ref="B1"), identity="S-2")
        assert take(again, now) == Imported(new=0, known=1, matched=0), "the same booking again"
        assert OutboxEvent.objects.filter(name="payments.received").count() == 1
    with company_context(cast["customer"]):
        assert Payment.objects.get().reference == "inv_a"
        assert not BankEntry.objects.exists()


def test_a_person_assigns_a_part_and_sets_the_rest_aside(
    cast: dict[str, Any], now: datetime
) -> None:
    content = statement(
        booking("50.00", text="?", ref="B1"), booking("-3.50", text="fee", ref="B2")
    )
    with company_context(cast["provider"]):
        expect(cast["customer"], a=11_900)
        take(content, now)
        money, fee = BankEntry.objects.order_by("-amount_minor")
        for _ in range(2):
            match_entry(entry=money, reference="inv_a", now=now, actor="Anna")
        assert Payment.objects.get().amount_minor == 5_000
        assert ExpectedPayment.objects.get().amount_minor == 6_900, "what is left is expected"
        for _ in range(2):
            set_entry_aside(entry=fee, now=now, actor="Anna")
        fee.refresh_from_db()
        assert (fee.state, fee.decided_by) == ("ignored", "Anna")
        with pytest.raises(ValidationError, match="assigned already"):
            set_entry_aside(entry=money, now=now, actor="Anna")
        with pytest.raises(ValidationError, match="decided already"):
            match_entry(entry=fee, reference="inv_a", now=now, actor="Anna")


@pytest.mark.parametrize("reference", ["inv_unknown", "", "inv_other"])
def test_only_own_documents_are_assigned(
    cast: dict[str, Any], now: datetime, reference: str
) -> None:
    with company_context(cast["maker"]):
        expect(cast["provider"], other=5_000)
    with company_context(cast["provider"]):
        take(statement(booking("50.00", text="?", ref="B1")), now)
        with pytest.raises(ValidationError, match="one of your documents"):
            match_entry(entry=BankEntry.objects.get(), reference=reference, now=now, actor="A")
        assert BankEntry.objects.get().state == "unmatched"
        assert not Payment.objects.exists()


def test_a_statement_that_does_not_add_up_is_refused_whole(
    cast: dict[str, Any], now: datetime
) -> None:
    content = statement(booking("50.00", ref="B1"), opening="0.00", closing="50.01")
    with company_context(cast["provider"]):
        with pytest.raises(ValidationError, match="S-1"):
            take(content, now)
        assert not BankStatement.objects.exists()
        assert not BankFile.objects.exists()


# --- direct debits ---------------------------------------------------------------------------------


def collection(cast: dict[str, Any], reference: str = "inv_a") -> Collection:
    return Collection(
        payer_id=cast["customer"].pk, reference=reference, title="RE-2026-a", amount_minor=11_900
    )


def collect(cast: dict[str, Any], now: datetime, days: int = 2) -> BankFile:
    day = (now + timedelta(days=days)).date()
    return collect_by_debit(items=[collection(cast)], collected_on=day, now=now, actor="Anna")


@pytest.fixture
def mandate(cast: dict[str, Any], now: datetime) -> Any:
    with_account(cast["provider"], now, CREDITOR)
    with_account(cast["customer"], now)
    with company_context(cast["customer"]):
        first = sign_mandate(creditor=cast["provider"], now=now, actor="Carl")
        assert sign_mandate(creditor=cast["provider"], now=now, actor="Carl") == first
        return first


@pytest.mark.parametrize("sign", ["-", "_"])
def test_a_debit_is_under_way_until_the_bank_books_it(
    cast: dict[str, Any], now: datetime, mandate: Any, sign: str
) -> None:
    """Files of before wrote the identity with a character that SEPA does not have."""
    with company_context(cast["provider"]):
        content = read_file(collect(cast, now)).decode()
        payment = Payment.objects.get()
        assert (payment.state, payment.mandate_reference) == ("pending", mandate.reference)
        assert f"<MndtId>{mandate.reference}</MndtId>" in content
        assert f"<EndToEndId>{payment.provider_ref.replace('_', '-')}</EndToEndId>" in content
        with pytest.raises(ValidationError, match="being collected already"):
            collect(cast, now)
        assert Payment.objects.count() == 1
        identity = payment.provider_ref.replace("_", sign)
        booked = statement(booking("119.00", identity=identity, ref="B1"))
        assert take(booked, now).matched == 1
        assert Payment.objects.get().state == "succeeded"


def test_a_debit_that_comes_back(cast: dict[str, Any], now: datetime, mandate: Any) -> None:
    with company_context(cast["provider"]):
        collect(cast, now)
        identity = Payment.objects.get().provider_ref
        take(statement(booking("119.00", identity=identity, ref="B1")), now)
        back = booking("-119.00", identity=identity, ref="B2", returned=True, text="MD06")
        assert take(statement(back, identity="S-2"), now).matched == 1
        refund = Refund.objects.get()
        assert (refund.kind, refund.amount_minor) == ("return", 11_900)
        assert Payment.objects.get().state == "refunded"
        assert OutboxEvent.objects.filter(name="payments.refunded").count() == 1


def test_a_debit_that_never_came_fails(cast: dict[str, Any], now: datetime, mandate: Any) -> None:
    with company_context(cast["provider"]):
        collect(cast, now)
        identity = Payment.objects.get().provider_ref
        take(statement(booking("-119.00", identity=identity, ref="B1", returned=True)), now)
        assert Payment.objects.get().state == "failed"
        collect(cast, now)
        assert Payment.objects.count() == 2, "it may be collected anew"


def returned(now: datetime, identity: str, amount: str, ref: str = "B2") -> BankEntry:
    back = booking(amount, identity=identity, ref=ref, returned=True, text="MD06")
    take(statement(back, identity=f"S-{ref}"), now)
    return BankEntry.objects.get(entry_ref__endswith=ref)


@pytest.mark.parametrize(
    ("refunded", "amount", "rest"), [(0, "-122.00", 300), (1_900, "-119.00", 1_900)]
)
def test_a_debit_comes_back_with_a_fee_or_after_a_refund(
    cast: dict[str, Any], now: datetime, mandate: Any, client_of: Any, refunded: int, amount: str,
    rest: int,
) -> None:  # fmt: skip
    with company_context(cast["provider"]):
        collect(cast, now)
        payment = Payment.objects.get()
        take(statement(booking("119.00", identity=payment.provider_ref, ref="B1")), now)
        if refunded:
            record_refund(payment=payment, provider_ref="r", amount_minor=refunded, kind="refund",
                          now=now)  # fmt: skip
        entry = returned(now, payment.provider_ref, amount)
        assert (entry.state, entry.payment, entry.rest_minor) == ("matched", payment, rest)
        assert Refund.objects.get(kind="return").amount_minor == 11_900 - refunded
        assert Payment.objects.get().state == "refunded"
        again = returned(now, payment.provider_ref, amount, "B3")
        assert again.state == "unmatched", "nothing of the payment is left"
    page = client_of(cast["provider"]).get(f"/bank-entries/{entry.public_id}/").content.decode()
    assert f"{rest / 100:.2f}" in page


def test_a_debit_that_never_came_fails_with_the_banks_fee(
    cast: dict[str, Any], now: datetime, mandate: Any
) -> None:
    with company_context(cast["provider"]):
        collect(cast, now)
        entry = returned(now, Payment.objects.get().provider_ref, "-122.00")
        assert (entry.state, entry.rest_minor) == ("matched", 300)
        assert Payment.objects.get().state == "failed"


def test_a_person_says_which_payment_came_back(
    cast: dict[str, Any], now: datetime, mandate: Any, client_of: Any
) -> None:
    """The bank named no identity; less than the payment never takes it back."""
    with company_context(cast["provider"]):
        collect(cast, now)
        payment = Payment.objects.get()
        take(statement(booking("119.00", identity=payment.provider_ref, ref="B1")), now)
        less, entry = returned(now, "", "-118.99", "B4"), returned(now, "", "-122.00")
        out = booking("-122.00", text="rent", ref="B5")
        take(statement(out, identity="S-B5"), now)
        rent = BankEntry.objects.get(entry_ref__endswith="B5")
        for odd in (less, rent):
            with pytest.raises(ValidationError):
                match_entry(entry=odd, reference=payment.public_id, now=now, actor="Anna")
    client = client_of(cast["provider"], "finance")
    path = f"/bank-entries/{entry.public_id}/"
    assert payment.public_id in client.get(path).content.decode()
    for _click in range(2):
        client.post(path + "assignment/", {"reference": payment.public_id})
    with company_context(cast["provider"]):
        entry.refresh_from_db()
        assert (entry.state, entry.payment, entry.rest_minor) == ("matched", payment, 300)
        assert entry.decided_by
        assert Refund.objects.get().amount_minor == 11_900
        assert Payment.objects.get().state == "refunded"


def test_no_mandate_no_debit(cast: dict[str, Any], now: datetime, mandate: Any) -> None:
    with company_context(cast["provider"]):
        with pytest.raises(ValidationError, match="two days"):
            collect(cast, now, days=1)
    with company_context(cast["customer"]):
        assert revoke_mandate(mandate=mandate, now=now, actor="Carl")
        assert not revoke_mandate(mandate=mandate, now=now, actor="Carl")
    with company_context(cast["provider"]):
        with pytest.raises(ValidationError, match="no mandate"):
            collect(cast, now)
        assert not Payment.objects.exists()
        assert not BankFile.objects.exists()


def noted(cast: dict[str, Any], now: datetime, amount: int = 11_900) -> Payment:
    """A person saw it on the statement before the file came."""
    return note_receipt(
        payment=Incoming(
            key=uuid7(), provider_ref=f"noted:{amount}", amount_minor=amount, currency="EUR",
            method=Payment.Method.NOTED, reference="inv_a", title="RE-2026-a",
            payer_id=cast["customer"].pk, payer_name=cast["customer"].name,
        ),
        now=now,
    )  # fmt: skip


def test_money_noted_by_hand_is_joined_and_counts_once(cast: dict[str, Any], now: datetime) -> None:
    with company_context(cast["provider"]):
        expect(cast["customer"], a=0)
        payment = noted(cast, now)
        take(statement(booking("119.00", text="RE-2026-a", ref="B1")), now)
        entry = BankEntry.objects.get()
        assert (entry.state, entry.payment) == ("matched", payment)
        take(statement(booking("119.00", text="RE-2026-a", ref="B2"), identity="S-2"), now)
        assert BankEntry.objects.get(entry_ref__endswith="B2").state == "unmatched", "paid twice"
        assert Payment.objects.get() == payment
        with pytest.raises(ValidationError, match="The bank booked"):
            take_receipt_back(key=payment.pk, now=now)


def test_a_person_joins_what_the_text_does_not_name(cast: dict[str, Any], now: datetime) -> None:
    with company_context(cast["provider"]):
        payment, other = noted(cast, now), noted(cast, now, 100)
        take(statement(booking("119.00", text="thanks", ref="B1")), now)
        entry = BankEntry.objects.get()
        assert [one.noted for one in candidates()] == [payment.public_id, other.public_id]
        with pytest.raises(ValidationError, match="another amount"):
            match_entry(entry=entry, reference=other.public_id, now=now, actor="Anna")
        for _click in range(2):
            found = match_entry(entry=entry, reference=payment.public_id, now=now, actor="Anna")
            assert found == payment
        assert Payment.objects.count() == 2
        assert take_receipt_back(key=other.pk, now=now)
        assert [one.noted for one in candidates()] == []
        assert Refund.objects.get().pk == other.pk


def test_open_and_noted_of_the_same_amount_are_left_to_a_person(
    cast: dict[str, Any], now: datetime
) -> None:
    with company_context(cast["provider"]):
        expect(cast["customer"], a=11_900)
        noted(cast, now)
        assert take(statement(booking("119.00", text="RE-2026-a", ref="B1")), now).matched == 0
