"""A provider that collects its own machines, and contracts on them with the customer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from apps.common.period import month_period
from apps.contracts.domain.facts import ContractFacts, ItemFacts
from apps.contracts.models import Contract
from apps.contracts.operations import draft_contract, offer_contract, sign_contract
from apps.contracts.queries import content_sha256
from apps.events.operations import run_waiting_jobs
from apps.telemetry.operations import RawItem, take_in
from apps.tenancy.context import company_context
from tests.integration.telemetry.conftest import Machine, make_machine

PLAN: dict[str, Any] = {
    "name": "By use", "currency": "EUR",
    "charges": [
        {"model": "flat_fee", "code": "base", "title": "Base fee", "amount": "100"},
        {"model": "per_unit", "code": "cycles", "title": "Cycles", "meter": "cycles",
         "unit": "{cycle}", "unit_price": "0.067"},
    ],
}  # fmt: skip
ENERGY: dict[str, Any] = {
    "name": "By energy", "currency": "EUR",
    "charges": [{"model": "per_unit", "code": "energy", "title": "Energy", "meter": "energy",
                 "unit": "kW.h", "unit_price": "0.2"}],
}  # fmt: skip


@dataclass
class Works:
    """The provider's machine and what can be done with it; everything runs as the provider."""

    provider: Any
    customer: Any
    machine: Machine
    now: datetime

    def send(self, channel: str, *pairs: tuple[str, str], **more: Any) -> list[str]:
        items = [
            RawItem(n, self.machine.asset.public_id, channel, at, value, **more)
            for n, (at, value) in enumerate(pairs)
        ]
        return [out.status for out in take_in(items=items, source="test", now=self.now)]

    def draft(self, **more: Any) -> Contract:
        channel = more.pop("channel", "cycles")
        plan = more.pop("plan", ENERGY if channel == "energy" else PLAN)
        facts = {"customer_id": self.customer.pk, "title": "Air by use",
                 "starts_on": date(2026, 1, 1), **more}  # fmt: skip
        items = [ItemFacts(self.machine.asset.pk, channel, channel)]
        return draft_contract(
            facts=ContractFacts(**facts), items=items, plan=plan, now=self.now, actor="Anna"
        )

    def contract(self, **more: Any) -> Contract:
        """A contract in force, with its metering orders."""
        contract = self.draft(**more)
        offer_contract(contract=contract, now=self.now, actor="Anna")
        with company_context(self.customer):
            shown = Contract.objects.get(pk=contract.pk)
            content = content_sha256(shown)
            sign_contract(contract_id=shown.pk, content=content, now=self.now, actor="Carl")
        run_waiting_jobs(now=self.now)
        contract.refresh_from_db()
        return contract


@pytest.fixture
def works(cast: dict[str, Any], now: datetime) -> Iterator[Works]:
    with company_context(cast["provider"]):
        machine = make_machine(cast["provider"], now)
        yield Works(cast["provider"], cast["customer"], machine, now)


@pytest.fixture
def month() -> Callable[..., Any]:
    """`month("2026-03")` in Berlin."""
    return lambda text, zone="Europe/Berlin": month_period(text, zone)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def decimals(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]
