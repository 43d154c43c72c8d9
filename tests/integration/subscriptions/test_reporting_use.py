"""Use beyond the plan is charged whole and once, also of a period's last hours; what is refused holds up no other."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.console.admin.companies import company_page
from apps.console.operations import note_health
from apps.console.queries import companies_with_health, needing_attention
from apps.events.operations import run_waiting_jobs
from apps.subscriptions.domain.registry import _counts
from apps.subscriptions.models import Plan, PlanInvoice, UseReport
from apps.subscriptions.operations import note_use, send_use, start_trial
from apps.subscriptions.operations.reporting_use import TOO_LATE, refused_use
from apps.tenancy.context import as_platform, company_context, no_company
from portal.local.stripe import changes
from tests.conftest import signed_in
from tests.integration.subscriptions.ordering import go_on, messages, order, row_of, tell
from tests.integration.subscriptions.test_provider import follow, maker, now

__all__ = ["maker", "now"]
DAY = 24 * 3600
# The stand-in's period begins when it is ordered, which takes its moment.
MINUTE = timedelta(minutes=1)
FEE, PACK = 9_900, 100


@pytest.fixture
def business(maker: Any, stripe_fake: Any, now: datetime) -> Any:
    """Ordered and paid for a month."""
    order(stripe_fake, maker, now)
    follow(maker, now)
    return maker


def counted(monkeypatch: pytest.MonkeyPatch, what: str, count: int, until: Any = None) -> None:
    """So many of them, received before `until`."""

    def count_of(since: datetime) -> int:
        return count if until is None or since < until else 0

    monkeypatch.setitem(_counts, what, count_of)


def net_of(company: Any) -> list[int]:
    """The first invoice first."""
    with company_context(company):
        return [bill.net_minor for bill in PlanInvoice.objects.order_by("issued_at", "id")]


def work(company: Any, at: datetime) -> None:
    with company_context(company):
        run_waiting_jobs(now=at)


def test_what_was_used_in_the_last_hours_is_on_the_periods_own_invoice(
    business: Any, stripe_fake: Any, settings: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of a million readings after the last nightly look: three started packs."""
    end = row_of(business).period_end
    assert end is not None
    counted(monkeypatch, "readings", 1_250_000, until=end)
    before = len(messages(stripe_fake))
    go_on(stripe_fake, (end - now) / timedelta(days=1) + 10 / DAY)
    told = messages(stripe_fake)[before:]
    assert "invoice.created" in {one["type"] for one in told}
    at = end + timedelta(seconds=20)
    only = [one for one in told if one["type"] == "invoice.created"]
    tell(business, only, settings, at)
    work(business, at)
    go_on(stripe_fake, 0.1)
    follow(business, at + timedelta(hours=2))
    assert net_of(business) == [FEE, FEE + 3 * PACK]


def test_what_is_told_after_that_is_charged_with_the_next(
    business: Any, stripe_fake: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted(monkeypatch, "readings", 1_250_000, until=row_of(business).period_end)
    go_on(stripe_fake, 32)
    at = now + timedelta(days=32)
    follow(business, at)
    work(business, at)
    assert net_of(business) == [FEE, FEE]
    go_on(stripe_fake, 32)
    follow(business, at + timedelta(days=32))
    assert net_of(business) == [FEE, FEE, FEE + 3 * PACK]


def test_of_a_trial_nothing_is_charged(
    maker: Any, stripe_fake: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with company_context(maker):
        start_trial(plan=Plan.objects.get(pk="business"), now=now)
    order(stripe_fake, maker, now)
    row = follow(maker, now)
    assert row.status == "trialing"
    counted(monkeypatch, "readings", 9_000_000, until=row.trial_until)
    with company_context(maker):
        assert note_use(now=now + MINUTE) == 0
    go_on(stripe_fake, 62)
    at = now + timedelta(days=62)
    follow(maker, at)
    work(maker, at)
    with company_context(maker):
        assert not UseReport.objects.exists()


def test_one_that_is_refused_holds_up_no_other_and_is_seen(
    business: Any, stripe_fake: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted(monkeypatch, "readings", 1_250_000)
    counted(monkeypatch, "statements", 31)
    meters = {one["event_name"]: one for one in stripe_fake.store.all("billing.meter")}
    meters["peruse_reading_packs"]["status"] = "inactive"
    with company_context(business):
        note_health(now=now)
        assert note_use(now=now + MINUTE) == 2
        assert (send_use(now=now + MINUTE), send_use(now=now + MINUTE), refused_use()) == (1, 0, 1)
        assert "No active meter" in UseReport.objects.get(what="readings").refusal
    with no_company(), as_platform():
        wanting = companies_with_health(now).filter(needing_attention(now), pk=business.pk)
        assert wanting.exists()
        [shown] = company_page(business, now)["refused_use"]
        assert (shown.what, shown.more) == ("readings", 3)
    meters["peruse_reading_packs"]["status"] = "active"
    with company_context(business):
        assert (send_use(now=now + MINUTE), refused_use()) == (1, 0)
    with no_company(), as_platform():
        assert not wanting.all().exists()
    assert signed_in(business).get("/plan/").status_code == 200


def test_what_has_no_fee_is_not_told(
    business: Any, stripe_fake: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted(monkeypatch, "statements", 31)
    with no_company(), as_platform():
        Plan.objects.filter(pk="business").update(statement_fee_minor=0)
    with company_context(business):
        assert note_use(now=now + MINUTE) == 0
    with no_company(), as_platform():
        Plan.objects.filter(pk="business").update(statement_fee_minor=50)
    with company_context(business):
        assert note_use(now=now + MINUTE) == 1


def test_after_the_last_invoice_it_is_seen_that_nothing_more_is_charged(
    business: Any, stripe_fake: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted(monkeypatch, "readings", 1_250_000)
    with company_context(business):
        assert note_use(now=now + MINUTE) == 1
    changes.cancel(stripe_fake.store, row_of(business).subscription_ref, {})
    follow(business, now)
    with company_context(business):
        assert (send_use(now=now + MINUTE), refused_use()) == (0, 1)
        assert UseReport.objects.get().refusal == TOO_LATE
