"""A payout of a sent bank file that did not arrive: two people, a reason, and it may be paid anew."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from apps.events.models import OutboxEvent
from apps.payments.models import BankEntry, Payout, PayoutBatch, PayoutLoss
from apps.payments.operations import (
    Approval,
    approve_batch,
    confirm_loss,
    discard_loss,
    import_bank_statement,
    report_loss,
    send_batch,
)
from apps.tenancy.context import company_context
from tests.integration.payments.camt import booking, statement
from tests.integration.payments.conftest import with_account
from tests.integration.payments.test_payouts import LONG_AGO, drafted

REASON = "the bank refused the account"


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


@pytest.fixture
def batch(cast: dict[str, Any], now: datetime, people: Any) -> PayoutBatch:
    for slug in ("provider", "maker"):
        with_account(cast[slug], now - LONG_AGO)
    with company_context(cast["provider"]):
        made = drafted(cast, now, people[0])
        approve_batch(batch=made, approval=Approval(people[1], now), now=now)
        return send_batch(batch=made, now=now, actor=people[0])


def report(now: datetime, person: Any) -> PayoutLoss:
    return report_loss(payout=Payout.objects.get(), reason=REASON, now=now, person=person)


def book(now: datetime, payout: Payout) -> BankEntry:
    """The bank's statement has the transfer."""
    told = booking("-123.45", identity=payout.public_id, ref="B1")
    import_bank_statement(content=statement(told), now=now, actor="Anna")
    return BankEntry.objects.get()


def test_two_people_say_so_and_it_may_be_paid_anew(
    cast: dict[str, Any], batch: PayoutBatch, people: Any, now: datetime
) -> None:
    one, other = people
    with company_context(cast["provider"]):
        loss = report(now, one)
        assert report(now, one) == loss, "two clicks are one"
        with pytest.raises(ValidationError, match="second person"):
            confirm_loss(loss=loss, approval=Approval(one, now), now=now)
        with pytest.raises(ValidationError, match="Confirm who you are"):
            confirm_loss(
                loss=loss, approval=Approval(other, now - timedelta(minutes=6)), now=now
            )  # fmt: skip
        with pytest.raises(IntegrityError, match="payments_loss_two_people"), transaction.atomic():
            PayoutLoss.objects.update(
                state="confirmed", approved_by_id=one.pk, approved_at=now
            )  # fmt: skip
        assert Payout.objects.get().state == "sent"
        for _click in range(2):
            confirm_loss(loss=loss, approval=Approval(other, now), now=now)
        payout = Payout.objects.get()
        assert (payout.state, payout.failure) == ("failed", REASON)
        assert OutboxEvent.objects.filter(name="payments.payout_failed").count() == 1
        with pytest.raises(ValidationError, match="cannot be discarded"):
            discard_loss(loss=loss, now=now, actor=one)
        with pytest.raises(DatabaseError), transaction.atomic():
            PayoutLoss.objects.update(reason="another")
        assert drafted(cast, now, one) != batch
        entry = book(now, payout)
        assert entry.state == "unmatched", "it left after all: a person looks"


def test_what_the_bank_books_meanwhile_has_arrived(
    cast: dict[str, Any], batch: PayoutBatch, people: Any, now: datetime
) -> None:
    with company_context(cast["provider"]):
        loss = report(now, people[0])
        assert book(now, Payout.objects.get()).state == "matched"
        with pytest.raises(ValidationError, match="not booked"):
            confirm_loss(loss=loss, approval=Approval(people[1], now), now=now)
        assert Payout.objects.get().state == "paid"
        for _click in range(2):
            discard_loss(loss=loss, now=now, actor=people[0])
        with pytest.raises(ValidationError, match="discarded"):
            confirm_loss(loss=loss, approval=Approval(people[1], now), now=now)
        with pytest.raises(ValidationError, match="not booked"):
            report(now, people[0])


def test_both_steps_on_the_page(
    cast: dict[str, Any], batch: PayoutBatch, people: Any, client_of: Callable[..., Any]
) -> None:
    one, other = (client_of(cast["provider"], name) for name in ("finance", "director"))
    path = f"/payouts/{batch.public_id}/"
    assert "It did not arrive" in one.get(path).content.decode()
    with company_context(cast["provider"]):
        payout = Payout.objects.get()
    form = {"payout": payout.pk, "reason": REASON}
    assert one.post(path + "losses/", {**form, "reason": ""}).status_code == 422
    assert one.post(path + "losses/", form).status_code == 302
    with company_context(cast["provider"]):
        loss = PayoutLoss.objects.get()
    approval = f"/losses/{loss.public_id}/approval/"
    assert "second person confirms it" in one.get(path).content.decode()
    assert approval in other.get(path).content.decode()
    assert one.post(approval).status_code == 422
    for slug in ("maker", "stranger"):
        assert client_of(cast[slug], "director").post(approval).status_code == 404
    assert other.post(approval).status_code == 302
    page = other.get(path).content.decode()
    assert REASON in page
    assert "It did not arrive" not in page, "nothing else is on its way"
