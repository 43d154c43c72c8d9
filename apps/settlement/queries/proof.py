"""Recomputing what was settled from the documents alone, for the current company's books."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db.models import Exists, F, OuterRef

from apps.billing.models import Invoice, InvoiceLine
from apps.common.period import local_date
from apps.contracts.domain.waterfall import difference, waterfall
from apps.contracts.models import Contract, SplitVersion
from apps.contracts.queries.splits import agreed_splits, split_on
from apps.events.models import Job
from apps.settlement.models import SettledPeriod, Share
from apps.settlement.queries.periods import (
    measured_keys,
    part_covered,
    recorded_shares,
    sources_of,
    targets_of,
)
from apps.tenancy.context import current_company

CHUNK = 500
POSTS_NOTHING = ("settlement.count_credit", "settlement.store_statements")


def wrong_shares() -> Iterator[str]:
    """Where the recorded shares are not the waterfall of the period's documents and what it carried."""
    own = SettledPeriod.objects.written_by(current_company()).order_by("id")
    ids = list(own.values_list("id", flat=True))
    for start in range(0, len(ids), CHUNK):
        rows = own.filter(id__in=ids[start : start + CHUNK]).select_related("version", "contract")
        yield from _wrong_of(list(rows))


def _wrong_of(settled: Sequence[SettledPeriod]) -> Iterator[str]:
    sources = sources_of(row.billed_period_id for row in settled)
    recorded = recorded_shares(row.id for row in settled)
    for row in settled:
        period, split = sources[row.billed_period_id], row.version.value
        keys = measured_keys(split, row.billed_period_id)
        part = part_covered(row.contract, period.period)
        outcome = waterfall(split, period.revenue(), keys, row.carried_in, part)
        for (key, step, party), minor in difference(
            targets_of(outcome), recorded.get(row.id, {})
        ).items():
            yield f"{row.public_id} {step} {key.charge} of company {party}: {minor} not recorded"


def unsettled_documents() -> Iterator[str]:
    """Issued documents whose period begins under an agreed split and has no settled period.

    None while jobs of settlement wait: they are about to be.
    """
    if settling():
        return
    for _key, number in documents_to_settle():
        yield f"document {number} is not settled"


def settling() -> bool:
    """Whether jobs that post wait or are at work."""
    waiting = Job.objects.filter(
        company=current_company(), kind__startswith="settlement.", state__in=["waiting", "running"]
    )
    return waiting.exclude(kind__in=POSTS_NOTHING).exists()


def settled_documents() -> Iterator[list[UUID]]:
    """The company's documents that others have shares of, some hundred at a time."""
    rows = Share.objects.written_by(current_company()).exclude(partner=F("author"))
    keys = sorted(set(rows.order_by().values_list("document_id", flat=True).distinct()))
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def documents_to_settle() -> Iterator[tuple[UUID, str]]:
    """Key and number of issued documents with a period under an agreed split that is not settled."""
    own = current_company()
    contracts = SplitVersion.objects.written_by(own).filter(state=SplitVersion.State.AGREED)
    versions = agreed_splits(set(contracts.values_list("contract", flat=True)))
    settled = SettledPeriod.objects.filter(billed_period=OuterRef("billed_period"))
    lines = InvoiceLine.objects.written_by(own).filter(
        ~Exists(settled), invoice__state=Invoice.State.ISSUED, invoice__contract__in=list(versions)
    )
    zones = dict(Contract.objects.filter(id__in=list(versions)).values_list("id", "time_zone"))
    found = lines.order_by().values_list(
        "invoice", "invoice__number", "invoice__contract", "billed_period__start"
    )
    for key, number, contract, start in found.distinct():
        if split_on(versions[contract], local_date(start, zones[contract])) is not None:
            yield key, str(number)
