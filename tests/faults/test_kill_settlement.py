"""A worker is killed at random from the issue of documents to the payout; in the end nothing differs.

The undisturbed run is that of a twin company with the same contracts and partners. Positive control:
with settling no longer one transaction, the same death leaves shares that no transfer ever follows.
"""

import os
import random
import signal
import time
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum

from apps.billing.invariants import COMPANY_CHECKS, SHARED_CHECKS
from apps.billing.models import DocumentFile, Invoice
from apps.billing.operations import approve_invoices
from apps.console.operations import retry_jobs
from apps.events.models import Job
from apps.payments.models import Payout
from apps.settlement.models import Account, SelfBillingAgreement, Share, Statement
from apps.settlement.operations import AgreementFacts, answer_agreement, offer_agreement
from apps.tenancy.context import as_platform, company_context, no_company
from apps.tenancy.models import Company
from apps.tenancy.operations import make_acquaintance
from tests.conftest import make_person
from tests.faults.forking import Worker, worker_on
from tests.faults.settlement_worker import go_through
from tests.faults.test_kill_worker import STEP, make_twins, run_to_the_end
from tests.integration.billing.scene import NOW
from tests.integration.settlement.scene import agree, per_cycle, percent_of

pytestmark = pytest.mark.faults
WORKER = "tests.faults.settlement_worker"
IBANS = {"provider": "DE89370400440532013000", "maker": "DE62370400440532013001",
         "financier": "DE35370400440532013002", "workshop": "AT611904300234573201"}  # fmt: skip
Twins = tuple[Any, Any]


def prepared(cast: dict[str, Any], contracts: int, count: int = 2) -> Twins:
    """Both with approved invoices of two months, shared with a financier and a workshop.

    With a `count` of 1 the second has nothing to do.
    """
    twins = make_twins(cast, contracts)
    with no_company(), as_platform():
        Company.objects.filter(slug="financier").update(vat_id="DE136695976")
    for company in twins:
        with company_context(company):
            make_acquaintance(other=cast["workshop"], now=NOW)
    # A new account is seen by the partners of that day.
    for slug, iban in IBANS.items():
        open_bank_account(cast[slug], iban)
    for company in twins[:count]:
        make_ready(company, cast)
    return twins


def open_bank_account(company: Any, iban: str) -> None:
    from apps.payments.operations import open_account

    with company_context(company):
        open_account(
            holder_name=company.name, iban=iban, creditor_id="", now=NOW - timedelta(days=30),
            actor="test",
        )  # fmt: skip


def make_ready(company: Any, cast: dict[str, Any]) -> None:
    for position in ("finance", "director"):
        make_person(company, position)
    with company_context(company):
        contracts = list(company_contracts())
    for contract in contracts:
        agree(
            contract, per_cycle(cast["workshop"], code="care"), percent_of(cast["financier"], "30")
        )
    self_bill(company, cast["financier"])
    run_to_the_end(company, NOW)
    with company_context(company):
        keys = list(Invoice.objects.values_list("id", flat=True))
        assert len(approve_invoices(invoices=keys, now=NOW, approved_by="test")) == len(keys)


def company_contracts() -> Any:
    from apps.contracts.models import Contract

    return Contract.objects.order_by("title")


def self_bill(company: Any, partner: Any) -> None:
    facts = AgreementFacts(
        date(2026, 1, 1), None, tax_status=SelfBillingAgreement.TaxStatus.STANDARD,
        tax_proof="Certificate 12", tax_proof_on=date(2026, 1, 1), objection_days=14,
    )  # fmt: skip
    with company_context(company):
        offered = offer_agreement(partner=partner, facts=facts, now=NOW, actor="test")
    with company_context(partner):
        answer_agreement(agreement_id=offered.pk, accepted=True, now=NOW, actor="test")


def books(company: Any) -> dict[str, Any]:
    """Everybody's documents and money, without ids and times, and without what is counted in
    the order of the issue: which document has which number."""
    with company_context(company):
        issued = Invoice.objects.filter(state=Invoice.State.ISSUED)
        paid = Payout.objects.order_by().values_list("payee__slug", "state")
        return {
            "numbers": sorted(issued.values_list("number", flat=True)),
            "statements": sorted(
                Statement.objects.exclude(number=None).values_list("number", flat=True)
            ),
            "documents": sorted(map(list, Statement.objects.values_list(
                "partner__slug", "kind", "net_minor", "tax_minor"
            ))),
            "shares": sorted(
                [name if name != company.slug else "own", *rest]
                for name, *rest in Share.objects.values_list(
                    "partner__slug", "step", "charge", "amount_minor"
                )
            ),
            "balances": sorted(map(list, Account.objects.filter(author=company).values_list(
                "partner__slug", "purpose", "balance_minor"
            ))),
            "payouts": sorted(map(list, paid.annotate(minor=Sum("amount_minor")))),
            "files": DocumentFile.objects.written_by(company).count(),
        }  # fmt: skip


def found_by_the_proof(company: Any) -> list[str]:
    with no_company(), as_platform():
        found = [line for check in SHARED_CHECKS for line in check.find(NOW)]
    with company_context(company):
        return found + [line for check in COMPANY_CHECKS for line in check.find(NOW)]


def finish(company: Any, now: datetime) -> None:
    """Everything is asked for again, and an operator lets be tried again what was parked."""
    operator = make_person(company, "director")
    with no_company(), as_platform():
        # Workers renew by the clock, which is ahead of the test's time; none of them lives any more.
        dead = Job.all_parties.filter(company=company, state=Job.State.RUNNING)
        dead.update(lease_until=now - timedelta(seconds=1))
    for _round in range(3):
        with company_context(company):
            go_through(now)
        with no_company(), as_platform():
            retry_jobs(jobs=Job.all_parties.filter(company=company), by=operator, now=now)
    with company_context(company):
        left = Job.objects.filter(company=company).exclude(state=Job.State.DONE)
        # Tomorrow's mail waits for its hour.
        left = left.exclude(state=Job.State.WAITING, run_after__gt=now)
        assert not [(job.kind, job.state, job.error) for job in left]


def kill_at_random(worker: Worker, company: Any, kills: int, seed: int) -> tuple[int, datetime]:
    """How many hit a working process, and when it was over; now and then one has more time."""
    chance, now, hit = random.Random(seed), NOW, 0
    for number in range(kills):
        now += STEP
        child = worker.begin(company, now, seed=seed + number)
        time.sleep(chance.choice([chance.uniform(0.02, 0.3), chance.uniform(0.3, 4.0)]))
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        hit += os.WIFSIGNALED(worker.end())
    return hit, now


@pytest.fixture
def environment(fresh_database: Any, settings: Any, tmp_path: Path) -> dict[str, str]:
    settings.MEDIA_ROOT = tmp_path / "files"
    found: dict[str, str] = fresh_database.environment(PERUSE_FILES=str(settings.MEDIA_ROOT))
    return found


@pytest.mark.parametrize(
    ("kills", "contracts"), [(5, 2), pytest.param(100, 40, marks=pytest.mark.long)]
)
def test_killed_at_random_everybodys_money_ends_equal(
    environment: dict[str, str], cast: dict[str, Any], kills: int, contracts: int
) -> None:
    disturbed, undisturbed = prepared(cast, contracts)
    seed = random.randrange(10**6)
    with company_context(undisturbed):
        go_through(NOW)
        go_through(NOW)
    with worker_on(environment, WORKER) as worker:
        hit, now = kill_at_random(worker, disturbed, kills, seed)
    finish(disturbed, now + STEP)
    assert hit >= kills // 3, f"only {hit} kills hit a working process, seed {seed}"
    assert books(disturbed) == books(undisturbed), f"seed {seed}"
    assert found_by_the_proof(disturbed) == [], f"seed {seed}"
    with company_context(disturbed):
        assert not Account.objects.filter(author=disturbed, purpose="payable", balance_minor__gt=0)
        assert Invoice.objects.filter(state="issued").count() == 2 * contracts


@pytest.mark.parametrize("careless", [False, True])
def test_a_death_between_shares_and_ledger_is_undone_or_found(
    environment: dict[str, str], cast: dict[str, Any], careless: bool
) -> None:
    disturbed, _undisturbed = prepared(cast, 1, count=1)
    with worker_on(environment, WORKER) as worker:
        worker.begin(disturbed, NOW, die=True, careless=careless)
        assert os.WIFSIGNALED(worker.end())
    finish(disturbed, NOW + STEP)
    found = found_by_the_proof(disturbed)
    assert bool(found) == careless, found
