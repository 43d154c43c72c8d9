"""Settlement: everybody's shares of issued invoices, against a COPY of the same rows."""

import json
import time
from contextlib import closing
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from django.db import transaction

from apps.billing.models import BillingRun, Invoice
from apps.billing.operations import approve_invoices, issue_invoices, start_run
from apps.common.canonical import digest
from apps.contracts.domain.split import LineStep, Part, PayTerms, Split
from apps.events.operations import enqueue_all, run_waiting_jobs
from apps.settlement.subscribers import CHUNK
from apps.tenancy.context import company_context
from tests.bench import people, scene
from tests.bench.contracts import LABEL, PLAN, STARTS_ON, make_contracts
from tests.bench.copying import copied_again, counts
from tests.bench.figures import LESS, Aim, Findings, ratios
from tests.bench.profile import profile_of
from tests.bench.scene import Party, key_sql
from tests.bench.stage import Stage, Workers, days

KIND = "settlement.settle_chunk"
# In the order of their foreign keys.
WRITTEN = (
    "settlement_settledperiod", "settlement_share", "settlement_account", "settlement_transfer",
)  # fmt: skip
# Of an invoice's four lines the maker has an amount by the cycle, the bank a percentage, the provider
# the rest. The maker is paid with the invoice, the bank when the customer pays.
SHARES, SHARE_TRANSFERS, PAYABLE_TRANSFERS = 11, 7, 1

VERSIONS = f"""
insert into contracts_splitversion (id, author_id, parties, contract_id, number, state, valid_from,
    split, split_sha256, made_at, agreed_at)
select {key_sql("split")}, %(company)s, array[%(company)s]::int[], {key_sql("contract")}, 1, 'agreed',
    %(starts_on)s, %(split)s::jsonb, %(split_hash)s, %(now)s, %(now)s
from generate_series(1, %(count)s) n
"""
TERMS = """
insert into contracts_partnerterms (id, author_id, parties, contract_id, version_id, partner_id,
    provider_name, partner_name, title, valid_from, terms, charges, terms_sha256, offered_at)
select {key}, %(company)s, array[%(company)s, %(partner)s]::int[], {contract}, {version},
    %(partner)s, %(name)s, %(partner_name)s, 'Press ' || n, %(starts_on)s, %(terms)s::jsonb, '{{}}',
    %(terms_hash)s, %(now)s
from generate_series(1, %(count)s) n
"""


def run(stage: Stage) -> Findings:
    """Contracts settled a second, and their share of the limit."""
    findings = Findings("Settlement")
    count = 2_000 if stage.quick else 20_000
    with closing(stage.owner()) as owner:
        provider, customer = scene.party(owner, "provider"), scene.party(owner, "customer")
        make_contracts(owner, provider, customer, count, stage.now)
        make_splits(owner, provider, count, stage)
        company = people.company_of(provider)
        with company_context(company):
            documents = issue_all(stage)
            Settlement(stage, findings, owner, company, documents).measure()
    return findings


def make_splits(owner: psycopg.Connection[Any], own: Party, count: int, stage: Stage) -> None:
    """Every contract's split, agreed by the maker and the bank."""
    maker, bank = scene.party(owner, "maker"), scene.party(owner, "financier")
    split = Split(
        PLAN.currency, own.id,
        (LineStep("maker", "per_unit", Decimal("0.01"), (Part(maker.id),), ("cycles",)),
         LineStep("bank", "percent", Decimal(10), (Part(bank.id),))),
        terms=(PayTerms(maker.id, "invoiced"), PayTerms(bank.id)),
    )  # fmt: skip
    given = {
        "company": own.id, "count": count, "now": stage.now - days(50), "name": own.name,
        "starts_on": STARTS_ON, "split": json.dumps(split.to_dict()), "split_hash": split.hash,
    }  # fmt: skip
    owner.execute(VERSIONS, given)
    for kind, partner in (("maker_terms", maker), ("bank_terms", bank)):
        terms = split.view_of(partner.id)
        owner.execute(
            TERMS.format(key=key_sql(kind), contract=key_sql("contract"), version=key_sql("split")),
            {**given, "partner": partner.id, "partner_name": partner.name,
             "terms": json.dumps(terms), "terms_hash": digest(terms)},
        )  # fmt: skip
    scene.analyse(owner, ["contracts_splitversion", "contracts_partnerterms"])


def issue_all(stage: Stage) -> list[UUID]:
    """One run over all contracts by the portal itself, approved and issued."""
    start_run(label=LABEL, now=stage.now, started_by="bench")
    while BillingRun.objects.exclude(state=BillingRun.State.DONE).exists():
        run_waiting_jobs(now=stage.now + days(0.01), limit=1)
    documents = list(Invoice.objects.order_by("id").values_list("id", flat=True))
    approve_invoices(invoices=documents, now=stage.now, approved_by="bench")
    issue_invoices(invoices=documents, now=stage.now, issued_by="bench")
    return documents


class Settlement:
    """The rounds on one scene; the rows of a round are taken away before the next."""

    def __init__(
        self, stage: Stage, findings: Findings, owner: psycopg.Connection[Any], company: Any,
        documents: list[UUID],
    ) -> None:  # fmt: skip
        self.stage, self.findings, self.owner = stage, findings, owner
        self.company, self.documents = company, documents
        self.memory: list[float] = []

    def measure(self) -> None:
        ours, copied = [], []
        for _ in range(3):
            ours.append(self.settled(processes=2))
            self.check()
            again = self.settled(processes=1, afresh=False)
            self.check()
            copied.append(copied_again(self.owner, WRITTEN))
        single, count = self.settled(processes=1), len(self.documents)
        rows = sum(counts(self.owner, WRITTEN))
        add = self.findings.add
        add(f"Shares and transfers of {count:,} invoices posted ÷ COPY of the same rows",
            ratios(copied, ours, 100), "%", aim=Aim(25, 60))  # fmt: skip
        add("… rows a second, two worker processes", [rows / one for one in ours], "/s")
        add("… the COPY, for comparison", [rows / one for one in copied], "/s")
        add("… invoices settled a second, one worker process", count / single, "/s")
        add(
            "Settling again what is settled ÷ the first time, one process",
            100 * again / single,
            "%",
        )
        add("Memory of a settling worker, at most", self.memory, "MiB", aim=Aim(150, 90, LESS))
        self.profile()

    def settled(self, processes: int, afresh: bool = True) -> float:
        """Seconds from the jobs' making until all shares and transfers are committed."""
        self.owner.execute("delete from events_job")
        if afresh:
            self.owner.execute(f"truncate {', '.join(WRITTEN)} cascade")
        workers = Workers(self.stage, self.company.pk, KIND, processes)
        start = time.perf_counter()
        self.ask()
        answers = workers.work()
        seconds = time.perf_counter() - start
        self.memory += [answer["memory"] for answer in answers]
        return seconds

    def ask(self) -> None:
        """As the subscriber of issued invoices does, a job for some hundred of them."""
        keys = [str(key) for key in self.documents]
        chunks = [keys[first : first + CHUNK] for first in range(0, len(keys), CHUNK)]
        payloads = [({"invoices": chunk}, len(chunk)) for chunk in chunks]
        with transaction.atomic():
            enqueue_all(kind=KIND, payloads=payloads, now=self.stage.now)

    def check(self) -> None:
        """Everybody has a share of every line, and nothing is left out."""
        periods, shares, _, transfers = counts(self.owner, WRITTEN)
        count = len(self.documents)
        wanted = (count, SHARES * count, (SHARE_TRANSFERS + PAYABLE_TRANSFERS) * count)
        if (periods, shares, transfers) != wanted:
            raise RuntimeError(f"not all was settled: {periods, shares, transfers}, not {wanted}")

    def profile(self) -> None:
        """Where one job spends its time."""
        self.owner.execute("delete from events_job")
        self.owner.execute(f"truncate {', '.join(WRITTEN)} cascade")
        self.ask()
        title = f"{CHUNK} invoices settled, in one process"
        work = lambda: run_waiting_jobs(now=self.stage.now, limit=1)  # noqa: E731
        self.findings.profiles[title] = profile_of(work)
