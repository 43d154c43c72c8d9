"""What companies pay the platform, by plan and month; as the platform reads it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.console.queries import companies_with_health
from apps.console.queries.revenue import paid_by_month, plans_by_standing
from apps.subscriptions.models import PlanInvoice, Subscription
from apps.subscriptions.queries import largest_plan
from apps.tenancy.context import as_platform, company_context, no_company
from tests.conftest import NOW


def invoice(
    company: Any, paid_at: datetime | None, net: int, currency: str = "EUR", owed: int = 0
) -> None:
    with company_context(company):
        PlanInvoice.objects.create(
            author=company, parties=[company.pk], invoice_ref=f"in_{net}_{currency}",
            state="paid" if paid_at else "open", currency=currency, net_minor=net, tax_minor=0,
            total_minor=net, open_minor=owed, issued_at=NOW, paid_at=paid_at,
        )  # fmt: skip


def test_paid_invoices_are_summed_by_month_and_currency(provider: Any, customer: Any) -> None:
    invoice(provider, datetime(2026, 10, 31, 23, 59, tzinfo=UTC), 4900)
    invoice(customer, datetime(2026, 10, 1, tzinfo=UTC), 100)
    invoice(provider, datetime(2026, 11, 1, tzinfo=UTC), 7)
    invoice(provider, datetime(2026, 11, 1, tzinfo=UTC), 9, "CHF")
    invoice(provider, datetime(2025, 11, 30, tzinfo=UTC), 8000)
    invoice(provider, None, 12345)
    with no_company(), as_platform():
        found = paid_by_month(NOW)
    assert list(found) == ["CHF", "EUR"]
    months = dict(found["EUR"])
    assert len(months) == 12
    assert [str(day) for day in months][::11] == ["2025-12-01", "2026-11-01"]
    assert [net for net in months.values() if net] == [5000, 7]


@pytest.mark.usefixtures("db")
def test_nothing_paid_is_no_chart() -> None:
    with no_company(), as_platform():
        assert paid_by_month(NOW) == {}


def test_companies_are_counted_by_plan(provider: Any) -> None:
    with no_company(), as_platform():
        Subscription.all_parties.update_or_create(
            author=provider,
            defaults={
                "parties": [provider.pk], "plan": largest_plan(), "basis": "agreement", "since": NOW,
            },
        )  # fmt: skip
        counted = plans_by_standing()
        assert sum(number for _t, _s, number in counted) == Subscription.all_parties.count()
        assert (largest_plan().title, "good") in {(title, good) for title, good, _n in counted}
        shown = companies_with_health(NOW).get(pk=provider.pk).plan_code
    assert shown == largest_plan().pk
