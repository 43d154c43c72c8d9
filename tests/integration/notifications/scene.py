"""What the tests of notifications share: a contract, its events, and what somebody was told."""

import smtplib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend as LocalBackend

from apps.contracts.models import Contract
from apps.events.operations import publish, run_waiting_jobs
from apps.notifications.models import Notification
from apps.notifications.wording import text_of
from apps.tenancy.context import company_context

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
# Seven o'clock in Berlin on the day after.
MORNING = datetime(2026, 11, 3, 6, tzinfo=UTC)


def contract_of(provider: Any, customer: Any, title: str = "Pressing") -> Contract:
    with company_context(provider):
        contract: Contract = Contract.objects.create(
            author=provider, parties=sorted([provider.pk, customer.pk]), customer=customer,
            provider_name=provider.name, customer_name=customer.name, title=title,
            state="offered", starts_on=date(2026, 1, 1), time_zone="Europe/Berlin", currency="EUR",
            tax_category="S", drafted_at=NOW, offered_at=NOW,
        )  # fmt: skip
    return contract


def happened(company: Any, name: str, payload: dict[str, Any], to: Iterable[Any]) -> Any:
    """An event of that company, to these."""
    with company_context(company):
        return publish(name=name, payload=payload, now=NOW, to=[one.pk for one in to])


def offered(contract: Contract) -> Any:
    payload = {"contract": str(contract.pk)}
    return happened(contract.author, "contracts.offered", payload, [contract.customer])


def work(*companies: Any, now: datetime = NOW) -> None:
    for company in companies:
        with company_context(company):
            run_waiting_jobs(now=now)


def told(person: Any, company: Any) -> list[tuple[str, str]]:
    """Topics and messages of what somebody was told there, in order."""
    with company_context(company):
        rows = Notification.objects.filter(person=person).order_by("created_at", "id")
        return [(row.topic, row.message) for row in rows]


def texts(person: Any, company: Any, topic: str) -> list[str]:
    with company_context(company):
        rows = Notification.objects.filter(person=person, topic=topic).order_by("created_at", "id")
        return [text_of(row.message, row.params) for row in rows]


def later(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


class Refusing(BaseEmailBackend):
    """A server that says no."""

    def send_messages(self, email_messages: Any) -> int:
        raise smtplib.SMTPDataError(451, b"try later")


class Away(BaseEmailBackend):
    """A server that cannot be reached."""

    def open(self) -> bool:
        raise ConnectionRefusedError("nobody there")


class Breaking(LocalBackend):
    """A server that takes the mail and breaks the connection before it says so."""

    def send_messages(self, messages: Any) -> int:
        super().send_messages(messages)
        raise smtplib.SMTPServerDisconnected("gone")
