"""What of money has a day or waits for a second person stands on the home of who can act."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.billing.models import IncomingDocument, Invoice, Receivable
from apps.contracts.models import Contract
from apps.payments.models import DebitRun, PayoutBatch
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import billed, customer, issued, provider
from tests.integration.billing.scene import make_asset, make_contract
from tests.integration.billing.test_disputes import answer, dispute

__all__ = ["billed", "customer", "issued", "provider"]

# At noon all zones of the cast have one day; what midnight does has a test of its own.
NOW = timezone.now().replace(hour=12)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def contract(cast: dict[str, Any]) -> Contract:
    made: Contract = make_contract(
        cast["provider"], cast["customer"], [make_asset(cast["provider"])]
    )
    return made


def owed(contract: Contract, due_on: date, number: str = "N-1", disputed: int = 0) -> Receivable:
    """119 cents on an issued invoice, as much of it disputed."""
    shared = {"author_id": contract.author_id, "parties": contract.parties}
    with company_context(contract.author):
        invoice = Invoice.objects.create(
            **shared, contract=contract, customer=contract.customer, state="issued", number=number,
            currency="EUR", period_start=NOW, period_end=NOW, time_zone="UTC", net_minor=100,
            tax_minor=19, gross_minor=119, drafted_at=NOW, issued_at=NOW, issued_on=TODAY,
            due_on=due_on, facts={"recipient": {"name": "R"}, "issuer": {"name": "I"}},
        )  # fmt: skip
        row: Receivable = Receivable.objects.create(
            **shared, pk=invoice.pk, invoice=invoice, customer=contract.customer, currency="EUR",
            gross_minor=119, open_minor=119, disputed_minor=disputed, issued_on=TODAY,
            due_on=due_on, moved_at=NOW,
        )  # fmt: skip
    return row


def home(client: Client) -> str:
    return client.get("/").content.decode()


def need(count: int, text: str) -> str:
    return f'{count}</span><span class="need-text">{text}</span>'


def test_what_is_overdue_stands_on_both_homes_and_leads_to_its_list(
    contract: Contract, cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    buyer, seller = client_of(cast["customer"]), client_of(cast["provider"])
    assert "No signature, payment, approval or refused reading waits for you." in home(buyer)
    owed(contract, TODAY - timedelta(days=2))
    owed(contract, TODAY - timedelta(days=1), "N-2")
    owed(contract, TODAY - timedelta(days=1), "N-3", disputed=119)
    for client, text, side in (
        (buyer, "overdue invoices to pay", "in"),
        (seller, "invoices your customers have not paid in time", "out"),
    ):
        html, address = home(client), f"/receivables/?show=overdue&direction={side}"
        assert need(2, text) in html
        assert address.replace("&", "&amp;") in html
        assert "N-2" in client.get(address).content.decode()
    assert "overdue" not in home(client_of(cast["stranger"]))
    assert "not paid in time" not in home(client_of(cast["provider"], "viewer"))


def test_an_invoice_is_named_to_who_pays_it_a_week_before_its_day(
    contract: Contract, cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    owed(contract, TODAY + timedelta(days=7))
    owed(contract, TODAY + timedelta(days=8), "N-2")
    assert need(1, "invoice to pay within seven days") in home(client_of(cast["customer"]))
    assert "within seven days" not in home(client_of(cast["provider"]))


def test_the_week_is_counted_from_the_payers_day_not_from_that_of_the_servers(
    contract: Contract, cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    owed(contract, TODAY + timedelta(days=8))
    assert cast["customer"].time_zone == "Europe/Berlin"
    buyer = client_of(cast["customer"])
    with time_machine.travel(NOW.replace(hour=21, minute=59), tick=False):
        before = "within seven days" in home(buyer)
    with time_machine.travel(NOW.replace(hour=23), tick=False):
        assert need(1, "invoice to pay within seven days") in home(buyer)
    assert not before


def test_a_dispute_waits_for_its_answer_on_the_issuers_home(
    issued: Any, cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    found = dispute(cast["customer"], issued, "base", 5_000)
    seller = client_of(cast["provider"])
    assert need(1, "disputed line to answer") in home(seller)
    assert "disputed line" not in home(client_of(cast["customer"]))
    answer(cast["provider"], found, 0)
    assert "disputed line" not in home(seller)


def test_money_that_goes_out_waits_for_another_person_than_who_drafted_it(
    contract: Contract, cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    drafter, other = client_of(cast["provider"], "finance"), client_of(cast["provider"], "director")
    person = User.objects.get(pk=int(drafter.session["_auth_user_id"]))
    given = {"drafted_by_id": person.pk, "drafted_by": str(person), "drafted_at": NOW}
    with company_context(cast["provider"]):
        shared = {"author_id": cast["provider"].pk, "parties": [cast["provider"].pk]}
        PayoutBatch.objects.create(**shared, **given, method="sepa", currency="EUR")
        PayoutBatch.objects.create(
            **shared, **given, method="sepa", currency="EUR", state="discarded"
        )
        DebitRun.objects.create(**shared, **given, collected_on=TODAY)
    html = home(other)
    assert need(1, "batch of payouts to approve") in html
    assert need(1, "run of direct debits to approve") in html
    assert "to approve" not in home(drafter)
    assert "to approve" not in home(client_of(cast["customer"]))


def test_a_home_with_all_of_it_takes_twelve_queries_at_most(
    contract: Contract, cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    owed(contract, TODAY - timedelta(days=2))
    for name in ("provider", "customer"):
        client = client_of(cast[name])
        client.get("/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/")
        asked = [query["sql"].strip().upper() for query in queries]
        assert sum(sql.startswith("SELECT") for sql in asked) <= 12


def test_a_received_document_waits_for_a_decision(
    cast: dict[str, Any], client_of: Callable[..., Client]
) -> None:
    with company_context(cast["customer"]):
        IncomingDocument.objects.create(
            author=cast["customer"], parties=[cast["customer"].pk], file_name="a.xml",
            format="cii", sha256="0" * 64, path="a", xml_sha256="0" * 64, xml_path="a",
            kind="invoice", number="X-1", issued_on=TODAY, sender_name="S", currency="EUR",
            gross_minor=1, due_minor=1, received_at=NOW, received_by="A",
        )  # fmt: skip
    assert need(1, "received e-invoice to decide on") in home(client_of(cast["customer"]))
