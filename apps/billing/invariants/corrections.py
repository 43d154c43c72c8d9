"""Corrections: never more credit than there is, and the books end where billing once would."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Q

from apps.billing.domain.corrections import target_lines
from apps.billing.invariants.registry import of_company, rows, shared
from apps.billing.models import DisputeAnswer
from apps.billing.queries.rates import conditions_of
from apps.billing.queries.recorded import PeriodBooks, books_of
from apps.common.period import Period
from apps.common.quantity import BadValue
from apps.contracts.models import Contract
from apps.metering.models import BilledPeriod
from apps.pricing.difference import Change, difference, less_granted
from apps.pricing.registry import PlanError
from apps.pricing.values import PricingError
from apps.tenancy.context import current_company


@shared("credit notes never take more from a line or an invoice than it has")
def credits_bounded(now: datetime) -> Iterator[str]:
    for key, net, credited in rows(
        """
        select original.id, original.net_minor, sum(line.net_minor)
        from public.billing_invoiceline line
        join public.billing_invoice invoice on invoice.id = line.invoice_id
            and invoice.kind = 'credit'
        join public.billing_invoiceline original on original.id = line.corrects_id
        group by original.id having sum(line.net_minor) > greatest(original.net_minor, 0)
        """
    ):
        yield f"line {key}: {credited} credited of {net}"
    for key, net, change in rows(
        """
        select original.id, original.net_minor, sum(
            case when document.kind = 'credit' then -document.net_minor
                 else document.net_minor end)
        from public.billing_invoice document
        join public.billing_invoice original on original.id = document.corrects_id
        group by original.id
        having original.net_minor + sum(
            case when document.kind = 'credit' then -document.net_minor
                 else document.net_minor end) < 0
        """
    ):
        yield f"invoice {key}: corrections of {change} on {net}"


@shared("a correction is what its documents sum to, and is issued with all of them")
def corrections_sum(now: datetime) -> Iterator[str]:
    for key, state, net, documents, issued, total in rows(
        """
        select correction.id, correction.state, correction.net_minor, count(document.id),
            count(*) filter (where document.state = 'issued'),
            coalesce(sum(case when document.kind = 'credit' then -document.net_minor
                              else document.net_minor end), 0)
        from public.billing_correction correction
        left join public.billing_invoice document on document.correction_id = correction.id
        group by correction.id
        """
    ):
        has_documents = state in ("drafted", "issued")
        if has_documents != bool(documents) or (has_documents and net != total):
            yield f"correction {key} ({state}): {net} on {documents} documents of {total}"
        if issued != (documents if state == "issued" else 0):
            yield f"correction {key} is {state}, {issued} of its {documents} documents are issued"


@of_company("what is known now of a billed period is on its documents, or a correction says so")
def nothing_uncorrected(now: datetime) -> Iterator[str]:
    """Periods that were measured again or credited; others say what their first invoice says."""
    granted = DisputeAnswer.objects.written_by(current_company()).filter(granted_minor__gt=0)
    again = BilledPeriod.objects.written_by(current_company()).filter(
        Q(usage_records__generation__gt=1)
        | Q(id__in=granted.values("dispute__line__billed_period")),
        state=BilledPeriod.State.BILLED,
    )
    periods = list(again.distinct().order_by("contract_id", "start"))
    contracts = Contract.objects.in_bulk({period.contract_id for period in periods})
    conditions = conditions_of(
        [(contracts[period.contract_id], Period(period.start, period.end)) for period in periods]
    )
    for books in books_of(periods).values():
        invoice, period = books.first_invoice, books.period
        if invoice is None or invoice.state != "issued" or books.open_correction:
            continue
        contract = contracts[period.contract_id]
        try:
            rated = conditions.rate(
                contract, Period(period.start, period.end), books.newest_records()
            )
        except (PricingError, PlanError, BadValue) as problem:
            yield f"period {period.id} cannot be rated again: {problem}"
            continue
        yield from _uncorrected(books, difference(
            less_granted(target_lines(rated), books.granted), books.recorded(), rated.currency
        ))  # fmt: skip


def _uncorrected(books: PeriodBooks, changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        yield f"period {books.period.id} is not corrected: {change}"
