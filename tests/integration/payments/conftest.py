"""Who pays whom: the provider has a bank account and a stand-in for Stripe to talk to."""

from collections.abc import Iterator
from typing import Any

import pytest

from portal.local.stripe.server import Fake

KEY = "sk_test_of_these_tests"
IBANS = {
    "provider": "DE89370400440532013000", "maker": "DE62370400440532013001",
    "customer": "DE35370400440532013002", "workshop": "AT611904300234573201",
}  # fmt: skip


@pytest.fixture
def stripe_fake(settings: Any) -> Iterator[Fake]:
    """The stand-in, told to the portal by its settings; its messages go nowhere."""
    fake = Fake(("127.0.0.1", 0)).start()
    settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = KEY, fake.base
    yield fake
    fake.stop()


def with_account(company: Any, when: Any, creditor_id: str = "") -> None:
    """The company's main bank account, opened then."""
    from apps.payments.operations import open_account
    from apps.tenancy.context import company_context

    with company_context(company):
        open_account(
            holder_name=company.name, iban=IBANS[company.slug], creditor_id=creditor_id, now=when,
            actor="Anna",
        )  # fmt: skip
