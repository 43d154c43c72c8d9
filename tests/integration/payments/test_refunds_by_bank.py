"""Money that came by bank goes back by bank: two people, one file, once, to where it came from."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.common.period import local_date
from apps.payments.models import BankFile, Payment, Refund, RefundRequest
from apps.payments.operations import (
    Approval,
    Wish,
    approve_refund,
    ask_refund,
    discard_refund,
    import_bank_statement,
    read_file,
    record_refund,
)
from apps.tenancy.context import company_context
from tests.integration.payments.camt import booking, statement
from tests.integration.payments.conftest import with_account
from tests.integration.payments.test_bank import expect
from tests.integration.payments.test_payouts import LONG_AGO

FROM = "DE35370400440532013002"


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def people(cast: dict[str, Any], person_of: Callable[..., Any]) -> tuple[Any, Any]:
    one, other = (person_of(cast["provider"], name) for name in ("finance", "director"))
    return one, other


def take(now: datetime, *bookings: str, identity: str = "S-1") -> None:
    content = statement(*bookings, identity=identity)
    import_bank_statement(content=content, now=now, actor="Anna")


@pytest.fixture
def paid(cast: dict[str, Any], now: datetime) -> Payment:
    """119.00 by bank transfer, from an account the bank names."""
    with_account(cast["provider"], now - LONG_AGO)
    with company_context(cast["provider"]):
        expect(cast["customer"], a=11_900)
        take(now, booking("119.00", name="Customer", iban=FROM, text="RE-2026-a", ref="B1"))
        return Payment.objects.get()


def ask(payment: Payment, person: Any, now: datetime, amount: int = 1_900) -> RefundRequest:
    return ask_refund(payment=payment, wish=Wish(amount, "overpaid"), now=now, person=person)


def booked(request: RefundRequest, now: datetime, amount: str = "-19.00") -> None:
    entry = booking(
        amount, name="Customer", iban=FROM, identity=request.public_id.replace("_", "-"), ref="B2"
    )
    take(now, entry, identity="S-2")


def test_two_people_one_file_and_the_bank_closes_it(
    cast: dict[str, Any], paid: Payment, people: Any, now: datetime
) -> None:
    one, other = people
    with company_context(cast["provider"]):
        asked = ask(paid, one, now)
        assert ask(paid, one, now).pk == asked.pk, "two clicks are one"
        assert (asked.iban, asked.holder_name) == (FROM, "Customer")
        for _click in range(2):
            approve_refund(request=asked, approval=Approval(other, now), now=now)
        asked.refresh_from_db()
        content = read_file(BankFile.objects.get(kind="transfers")).decode()
        assert f"<EndToEndId>{asked.public_id.replace('_', '-')}</EndToEndId>" in content
        assert '<InstdAmt Ccy="EUR">19.00</InstdAmt>' in content
        assert f"<IBAN>{FROM}</IBAN>" in content
        assert not Refund.objects.exists(), "the money is here until the bank has booked it"
        with pytest.raises(ValidationError, match="waits already"):
            ask(paid, one, now, 500)
        booked(asked, now)
        booked(asked, now)
        asked.refresh_from_db()
        paid.refresh_from_db()
        assert (asked.state, paid.refunded_minor) == ("made", 1_900)
        assert Refund.objects.get().provider_ref == asked.public_id
        assert ask(paid, one, now, 500).pk != asked.pk


def test_who_asked_does_not_approve_and_the_password_counts(
    cast: dict[str, Any], paid: Payment, people: Any, now: datetime
) -> None:
    one, other = people
    with company_context(cast["provider"]):
        asked = ask(paid, one, now)
        with pytest.raises(ValidationError, match="second person"):
            approve_refund(request=asked, approval=Approval(one, now), now=now)
        with pytest.raises(ValidationError, match="Confirm who you are"):
            approve_refund(request=asked, approval=Approval(other, None), now=now)
        with (
            pytest.raises(IntegrityError, match="payments_refund_request_file"),
            transaction.atomic(),
        ):
            RefundRequest.objects.update(state="approved", approved_by_id=other.pk, approved_at=now)
        assert not BankFile.objects.filter(kind="transfers").exists()


def test_what_is_not_approved_or_of_another_amount_is_not_it(
    cast: dict[str, Any], paid: Payment, people: Any, now: datetime
) -> None:
    with company_context(cast["provider"]):
        asked = ask(paid, people[0], now)
        booked(asked, now)
        approve_refund(request=asked, approval=Approval(people[1], now), now=now)
        booked(asked, now, "-18.99")
        asked.refresh_from_db()
        assert asked.state == "approved"
        assert not Refund.objects.exists()


def test_where_it_came_from_is_not_known(cast: dict[str, Any], people: Any, now: datetime) -> None:
    with company_context(cast["provider"]):
        expect(cast["customer"], a=11_900)
        take(now, booking("119.00", name="Customer", text="RE-2026-a", ref="B1"))
        with pytest.raises(ValidationError, match="not known where"):
            ask(Payment.objects.get(), people[0], now)
        assert not RefundRequest.objects.exists()


def test_a_discarded_one_leaves_room(
    cast: dict[str, Any], paid: Payment, people: Any, now: datetime
) -> None:
    with company_context(cast["provider"]):
        asked = ask(paid, people[0], now)
        discard_refund(request=asked, now=now, actor=people[0])
        with pytest.raises(ValidationError, match="discarded"):
            approve_refund(request=asked, approval=Approval(people[1], now), now=now)
        with pytest.raises(ValidationError, match="at most what is left"):
            ask(paid, people[0], now, 11_901)


def test_what_the_bank_took_back_meanwhile_does_not_go_back_twice(
    cast: dict[str, Any], paid: Payment, people: Any, now: datetime
) -> None:
    with company_context(cast["provider"]):
        asked = ask(paid, people[0], now)
        record_refund(
            payment=paid, provider_ref="bank:back", amount_minor=11_900, kind="return", now=now
        )
        with pytest.raises(ValidationError, match="at most what is left"):
            approve_refund(request=asked, approval=Approval(people[1], now), now=now)
        assert not BankFile.objects.filter(kind="transfers").exists()
        asked.refresh_from_db()
        assert asked.state == "asked"
        discard_refund(request=asked, now=now, actor=people[0])


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_file_is_for_the_companys_own_day(
    cast: dict[str, Any], paid: Payment, people: Any, now: datetime, zone: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Whenever it is, in one of them it is another day than in UTC."""
    monkeypatch.setattr(cast["provider"], "time_zone", zone)
    with company_context(cast["provider"]):
        asked = ask(paid, people[0], now)
        approve_refund(request=asked, approval=Approval(people[1], now), now=now)
        content = read_file(BankFile.objects.get(kind="transfers")).decode()
    assert f"<ReqdExctnDt><Dt>{local_date(now, zone)}</Dt></ReqdExctnDt>" in content


def test_on_pages(
    cast: dict[str, Any], paid: Payment, people: Any, client_of: Callable[..., Any]
) -> None:
    asker, second = (client_of(cast["provider"], name) for name in ("finance", "director"))
    path = f"/payments/{paid.public_id}/"
    assert "DE35 3704 0044 0532 0130 02" in asker.get(path).content.decode()
    form = {"amount": "19.00", "reason": "overpaid"}
    assert asker.post(path + "refunds/", form).status_code == 302
    with company_context(cast["provider"]):
        asked = RefundRequest.objects.get()
    assert "DE35 3704 0044 0532 0130 02" in second.get(path).content.decode()
    approval, file = (f"/refunds/{asked.public_id}/{name}/" for name in ("approval", "file"))
    assert asker.post(approval).status_code == 422
    assert second.get(file).status_code == 404
    assert second.post(approval).status_code == 302
    assert b"<CtrlSum>19.00</CtrlSum>" in second.get(file).content
    assert file in second.get(path).content.decode()
    assert client_of(cast["customer"], "director").get(file).status_code == 404
    assert client_of(cast["stranger"], "director").get(file).status_code == 404
