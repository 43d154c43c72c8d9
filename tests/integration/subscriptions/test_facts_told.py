"""What the company is now stands on the provider's next invoice: its address, and the tax that follows from its VAT id."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import VatCheck
from apps.accounts.operations import describe_company
from apps.accounts.operations.vat_checks import ask_vat_check
from apps.events.operations import run_waiting_jobs
from apps.subscriptions.domain.tax import tax_id_of
from apps.subscriptions.models import Plan, PlanInvoice
from apps.subscriptions.operations import start_order, tell_facts
from apps.subscriptions.operations.catalogue import own_tax
from apps.subscriptions.operations.telling import new_customer
from apps.tenancy.context import company_context
from portal.local.stripe import checkout
from tests.integration.accounts.test_vat_checks import VALID, Register, register
from tests.integration.subscriptions.ordering import GOOD_CARD, go_on, order, without_plan
from tests.integration.subscriptions.test_provider import follow, now

__all__ = ["now", "register"]
UNKNOWN = (200, {**VALID, "valid": False, "name": "---", "requestIdentifier": ""})


@pytest.fixture
def workshop(cast: dict[str, Any]) -> Any:
    """In Austria, with a well-formed VAT id: it owes the tax itself."""
    without_plan(cast["workshop"])
    return cast["workshop"]


def describe(company: Any, now: datetime, **facts: str) -> None:
    with company_context(company):
        describe_company(facts=facts, now=now, actor="Anna")
        run_waiting_jobs(now=now)


def answered(company: Any, now: datetime) -> None:
    with company_context(company):
        ask_vat_check(now=now)
        run_waiting_jobs(now=now)


def there(fake: Any) -> tuple[Any, Any]:
    """The customer, and the rates of what it has ordered."""
    [customer], [found] = fake.store.all("customer"), fake.store.all("subscription")
    return customer, [rate["percentage"] for rate in found["default_tax_rates"]]


def taxes(company: Any) -> list[int]:
    with company_context(company):
        return [bill.tax_minor for bill in PlanInvoice.objects.order_by("issued_at", "id")]


def test_another_address_is_told(workshop: Any, stripe_fake: Any, now: datetime) -> None:
    order(stripe_fake, workshop, now)
    follow(workshop, now)
    describe(workshop, now, street="Neue Gasse 7", city="Graz")
    customer, _rates = there(stripe_fake)
    assert (customer["address"]["line1"], customer["address"]["city"]) == ("Neue Gasse 7", "Graz")
    with company_context(workshop):
        assert not tell_facts(now=now)


def test_an_id_the_register_does_not_know_is_taxed_as_at_home(
    workshop: Any, stripe_fake: Any, register: Register, now: datetime
) -> None:
    order(stripe_fake, workshop, now)
    follow(workshop, now)
    assert (there(stripe_fake)[0]["tax_exempt"], there(stripe_fake)[1]) == ("reverse", [])
    register.answer = UNKNOWN
    answered(workshop, now)
    assert (there(stripe_fake)[0]["tax_exempt"], there(stripe_fake)[1]) == ("none", [19.0])
    go_on(stripe_fake, 32)
    follow(workshop, now + timedelta(days=32))
    assert taxes(workshop) == [0, 1_881]
    # Known after all: it owes the tax itself again.
    register.answer = (200, VALID)
    answered(workshop, now)
    assert (there(stripe_fake)[0]["tax_exempt"], there(stripe_fake)[1]) == ("reverse", [])


@pytest.mark.parametrize("state", ["waiting", "valid", "unavailable", "invalid"])
def test_only_a_no_of_the_register_counts(workshop: Any, now: datetime, state: str) -> None:
    with company_context(workshop):
        VatCheck.objects.create(
            author=workshop, parties=[workshop.pk], vat_id=workshop.vat_id, state=state
        )
        assert own_tax().is_reversed is (state != "invalid")
        # What was said of another id says nothing.
        VatCheck.objects.update(vat_id="ATU00000000")
        assert own_tax().is_reversed


def test_what_was_answered_while_the_page_was_open(
    workshop: Any, stripe_fake: Any, register: Register, now: datetime
) -> None:
    """The page was made without tax, and completed after the register's no."""
    with company_context(workshop):
        row = start_order(plan=Plan.objects.get(pk="business"), now=now, actor="Anna")
    register.answer = UNKNOWN
    answered(workshop, now)
    checkout.pay(stripe_fake.store, row.checkout_ref, GOOD_CARD, "")
    assert follow(workshop, now).status == "active"
    with company_context(workshop):
        assert tell_facts(now=now)
    assert there(stripe_fake)[1] == [19.0]


def test_asked_again_after_the_facts_have_changed(
    workshop: Any, stripe_fake: Any, now: datetime
) -> None:
    """A worker died between the customer there and our row; meanwhile the company moved."""
    with company_context(workshop):
        first, again = new_customer()[0], new_customer()[0]
    assert again == first
    describe(workshop, now, street="Neue Gasse 7")
    with company_context(workshop):
        assert new_customer()[0] != first


def test_the_next_invoice_names_the_vat_id_the_company_has_then(
    workshop: Any, stripe_fake: Any, register: Register, now: datetime
) -> None:
    """An invoice keeps the id it was written with; an id the register does not know stands on none."""
    ours = {"type": "eu_vat", "value": workshop.vat_id}

    def named() -> list[Any]:
        rows = sorted(stripe_fake.store.all("invoice"), key=lambda row: row["created"])
        return [row["customer_tax_ids"] for row in rows]

    order(stripe_fake, workshop, now)
    follow(workshop, now)
    assert named() == [[ours]]
    describe(workshop, now, vat_id="ATU13585627")
    go_on(stripe_fake, 32)
    follow(workshop, later := now + timedelta(days=32))
    assert named() == [[ours], [{"type": "eu_vat", "value": "ATU13585627"}]]
    with company_context(workshop):
        assert not tell_facts(now=later)
    register.answer = UNKNOWN
    answered(workshop, later)
    go_on(stripe_fake, 31)
    follow(workshop, later + timedelta(days=31))
    assert named()[2:] == [[]]


def test_only_an_id_of_the_eu_is_told() -> None:
    assert tax_id_of(country="AT", vat_id=" atu 123 45678 ") == {
        "type": "eu_vat", "value": "ATU12345678",
    }  # fmt: skip
    assert tax_id_of(country="AT", vat_id="") == {}
    assert tax_id_of(country="CH", vat_id="CHE-123.456.788 MWST") == {}
