"""Partners hear of statements and terms of their shares, the provider of objections."""

from typing import Any

from apps.notifications.models import Notification
from apps.tenancy.context import company_context
from tests.integration.billing.conftest import billed, customer, provider
from tests.integration.billing.scene import NOW
from tests.integration.notifications.scene import texts, told, work
from tests.integration.settlement.scene import LATER, draft, offer, percent_of
from tests.integration.settlement.test_objections import answered, objected, statement
from tests.integration.settlement.test_statements import financier, own_files

__all__ = ["billed", "customer", "financier", "own_files", "provider", "statement"]


def test_a_statement_reaches_its_partner_and_an_objection_the_provider(
    provider: Any, financier: Any, statement: Any, person_of: Any
) -> None:
    partner, seller = person_of(financier, "finance"), person_of(provider, "finance")
    viewer = person_of(financier, "viewer")
    work(financier, now=LATER)
    [text] = texts(partner, financier, "statements")
    assert text.startswith("Provider Services GmbH has issued a statement of 37.02\u00a0EUR to you")
    objected(statement, financier)
    work(provider, now=LATER)
    assert texts(seller, provider, "objections") == [
        f"Financier Leasing AG objects to statement {statement.number}. "
        "Its payout is held back until you answer."
    ]
    answered(statement, upheld=True)
    work(financier, now=LATER)
    assert texts(partner, financier, "objections") == [
        f"Provider Services GmbH upholds your objection to statement {statement.number}."
    ]
    assert told(viewer, financier) == []


def test_terms_lead_to_the_partners_own_page(
    billed: Any, provider: Any, financier: Any, person_of: Any
) -> None:
    partner = person_of(financier, "director")
    draft(billed, percent_of(financier, "30"))
    offer(billed)
    work(financier, now=NOW)
    assert told(partner, financier) == [("offers", "terms_offered")]
    with company_context(financier):
        [row] = Notification.objects.filter(person=partner)
        assert row.subject.startswith("ptm_")
        assert "Pressing" not in str(row.params), "the contract's own title is not the partner's"
