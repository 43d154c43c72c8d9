"""A plan by agreement is given and ended in the console: asked who is there, once, with a reason, in two audits."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import User
from apps.console.models import OperatorAct
from apps.console.operations import set_agreement
from apps.console.operations.sealing import seal_acts
from apps.console.queries import companies_with_health
from apps.events.models import AuditRow
from apps.subscriptions.models import Plan, Sponsorship, Subscription
from apps.subscriptions.operations.sponsoring import note_sponsor
from apps.subscriptions.queries import own_plan, own_sponsor
from apps.tenancy.context import as_app, as_owner, as_platform, company_context, no_company
from apps.tenancy.models import Company
from tests.conftest import NOW
from tests.databases import ROOT
from tests.integration.console.test_revenue import invoice


@pytest.fixture
def bare(cast: dict[str, Any]) -> Any:
    """A company without a plan, brought in by another."""
    with no_company(), as_platform():
        Subscription.all_parties.filter(author=cast["stranger"]).update(basis="none")
    with company_context(cast["stranger"]):
        note_sponsor(sponsor=cast["provider"], now=NOW)
        assert own_sponsor() is not None
    return cast["stranger"]


def settle(company: Any, plan: str | None, by: User, reason: str = "contract 12") -> None:
    with no_company(), as_platform():
        chosen = Plan.objects.get(pk=plan) if plan else None
        set_agreement(company=company, plan=chosen, by=by, now=NOW, reason=reason)


def plan_of(company: Any) -> str:
    with as_app(), company_context(company):
        return str(own_plan(NOW).pk)


def acts() -> list[tuple[str, str, str]]:
    with no_company(), as_platform():
        return list(OperatorAct.objects.order_by("id").values_list("action", "subject", "reason"))


def test_given_changed_and_ended(operator: User, bare: Any) -> None:
    assert plan_of(bare) == "participant"
    for plan, then in (("business", "business"), ("network", "network"), (None, "participant")):
        settle(bare, plan, operator)
        assert plan_of(bare) == then
    told = [
        ("console.agreement_given", "business", "contract 12"),
        ("console.agreement_given", "network", "contract 12"),
        ("console.agreement_ended", "network", "contract 12"),
    ]
    assert acts() == told
    with company_context(bare):
        own = AuditRow.objects.filter(action__startswith="console.agreement").order_by("id")
        assert [(row.action, row.subject, row.details["reason"]) for row in own] == told
        assert {row.actor for row in own} == {str(operator)}
    with no_company(), as_platform():
        assert not Sponsorship.all_parties.filter(author=bare, ended_at=None).exists()
        assert seal_acts(now=NOW) == 3, "sealed like other acts"
        assert companies_with_health(NOW).get(pk=bare.pk).plan_code is None


@pytest.mark.parametrize(
    ("plan", "reason", "said"),
    [("business", " ", "Say why"), (None, "over", "no plan by agreement")],
)
def test_refused_and_nothing_noted(
    operator: User, bare: Any, plan: str | None, reason: str, said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        settle(bare, plan, operator, reason)
    assert (acts(), plan_of(bare)) == ([], "participant")


def test_the_same_twice_is_said(operator: User, bare: Any) -> None:
    settle(bare, "business", operator)
    with pytest.raises(ValidationError, match="already"):
        settle(bare, "business", operator)
    assert len(acts()) == 1


def test_an_ordered_plan_goes_first(operator: User, bare: Any) -> None:
    with no_company(), as_platform():
        row = Subscription.all_parties.update_or_create(
            author=bare,
            defaults={
                "parties": [bare.pk], "plan_id": "business", "basis": "provider", "status": "active",
                "subscription_ref": "sub_1", "since": NOW,
            },
        )[0]  # fmt: skip
    for plan in ("network", None):
        with pytest.raises(ValidationError):
            settle(bare, plan, operator)
    with no_company(), as_platform():
        Subscription.all_parties.filter(pk=row.pk).update(status="canceled")
    settle(bare, "network", operator)
    assert plan_of(bare) == "network"


def test_a_company_that_is_gone_gets_none(operator: User, bare: Any) -> None:
    with no_company(), as_owner():
        Company.objects.filter(pk=bare.pk).update(state="erased")
    with pytest.raises(ValidationError, match="another state"):
        settle(bare, "business", operator)
    assert acts() == []


def test_what_each_company_paid_and_owes(provider: Any, customer: Any) -> None:
    """Paid without tax in twelve months, owed with it; a company without invoices has neither."""
    invoice(provider, NOW, 4900)
    invoice(provider, NOW, 100)
    invoice(provider, NOW, 7, "CHF")
    invoice(provider, NOW.replace(year=2020), 8000)
    invoice(provider, None, 300, owed=357)
    with no_company(), as_platform():
        found = {row.pk: row.plan_money for row in companies_with_health(NOW)}
    assert found[provider.pk] == [
        {"currency": "CHF", "paid": 7, "open": 0}, {"currency": "EUR", "paid": 5000, "open": 357},
    ]  # fmt: skip
    assert found[customer.pk] == []


# In a process of its own: the console's frame is loaded nowhere else.
_ASKING = """
import json, django
django.setup()
from apps.accounts.confirming import confirmed
from tests.architecture.test_routes import routes
from tests.integration.accounts.test_confirming import _is_guarded
code = confirmed(lambda request: None).__code__
print(json.dumps([route for route, view in routes("portal.urls_console") if _is_guarded(view, code)]))
"""


def test_who_is_there_is_asked_before() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ASKING], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "PERUSE_PROCESS": "console", "PERUSE_LOGIN": "ops"}, check=True,
    )  # fmt: skip
    company = "tenancy/company/<path:object_id>"
    asking = json.loads(done.stdout.splitlines()[-1])
    assert {f"{company}/agreement/", f"{company}/agreement-ending/"} <= set(asking)
