"""What the operator does: each act once, with a reason, in two audits."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.console.models import OperatorAct
from apps.console.operations import hand_over_again, note_act, retry_jobs, set_company_state
from apps.console.queries import job_figures, stuck_jobs
from apps.events.domain.registry import _handlers, handles
from apps.events.models import AuditRow, Job
from apps.events.operations import enqueue, run_waiting_jobs
from apps.payments.models import WebhookEvent
from apps.payments.models.inbox import key_of
from apps.tenancy.context import as_owner, as_platform, company_context, no_company
from apps.tenancy.models import Company
from tests.conftest import NOW

SUSPENDED, ACTIVE = Company.State.SUSPENDED, Company.State.ACTIVE


@pytest.fixture
def failing() -> Any:
    """A kind of job that fails until told otherwise."""
    told = {"fail": True}

    @handles("test.console_fails")
    def work(job: Job, now: Any) -> None:
        if told["fail"]:
            raise RuntimeError("the pump is dry")

    yield told
    del _handlers["test.console_fails"]


def park(company: Any) -> Job:
    with company_context(company):
        job = enqueue(kind="test.console_fails", payload={}, now=NOW)
        assert job is not None
        for minutes in range(5):
            run_waiting_jobs(now=NOW + timedelta(minutes=minutes))
        job.refresh_from_db()
    assert job.state == Job.State.PARKED
    return job


def test_a_parked_job_is_tried_again(operator: User, provider: Any, failing: Any) -> None:
    job = park(provider)
    failing["fail"] = False
    later = NOW + timedelta(hours=1)
    with no_company(), as_platform():
        assert job_figures(later).parked == 1
        assert retry_jobs(jobs=Job.all_parties.filter(pk=job.pk), by=operator, now=later) == 1
        act = OperatorAct.objects.get()
    with company_context(provider):
        run_waiting_jobs(now=later)
        job.refresh_from_db()
        row = AuditRow.objects.get(action="console.job_retried")
    assert job.state == Job.State.DONE
    assert (act.action, act.subject, act.company_id) == (row.action, job.public_id, provider.pk)
    assert "the pump is dry" in act.reason
    assert row.actor == str(operator)


def test_a_job_that_is_not_parked_is_left_alone(
    operator: User, provider: Any, failing: Any
) -> None:
    with company_context(provider):
        job = enqueue(kind="test.console_fails", payload={}, now=NOW)
    with no_company(), as_platform():
        assert job is not None
        assert retry_jobs(jobs=Job.all_parties.filter(pk=job.pk), by=operator, now=NOW) == 0
        assert OperatorAct.objects.count() == 0


def test_a_stuck_job_is_taken_up_and_its_late_worker_is_not_heard(
    operator: User, provider: Any, failing: Any
) -> None:
    """A killed worker's job: the lease ran out, and nobody rang for it since."""
    failing["fail"] = False
    with company_context(provider):
        job = enqueue(kind="test.console_fails", payload={}, now=NOW)
        assert job is not None
        Job.objects.filter(pk=job.pk).update(state="running", attempts=1, lease_until=NOW)
    for minutes, taken in ((4, 0), (6, 1)):
        then = NOW + timedelta(minutes=minutes)
        with no_company(), as_platform():
            jobs = Job.all_parties.filter(pk=job.pk)
            assert retry_jobs(jobs=jobs, by=operator, now=then) == taken
            assert OperatorAct.objects.count() == taken
    with company_context(provider):
        run_waiting_jobs(now=then)
        job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.DONE, 2)


def test_a_job_whose_double_waits_is_left_out(operator: User, provider: Any, failing: Any) -> None:
    job = park(provider)
    with company_context(provider):
        Job.objects.filter(pk=job.pk).update(dedupe="one")
        enqueue(kind="test.console_fails", payload={}, now=NOW, dedupe="one")
    with no_company(), as_platform():
        assert retry_jobs(jobs=Job.all_parties.filter(pk=job.pk), by=operator, now=NOW) == 0
        assert OperatorAct.objects.count() == 0


def test_a_job_is_stuck_when_it_is_long_due(provider: Any, failing: Any) -> None:
    with company_context(provider):
        enqueue(kind="test.console_fails", payload={}, now=NOW)
    with no_company(), as_platform():
        for minutes, stuck in ((4, 0), (6, 1)):
            then = NOW + timedelta(minutes=minutes)
            assert Job.all_parties.filter(stuck_jobs(then)).count() == stuck
            assert job_figures(then).stuck == stuck


def test_suspending_and_resuming_leave_their_reasons(operator: User, provider: Any) -> None:
    with no_company(), as_platform():
        for state, reason in ((SUSPENDED, "unpaid since May"), (ACTIVE, "paid")):
            set_company_state(company=provider, state=state, by=operator, now=NOW, reason=reason)
            provider.refresh_from_db()
            assert provider.state == state
        acts = list(OperatorAct.objects.order_by("id").values_list("action", "reason"))
    assert acts == [
        ("console.company_suspended", "unpaid since May"),
        ("console.company_active", "paid"),
    ]
    with company_context(provider):
        told = AuditRow.objects.filter(action="console.company_suspended").get()
    assert told.details == {"reason": "unpaid since May"}


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        (SUSPENDED, "  ", "Say why"),
        (SUSPENDED, "x" * 501, "at most 500"),
        (ACTIVE, "no need", "another state"),
    ],
)
def test_what_is_refused_changes_nothing(
    operator: User, provider: Any, state: Any, reason: str, words: str
) -> None:
    with no_company(), as_platform():
        with pytest.raises(ValidationError, match=words):
            set_company_state(company=provider, state=state, by=operator, now=NOW, reason=reason)
        provider.refresh_from_db()
        assert provider.state == ACTIVE
        assert OperatorAct.objects.count() == 0


def test_the_operators_audit_stays_as_it_is(operator: User) -> None:
    with no_company():
        with as_platform():
            note_act(action="console.looked", by=operator, now=NOW)
        with as_owner(), pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            OperatorAct.objects.update(actor="somebody else")


def inbox(state: str, company_id: int | None) -> WebhookEvent:
    """As the provider's message came in, and as it went on from there."""
    event = WebhookEvent(
        id=key_of("evt_1"), event_id="evt_1", kind="payment_intent.succeeded", body={},
        made_at=NOW, received_at=NOW, state="received",
    )  # fmt: skip
    with no_company():
        event.save(force_insert=True)
        with as_platform():
            WebhookEvent.objects.filter(pk=event.pk).update(state=state, company_id=company_id)
            return WebhookEvent.objects.get(pk=event.pk)


def test_a_refused_message_is_routed_again(operator: User) -> None:
    event = inbox("refused", None)
    with no_company(), as_platform():
        assert hand_over_again(events=[event], by=operator, now=NOW) == 1
        event.refresh_from_db()
        assert event.state == "received"
        assert OperatorAct.objects.get().subject == "evt_1"


def test_a_message_that_waits_is_handed_to_its_company_again(operator: User, provider: Any) -> None:
    event = inbox("waiting", provider.pk)
    with no_company(), as_platform():
        assert hand_over_again(events=[event], by=operator, now=NOW) == 1
    with company_context(provider):
        job = Job.objects.get()
    assert (job.kind, job.payload) == ("payments.apply_webhook", {"event": str(event.pk)})


def test_an_applied_message_is_settled(operator: User, provider: Any) -> None:
    event = inbox("applied", provider.pk)
    with no_company(), as_platform():
        assert hand_over_again(events=[event], by=operator, now=NOW) == 0
        assert Job.all_parties.count() == 0
