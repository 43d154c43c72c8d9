"""The invoice run: from readings to drafts by the portal's own jobs, against a COPY of the rows."""

import time
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg

from apps.billing.models import BillingRun
from apps.billing.operations import approve_invoices, issue_invoices, start_run
from apps.billing.operations.run import CHUNK
from apps.contracts.models import Contract
from apps.tenancy.context import company_context
from tests.bench import people, scene
from tests.bench.contracts import LABEL, make_contracts
from tests.bench.copying import copied_again, counts
from tests.bench.figures import LESS, Aim, Findings, ratios
from tests.bench.late import LateReadings
from tests.bench.profile import profile_of
from tests.bench.stage import Stage, Workers, timed

SMALL = 1_000
# In the order of their foreign keys.
WRITTEN = (
    "metering_billedperiod", "metering_usagerecord", "billing_invoice", "billing_invoiceline",
    "billing_invoicetax", "billing_runitem",
)  # fmt: skip


def run(stage: Stage) -> Findings:
    """Contracts a second, their share of the limit, the second run, and the cost of size."""
    findings = Findings("Invoice run")
    count = 10_000 if stage.quick else 100_000
    with closing(stage.owner()) as owner:
        provider, customer = scene.party(owner, "provider"), scene.party(owner, "customer")
        seconds = timed(lambda: make_contracts(owner, provider, customer, count, stage.now))
        print(f"    {count:,} contracts made in {seconds:.0f} s", flush=True)
        company = people.company_of(provider)
        with company_context(company):
            bench = Billing(stage, findings, owner, company, count)
            bench.measure()
    return findings


class Billing:
    """The rounds on one scene; the rows of a round are taken away before the next."""

    def __init__(
        self, stage: Stage, findings: Findings, owner: psycopg.Connection[Any], company: Any,
        count: int,
    ) -> None:  # fmt: skip
        self.stage, self.findings, self.owner = stage, findings, owner
        self.company, self.count = company, count
        self.memory: list[float] = []
        self.planning: list[float] = []

    def measure(self) -> None:
        ours, copied, again = [], [], []
        for number in range(3 if self.stage.quick else 2):
            self.clear()
            ours.append(self.whole_run(processes=2))
            again.append(self.second_run())
            copied.append(self.copy())
            if number == 0:
                self.check()
        single = self.alone(self.count)
        small = [self.alone(SMALL) for _ in range(3)]
        self.note(ours, copied, again, single, small)
        self.issue()
        LateReadings(self.stage, self.findings, self.owner, self.company, SMALL).measure()
        self.profile()

    def note(
        self, ours: Sequence[float], copied: Sequence[float], again: Sequence[float],
        single: float, small: Sequence[float],
    ) -> None:  # fmt: skip
        add, count = self.findings.add, self.count
        add(f"Invoice run, {count:,} contracts, ÷ the owner's COPY of the same rows",
            ratios(copied, ours, 100), "%", aim=Aim(25, 60))  # fmt: skip
        add("… contracts a second, two worker processes", [count / one for one in ours], "/s")
        add("… of that, writing the run and its items", self.planning, "s")
        add("… the COPY, for comparison", [count / one for one in copied], "/s")
        add("… contracts a second, one worker process", count / single, "/s")
        add("Second run over the same period ÷ the first", ratios(again, ours, 100), "%",
            aim=Aim(10, 3, LESS))  # fmt: skip
        add(f"Cost per contract, {count:,} ÷ {SMALL:,} contracts, one process",
            [single / count / (one / SMALL) for one in small], "", aim=Aim(1.2, 1.0, LESS))  # fmt: skip
        add("Memory of an invoice worker, at most", self.memory, "MiB", aim=Aim(150, 90, LESS))

    # --- the portal
    def whole_run(self, processes: int, contracts: Any = None) -> float:
        """Seconds from the push of the button until every chunk is committed."""
        workers = Workers(self.stage, self.company.pk, "billing.chunk", processes)
        start = time.perf_counter()
        run = start_run(label=LABEL, now=self.stage.now, started_by="bench", contracts=contracts)
        self.planning.append(time.perf_counter() - start)
        answers = workers.work()
        seconds = time.perf_counter() - start
        self.memory += [answer["memory"] for answer in answers]
        if BillingRun.objects.get(pk=run.pk).state != BillingRun.State.DONE:
            raise RuntimeError("the run is not done")
        return seconds

    def alone(self, count: int) -> float:
        """Seconds of a run of that many contracts by one worker process, from a clean state."""
        self.clear()
        last = scene.key("contract", self.company.pk, count)
        chosen = list(Contract.objects.filter(id__lte=last)) if count < self.count else None
        return self.whole_run(1, chosen)

    def second_run(self) -> float:
        before = self.rows()
        run: list[BillingRun] = []
        seconds = timed(lambda: run.append(
            start_run(label=LABEL, now=self.stage.now, started_by="bench")
        ))  # fmt: skip
        if self.rows() != before or run[0].state != BillingRun.State.DONE:
            raise RuntimeError(f"a second run wrote rows: {before} {self.rows()}")
        return seconds

    def check(self) -> None:
        """Every contract has an invoice of four lines, and nothing is parked."""
        parked = self.owner.execute(
            "select state, reason, params, count(*) from billing_runitem where state <> 'billed' "
            "group by 1, 2, 3 limit 3"
        ).fetchall()
        rows = self.rows()
        wanted = [self.count, self.count, self.count, 4 * self.count, self.count, self.count]
        if parked or rows != wanted:
            raise RuntimeError(f"not all was billed: {parked} {rows}")

    def rows(self) -> list[int]:
        return counts(self.owner, WRITTEN)

    def clear(self) -> None:
        self.owner.execute(f"truncate {', '.join(WRITTEN)}, billing_billingrun cascade")
        self.owner.execute("delete from events_job")

    # --- the limit
    def copy(self) -> float:
        """Seconds of one transaction that copies the finished rows into the same keyed tables."""
        return copied_again(self.owner, WRITTEN)

    # --- beside it
    def issue(self) -> None:
        """Approve and issue what the last small run drafted: a half for the clock, one to look into."""
        drafted = [row[0] for row in self.owner.execute("select id from billing_invoice")]
        half, now = len(drafted) // 2, self.stage.now

        def issued(chosen: Sequence[Any]) -> None:
            approve_invoices(invoices=chosen, now=now, approved_by="bench")
            issue_invoices(invoices=chosen, now=now, issued_by="bench")

        seconds = timed(lambda: issued(drafted[:half]))
        self.findings.add("Approve and issue, invoices a second", half / seconds, "/s")
        title = f"Approve and issue {len(drafted) - half} invoices, in one process"
        self.findings.profiles[title] = profile_of(lambda: issued(drafted[half:]))

    def profile(self) -> None:
        """Where one chunk of contracts spends its time."""
        from apps.events.operations import run_waiting_jobs

        self.clear()
        last = scene.key("contract", self.company.pk, SMALL)
        chosen = list(Contract.objects.filter(id__lte=last))
        later = self.stage.now + timedelta(minutes=1)
        start_run(label=LABEL, now=self.stage.now, started_by="bench", contracts=chosen)
        title = f"One chunk of {CHUNK} contracts, in one process"
        self.findings.profiles[title] = profile_of(lambda: run_waiting_jobs(now=later, limit=1))
