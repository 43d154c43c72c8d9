"""A company's own job tells how it does; the platform reads that and nothing else of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, transaction

from apps.billing.models import Receivable
from apps.console.models import CompanyHealth, OperatorAct
from apps.console.operations import note_health
from apps.console.queries import companies_with_health, needing_attention, readings_by_day
from apps.events.domain.registry import housekeeping_kinds
from apps.events.models import Job
from apps.events.operations import enqueue, run_waiting_jobs
from apps.tenancy.context import as_platform, company_context, no_company
from apps.tenancy.models import Company
from tests.conftest import NOW, make_person
from tests.world import build_world

# The world's readings are of October.
LATE_OCTOBER = NOW - timedelta(days=5)


def test_a_company_without_anything_has_a_health(provider: Any) -> None:
    with company_context(provider):
        row = note_health(now=NOW)
    assert (row.last_reading_at, row.refused, row.parked_contracts) == (None, 0, 0)
    assert len(row.readings_by_day) == 30
    assert row.readings_by_day[-1] == ["2026-11-02", 0]
    assert row.storage_bytes > 0


def test_a_company_has_one_row_that_moves(provider: Any) -> None:
    with company_context(provider):
        first = note_health(now=NOW)
        second = note_health(now=NOW + timedelta(minutes=10))
        assert first.pk == second.pk
        assert CompanyHealth.objects.get().noted_at == NOW + timedelta(minutes=10)


def test_readings_are_counted_by_day(cast: dict[str, Any], provider: Any) -> None:
    build_world(cast, make_person)
    with company_context(provider):
        row = note_health(now=LATE_OCTOBER)
    assert row.last_reading_at is not None
    assert row.running_contracts == 2
    with company_context(provider):
        assert (
            row.open_invoices
            == Receivable.objects.filter(author=provider, open_minor__gt=0).count()
        )
    with no_company(), as_platform():
        total = readings_by_day(LATE_OCTOBER, days=30)
    assert sum(count for _day, count in total) == sum(n for _day, n in row.readings_by_day)
    assert sum(count for _day, count in total) > 0


def test_the_job_is_due_six_times_an_hour() -> None:
    assert housekeeping_kinds()["console.note_health"] == 10


def test_the_job_writes_the_row(provider: Any) -> None:
    with company_context(provider):
        enqueue(kind="console.note_health", payload={}, now=NOW)
        run_waiting_jobs(now=NOW)
        assert Job.objects.get().state == Job.State.DONE
        assert CompanyHealth.objects.get().noted_at == NOW


def test_another_company_sees_no_health(provider: Any, customer: Any) -> None:
    with company_context(provider):
        note_health(now=NOW)
    with company_context(customer):
        assert CompanyHealth.objects.count() == 0


def test_the_platform_reads_health_and_writes_none(provider: Any) -> None:
    with company_context(provider):
        note_health(now=NOW)
    with no_company(), as_platform():
        row = companies_with_health(NOW).get(pk=provider.pk)
        assert (row.noted_at, row.quarantine_count, row.open_invoices) == (NOW, 0, 0)
        with pytest.raises(ProgrammingError), transaction.atomic():
            CompanyHealth.all_parties.update(refused=7)


def test_whose_health_is_old_needs_attention(provider: Any) -> None:
    with company_context(provider):
        note_health(now=NOW)
    with no_company(), as_platform():
        wanting = Company.objects.filter(pk=provider.pk)
        assert not wanting.filter(needing_attention(NOW)).exists()
        assert wanting.filter(needing_attention(NOW + timedelta(hours=1))).exists()


def test_companies_cannot_touch_the_operators_audit(provider: Any) -> None:
    for act in (OperatorAct.objects.count, OperatorAct.objects.all().delete):
        with company_context(provider), pytest.raises(ProgrammingError), transaction.atomic():
            act()
