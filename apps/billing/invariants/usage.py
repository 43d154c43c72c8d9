"""Usage records and the lines made of them, computed again."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from apps.billing.domain.corrections import key_of, line_key
from apps.billing.domain.rating import Tax, Taxes, rate
from apps.billing.invariants.registry import rows, shared
from apps.billing.models import Invoice, InvoiceLine
from apps.billing.queries.evidence import ahead_from, records_behind
from apps.common.quantity import add, subtract
from apps.contracts.models import PlanVersion
from apps.metering.domain.figures import UsageFigures
from apps.metering.models import UsageRecord
from apps.pricing.circumstances import Circumstances
from apps.pricing.plan import PricePlan
from apps.pricing.values import PricingError, ServiceDays

BOUNDED = (
    ("metering_usagerecord", "quantity"), ("metering_provisionalusage", "quantity"),
    ("billing_invoiceline", "quantity"), ("billing_invoiceline", "unit_price"),
)  # fmt: skip


@shared("a usage record's quantity is closing − opening + corrections, and the sum of its days")
def usage_adds_up(now: datetime) -> Iterator[str]:
    for record in UsageRecord.all_parties.iterator(chunk_size=500):
        figures = UsageFigures.from_dict(record.figures)
        if figures.quantity != record.quantity:
            yield f"usage {record.id}: {record.quantity} beside figures of {figures.quantity}"
        weighed = any(item.meter.factor is not None for item in figures.meters)
        if figures.method == "counter" and figures.opening and figures.closing and not weighed:
            step = subtract(figures.closing.value, figures.opening.value)
            computed = add(step, *(item.amount for item in figures.corrections))
            gross = figures.counting.gross if figures.counting else record.quantity
            if computed != gross:
                yield f"usage {record.id}: {gross}, its readings give {computed}"
        days = add(Decimal(0), *(day.quantity for day in figures.daily))
        if days != record.quantity:
            yield f"usage {record.id}: {record.quantity}, its days sum to {days}"


@shared("a usage record's windows of the week sum to its quantity, for each charge that has some")
def windows_add_up(now: datetime) -> Iterator[str]:
    for record in UsageRecord.all_parties.filter(figures__has_key="windows").iterator(500):
        for code, parts in (record.windows or {}).items():
            whole = add(Decimal(0), *parts.values())
            if whole != record.quantity:
                yield f"usage {record.id}: {record.quantity}, the windows of {code} sum to {whole}"


@shared("a newer usage record names the one it replaces")
def generations_chain(now: datetime) -> Iterator[str]:
    for (key,) in rows(
        """
        select record.id from public.metering_usagerecord record
        left join public.metering_usagerecord earlier on earlier.id = record.replaces_id
        where record.generation > 1
          and (earlier.id is null or earlier.item_id <> record.item_id
               or earlier.billed_period_id <> record.billed_period_id
               or earlier.generation >= record.generation)
        """
    ):
        yield f"usage {key} does not name the record it replaces"


@shared("every line follows from its plan version and usage records")
def lines_recomputed(now: datetime) -> Iterator[str]:
    for invoice in Invoice.all_parties.filter(kind=Invoice.Kind.INVOICE).iterator(chunk_size=200):
        lines = list(InvoiceLine.all_parties.filter(invoice=invoice).order_by("position"))
        periods = sorted({line.billed_period_id for line in lines})
        for period in periods:
            yield from _again(invoice, [line for line in lines if line.billed_period_id == period])


def _again(invoice: Invoice, lines: list[InvoiceLine]) -> Iterator[str]:
    explanation = lines[0].explanation
    version = PlanVersion.all_parties.get(id=explanation["plan"]["version"])
    plan = PricePlan.from_dict(version.plan)
    if plan.hash != explanation["plan"]["sha256"]:
        yield f"invoice {invoice.id}: plan version {version.id} is not the one it was priced with"
    tax = Taxes(Tax(lines[0].tax_category, lines[0].tax_percent))
    service = ServiceDays(**explanation["service"])
    circumstances = Circumstances.from_dict(explanation.get("circumstances"))
    try:
        ahead = ahead_from(explanation, PlanVersion.all_parties)
        rated = rate(plan, records_behind(lines), service, tax, circumstances, ahead)
    except PricingError as problem:
        yield f"invoice {invoice.id} cannot be priced again: {problem}"
        return
    computed = [(line_key(item)[:4], item.net_minor) for item in rated.lines]
    stated = [(key_of(item)[:4], item.net_minor) for item in lines]
    if computed != stated:
        yield f"invoice {invoice.id}: stated {stated}, computed {computed}"


@shared("no quantity is NaN or out of bounds")
def quantities_bounded(now: datetime) -> Iterator[str]:
    for table, column in BOUNDED:
        for (count,) in rows(
            f"select count(*) from public.{table} "
            f"where {column} = 'NaN' or abs({column}) > 1e18 having count(*) > 0"
        ):
            yield f"{count} rows of {table}.{column} are out of bounds"
