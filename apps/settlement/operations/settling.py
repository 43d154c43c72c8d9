"""Settling: shares of issued documents, as the difference between the waterfall and the records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.billing.models import Invoice
from apps.common.period import local_date
from apps.contracts.domain.split import Split
from apps.contracts.domain.waterfall import Outcome, difference, waterfall
from apps.contracts.models import Contract, PartnerTerms, SplitVersion
from apps.contracts.queries.splits import agreed_splits, split_on
from apps.events.operations import enqueue
from apps.settlement.domain.ledger import recognised
from apps.settlement.models import SettledPeriod, Share
from apps.settlement.operations.ledger import Pair, Posting, locked_books, post
from apps.settlement.operations.paying import make_payable
from apps.settlement.operations.rows import ShareRow, share_row
from apps.settlement.queries.periods import (
    PeriodSources,
    Recorded,
    measured_keys,
    part_covered,
    periods_of,
    recorded_shares,
    sources_of,
    targets_of,
)
from apps.settlement.queries.proof import documents_to_settle
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company

CHUNK = 500


@transaction.atomic
def settle_documents(*, document_ids: Iterable[UUID], now: datetime) -> int:
    """Post what the shares of the documents' periods lack. Twice is once. Returns the rows written.

    Documents of another issuer, and contracts without an agreed split, are left alone.
    """
    own = Invoice.objects.written_by(current_company()).filter(
        id__in=list(document_ids), state=Invoice.State.ISSUED
    )
    documents = dict(own.values_list("id", "contract"))
    return _settle(set(documents.values()), periods_of(documents), now)


@transaction.atomic
def settle_contract(*, contract_id: UUID, now: datetime) -> int:
    """Settle whatever of the contract is issued, such as before its split was agreed."""
    own = Invoice.objects.written_by(current_company()).filter(
        contract=contract_id, state=Invoice.State.ISSUED
    )
    return _settle({contract_id}, periods_of(own.values_list("id", flat=True)), now)


@transaction.atomic
def settle_waiting(*, now: datetime) -> int:
    """Have jobs settle issued documents that were not, such as after a failed job. Returns how many."""
    keys = sorted({str(key) for key, _number in documents_to_settle()})
    chunks = [keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK)]
    for chunk in chunks:
        enqueue(
            kind="settlement.settle_chunk", payload={"invoices": chunk}, now=now, dedupe=chunk[0]
        )
    return len(keys)


def _settle(contract_ids: set[UUID], period_ids: Sequence[UUID], now: datetime) -> int:
    versions = agreed_splits(contract_ids)
    contracts = _locked(list(versions))
    run = _Run(contracts, versions, now)
    periods: dict[UUID, list[PeriodSources]] = {}
    for sources in sources_of(period_ids).values():
        periods.setdefault(sources.period.contract_id, []).append(sources)
    for contract in contracts.values():
        run.settle(contract, periods.get(contract.id, ()))
    return run.write()


def _locked(contract_ids: Sequence[UUID]) -> dict[UUID, Contract]:
    rows = Contract.objects.filter(id__in=contract_ids).order_by("id")
    return {row.id: row for row in rows.select_for_update(of=("self",))}


@dataclass(slots=True)
class _Chain:
    """A contract's settled periods by their start."""

    settled: list[SettledPeriod]

    def of(self, sources: PeriodSources) -> SettledPeriod | None:
        key = sources.period.id
        return next((row for row in self.settled if row.billed_period_id == key), None)

    def before(self, start: datetime) -> SettledPeriod | None:
        earlier = [row for row in self.settled if row.period_start < start]
        return max(earlier, key=lambda row: row.period_start, default=None)

    def after(self, start: datetime) -> list[SettledPeriod]:
        return [row for row in self.settled if row.period_start > start]


class _Run:
    """One transaction's shares and settled periods, written in bulk at its end."""

    def __init__(
        self, contracts: Mapping[UUID, Contract],
        versions: Mapping[UUID, list[SplitVersion]], now: datetime,
    ) -> None:  # fmt: skip
        self.versions, self.now = versions, now
        rows = SettledPeriod.objects.filter(contract__in=list(contracts))
        settled = list(rows.select_related("contract", "version"))
        self.chains = {key: _Chain([]) for key in contracts}
        for row in settled:
            self.chains[row.contract_id].settled.append(row)
        self.recorded: dict[UUID, Recorded] = recorded_shares(row.id for row in settled)
        self.values: dict[str, Split] = {}
        self.terms = _terms_of(versions)
        self.shares: list[ShareRow] = []
        self.made: list[SettledPeriod] = []
        self.changed: list[SettledPeriod] = []

    def settle(self, contract: Contract, periods: Iterable[PeriodSources]) -> None:
        """The given periods in their order, and every later one that another sum is carried into."""
        chain = self.chains[contract.id]
        waiting = {sources.period.start: sources for sources in periods}
        while waiting:
            start = min(waiting)
            if self._settle_period(contract, chain, waiting.pop(start)):
                follower = min(chain.after(start), key=lambda row: row.period_start, default=None)
                if follower is not None and follower.period_start not in waiting:
                    found = sources_of([follower.billed_period_id])
                    waiting[follower.period_start] = found[follower.billed_period_id]

    def _settle_period(self, contract: Contract, chain: _Chain, sources: PeriodSources) -> bool:
        """Whether what is carried out of the period changed."""
        settled = chain.of(sources) or self._new(contract, sources)
        if settled is None:
            return False
        before = chain.before(sources.period.start)
        carried = dict(before.carried_out) if before is not None else {}
        split = self._split(settled.version)
        keys = measured_keys(split, sources.period.id)
        part = part_covered(contract, sources.period)
        outcome = waterfall(split, sources.revenue(), keys, carried, part)
        recorded = self.recorded.get(settled.id, {})
        changes = difference(targets_of(outcome), recorded)
        carried_out = _carried_out(split, outcome, carried)
        moved = settled.carried_out != carried_out
        self._note(chain, settled, sources, carried, carried_out, bool(changes))
        for (key, step, party), minor in changes.items():
            terms = self.terms.get((settled.version_id, party))
            self.shares.append(
                share_row(settled, sources, key, step, party, minor, terms, split, self.now)
            )
            recorded[key, step, party] = recorded.get((key, step, party), 0) + minor
        self.recorded[settled.id] = recorded
        return moved

    def _new(self, contract: Contract, sources: PeriodSources) -> SettledPeriod | None:
        day = local_date(sources.period.start, contract.time_zone)
        # A fee in advance before the first day belongs to the split the contract begins with.
        version = split_on(self.versions[contract.id], max(day, contract.starts_on))
        if version is None:
            return None
        company = current_company()
        return SettledPeriod(
            author=company, parties=[company.pk], contract=contract,
            billed_period=sources.period, version=version, period_start=sources.period.start,
            period_end=sources.period.end, generation=0, currency=sources.invoice.currency,
            net_minor=0, settled_at=self.now,
        )  # fmt: skip

    def _note(
        self, chain: _Chain, settled: SettledPeriod, sources: PeriodSources,
        carried_in: dict[str, int], carried_out: dict[str, int], changed: bool,
    ) -> None:  # fmt: skip
        is_new = settled not in chain.settled
        net = sources.net_minor
        same = (settled.net_minor, settled.carried_in, settled.carried_out) == (
            net, carried_in, carried_out,
        )  # fmt: skip
        if not is_new and same and not changed:
            return
        settled.generation += 1
        settled.net_minor, settled.settled_at = net, self.now
        settled.carried_in, settled.carried_out = carried_in, carried_out
        if is_new:
            chain.settled.append(settled)
            self.made.append(settled)
        elif settled not in self.made and settled not in self.changed:
            self.changed.append(settled)

    def _split(self, version: SplitVersion) -> Split:
        """Read once: many contracts have the same split."""
        if version.split_sha256 not in self.values:
            self.values[version.split_sha256] = version.value
        return self.values[version.split_sha256]

    def write(self) -> int:
        insert_all(SettledPeriod, self.made)
        fields = ["generation", "net_minor", "carried_in", "carried_out", "settled_at"]
        SettledPeriod.objects.bulk_update(self.changed, fields)
        insert_all(Share, self.shares)
        self._post()
        make_payable(document_ids={row.document_id for row in self.shares}, now=self.now)
        return len(self.shares)

    def _post(self) -> None:
        own = current_company().pk
        others = [row for row in self.shares if row.partner_id != own]
        names = {row.partner_id: row.partner_name for row in others}
        books = locked_books({Pair(row.partner_id, row.currency) for row in others}, names)
        postings = [
            Posting(Pair(row.partner_id, row.currency), entry, "share", row.id)
            for row in others
            for entry in recognised(row.amount_minor)
        ]
        post(books=books, postings=postings, now=self.now)


def _carried_out(split: Split, outcome: Outcome, carried: Mapping[str, int]) -> dict[str, int]:
    """What this split could not pay, and what only another version has a step for."""
    codes = set(split.codes)
    waiting = {code: minor for code, minor in carried.items() if code not in codes}
    return {**waiting, **outcome.carried}


Terms = dict[tuple[UUID, int], PartnerTerms]


def _terms_of(versions: Mapping[UUID, Sequence[SplitVersion]]) -> Terms:
    ids = [version.id for rows in versions.values() for version in rows]
    return {
        (row.version_id, row.partner_id): row
        for row in PartnerTerms.objects.filter(version__in=ids).defer("terms", "charges")
    }
