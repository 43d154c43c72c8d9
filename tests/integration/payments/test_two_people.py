"""Payouts, debit runs, refunds and losses are held to two people by one check: switched off, the same
act goes through, so it is this check that refuses."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.addresses import public_url
from apps.accounts.confirming import SESSION_CONFIRMED
from apps.payments.models import Payment
from apps.payments.models.approving import TwoPeople
from apps.payments.operations import (
    Approval,
    Expected,
    Wish,
    approve_batch,
    approve_debits,
    approve_refund,
    ask_refund,
    confirm_loss,
    confirming,
    draft_debits,
    expect_payments,
    import_bank_statement,
    report_loss,
    send_batch,
    sign_mandate,
)
from apps.tenancy.context import as_owner, company_context, no_company
from tests.integration.payments.camt import booking, statement
from tests.integration.payments.conftest import IBANS, with_account
from tests.integration.payments.test_bank import CREDITOR
from tests.integration.payments.test_payouts import LONG_AGO, drafted


@dataclass
class Act:
    """A row that one person made, what approves it, and the database's own word on two people."""

    row: TwoPeople
    approve: Callable[[Approval], Any]
    constraint: str
    done: str
    page: str


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def people(cast: dict[str, Any], person_of: Callable[..., Any]) -> tuple[Any, Any]:
    return person_of(cast["provider"], "finance"), person_of(cast["provider"], "director")


def payout(cast: dict[str, Any], now: datetime, people: Any) -> Act:
    row = drafted(cast, now, people[0])
    return Act(row, lambda given: approve_batch(batch=row, approval=given, now=now),
               "payments_batch_two_people", "approved", "payouts")  # fmt: skip


def debits(cast: dict[str, Any], now: datetime, people: Any) -> Act:
    with company_context(cast["customer"]):
        sign_mandate(creditor=cast["provider"], now=now - LONG_AGO, actor="Carl")
    with company_context(cast["provider"]):
        expected(cast)
        row = draft_debits(
            references=["inv_a"], collected_on=now.date() + timedelta(days=4), now=now,
            person=people[0],
        )  # fmt: skip
    return Act(row, lambda given: approve_debits(run=row, approval=given, now=now),
               "payments_debits_two_people", "approved", "debits")  # fmt: skip


def refund(cast: dict[str, Any], now: datetime, people: Any) -> Act:
    expected(cast)
    told = booking("119.00", name="Customer", iban=IBANS["customer"], text="RE-2026-a", ref="B1")
    import_bank_statement(content=statement(told), now=now, actor="Anna")
    paid, wish = Payment.objects.get(), Wish(500, "overpaid")
    row = ask_refund(payment=paid, wish=wish, now=now, person=people[0])
    return Act(row, lambda given: approve_refund(request=row, approval=given, now=now),
               "payments_refund_two_people", "approved", "refunds")  # fmt: skip


def loss(cast: dict[str, Any], now: datetime, people: Any) -> Act:
    batch = drafted(cast, now, people[0])
    approve_batch(batch=batch, approval=Approval(people[1], now), now=now)
    send_batch(batch=batch, now=now, actor=people[0])
    row = report_loss(
        payout=batch.payouts.get(), reason="the bank refused it", now=now, person=people[0]
    )
    return Act(row, lambda given: confirm_loss(loss=row, approval=given, now=now),
               "payments_loss_two_people", "confirmed", "losses")  # fmt: skip


def expected(cast: dict[str, Any]) -> None:
    expect_payments(items=[
        Expected(reference="inv_a", label="RE-2026-a", currency="EUR", amount_minor=11_900,
                 payer_id=cast["customer"].pk, payer_name="Customer", due_on=date(2026, 11, 30))
    ])  # fmt: skip


@pytest.fixture(params=[payout, debits, refund, loss], ids=lambda make: make.__name__)
def act(request: Any, cast: dict[str, Any], now: datetime, people: Any) -> Act:
    with_account(cast["provider"], now - LONG_AGO, CREDITOR)
    for slug in ("maker", "customer"):
        with_account(cast[slug], now - LONG_AGO)
    with company_context(cast["provider"]):
        made: Act = request.param(cast, now, people)
    return made


def refuse(act: Act, approval: Approval, told: str) -> None:
    before = act.row.state
    with pytest.raises(ValidationError, match=told):
        act.approve(approval)
    act.row.refresh_from_db()
    assert (act.row.state, act.row.approved_by_id) == (before, None)


def goes_through(act: Act, approval: Approval) -> None:
    act.approve(approval)
    act.row.refresh_from_db()
    assert (act.row.state, act.row.approved_by_id) == (act.done, approval.person.pk)


def test_who_is_there_is_asked_anew_on_the_page(
    cast: dict[str, Any], act: Act, client_of: Callable[..., Any], settings: Any
) -> None:
    """Six minutes after the last time; would it count for an hour, the same click went through."""
    client, path = client_of(cast["provider"]), f"/{act.page}/{act.row.public_id}/approval/"
    session = client.session
    session[SESSION_CONFIRMED] = (timezone.now() - timedelta(minutes=6)).timestamp()
    session.save()
    away = client.post(path)
    assert away.status_code == 302
    assert away["Location"].startswith(public_url("/sign-in/"))
    assert "confirm=1" in away["Location"]
    assert state_of(act, cast) == act.row.state
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 3600
    assert client.post(path)["Location"].startswith("/")
    assert state_of(act, cast) == act.done


def state_of(act: Act, cast: dict[str, Any]) -> str:
    with company_context(cast["provider"]):
        found: str = type(act.row).objects.get(pk=act.row.pk).state  # type: ignore[attr-defined]
    return found


def test_the_confirmation_counts(
    cast: dict[str, Any], act: Act, people: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = people[1]
    with company_context(cast["provider"]):
        for given in (None, now - timedelta(minutes=5, seconds=1)):
            refuse(act, Approval(other, given), "Confirm who you are")
        monkeypatch.setattr(confirming, "is_recent", lambda *_given: True)
        goes_through(act, Approval(other, None))


def test_who_asked_does_not_approve(
    cast: dict[str, Any], act: Act, people: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two locks, the check and the database's own: without both the act goes through."""
    alone = Approval(people[0], now)
    with company_context(cast["provider"]):
        refuse(act, alone, str(act.row.told_asker))
        monkeypatch.setattr(TwoPeople, "is_asked_by", lambda *_given: False)
        with pytest.raises(IntegrityError, match=act.constraint), transaction.atomic():
            act.approve(alone)
    without(act)
    with company_context(cast["provider"]):
        goes_through(act, alone)


def without(act: Act) -> None:
    """As only the owner of the tables could."""
    with no_company(), as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(
            f"alter table public.{act.row._meta.db_table} drop constraint {act.constraint}"
        )


def test_another_who_confirmed_does(
    cast: dict[str, Any], act: Act, people: Any, now: datetime
) -> None:
    with company_context(cast["provider"]):
        goes_through(act, Approval(people[1], now))
