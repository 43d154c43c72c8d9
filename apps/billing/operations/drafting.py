"""Drafts of many contracts as rows: invoices, lines and taxes, written in bulk."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from apps.billing.domain.facts import invoice_facts, served_days, terms_facts
from apps.billing.domain.orders import order_for
from apps.billing.domain.rating import RatedPeriod, Tax, tier_number
from apps.billing.models import Invoice, InvoiceLine, InvoiceTax
from apps.billing.queries.orders import Orders, last_day, orders_of
from apps.common.fields import uuid7
from apps.common.period import Period, local_date
from apps.common.quantity import bounded, canonical
from apps.contracts.models import Contract, PlanVersion
from apps.metering.models import BilledPeriod, UsageRecord
from apps.pricing.plan import PricePlan
from apps.pricing.values import PricedLine
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

# Whose lines are made before they are written: a thousand invoices' would be 10 MiB more.
DRAFTS_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class Billable:
    """One contract's metered and rated period, ready to become a draft."""

    contract: Contract
    customer: Company
    version: PlanVersion
    plan: PricePlan
    period: BilledPeriod
    records: Sequence[UsageRecord]
    rated: RatedPeriod
    # The plan of the coming period, where fees in advance are billed.
    following: PlanVersion | None = None


class InvoiceRow(NamedTuple):
    """Columns of a new draft; of the rest, the model's defaults."""

    id: UUID
    author_id: int
    parties: list[int]
    contract_id: UUID
    customer_id: int
    currency: str
    period_start: datetime
    period_end: datetime
    time_zone: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    facts: Mapping[str, object]
    drafted_at: datetime


class LineRow(NamedTuple):
    id: UUID
    author_id: int
    parties: list[int]
    invoice_id: UUID
    position: int
    billed_period_id: UUID
    service_start: datetime | None
    service_end: datetime | None
    charge: str
    tier: int
    title: Mapping[str, str]
    asset_id: UUID | None
    asset_label: str
    meter: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    net_minor: int
    tax_category: str
    tax_percent: Decimal
    explanation: Mapping[str, object]


class TaxRow(NamedTuple):
    id: UUID
    author_id: int
    parties: list[int]
    invoice_id: UUID
    category: str
    percent: Decimal
    net_minor: int
    tax_minor: int


def write_drafts(billables: Iterable[Billable], now: datetime) -> dict[UUID, UUID]:
    """Invoices, lines and taxes in the caller's transaction; contract -> invoice.

    No lines: no invoice.
    """
    ready = [billable for billable in billables if billable.rated.lines]
    orders = orders_of(billable.contract.id for billable in ready)
    drafts = [(_invoice(billable, orders, now), billable) for billable in ready]
    insert_all(Invoice, [invoice for invoice, _ in drafts])
    for first in range(0, len(drafts), DRAFTS_AT_ONCE):
        part = drafts[first : first + DRAFTS_AT_ONCE]
        insert_all(InvoiceLine, [line for draft in part for line in _lines(*draft)])
        insert_all(InvoiceTax, [tax for draft in part for tax in _taxes(*draft)])
    return {billable.contract.id: invoice.id for invoice, billable in drafts}


def _invoice(billable: Billable, orders: Orders, now: datetime) -> InvoiceRow:
    company, contract, totals = current_company(), billable.contract, billable.rated.totals
    period, zone = Period(billable.period.start, billable.period.end), contract.time_zone
    order = order_for(orders.get(contract.id, []), last_day(contract, period))
    served = served_days(contract, local_date(period.start, zone), local_date(period.end, zone))
    terms = terms_facts(contract, contract.public_id, order.number if order else "", served)
    return InvoiceRow(
        id=uuid7(), author_id=company.pk, parties=[company.pk], contract_id=contract.id,
        customer_id=billable.customer.pk, currency=billable.rated.currency,
        period_start=billable.period.start, period_end=billable.period.end,
        time_zone=contract.time_zone, net_minor=totals.net_minor, tax_minor=totals.tax_minor,
        gross_minor=totals.gross_minor,
        facts=invoice_facts(company, billable.customer, terms), drafted_at=now,
    )  # fmt: skip


def _lines(invoice: InvoiceRow, billable: Billable) -> list[LineRow]:
    return [
        _line(invoice, billable, position, line, tax)
        for position, (line, tax) in enumerate(
            zip(billable.rated.lines, billable.rated.line_taxes, strict=True), start=1
        )
    ]


def _line(
    invoice: InvoiceRow, billable: Billable, position: int, line: PricedLine, tax: Tax
) -> LineRow:  # fmt: skip
    meter = meter_of(billable.plan, line)
    service = billable.rated.service_of(line)
    return LineRow(
        id=uuid7(), author_id=invoice.author_id, parties=invoice.parties, invoice_id=invoice.id,
        position=position, billed_period_id=billable.period.id,
        service_start=service.start if service else None,
        service_end=service.end if service else None,
        charge=line.charge,
        tier=tier_number(line), title=line.title,
        asset_id=UUID(line.asset_id) if line.asset_id else None, asset_label=line.asset_label,
        meter=meter, quantity=bounded(line.quantity), unit=line.unit, unit_price=line.unit_price,
        net_minor=line.net_minor, tax_category=tax.category, tax_percent=tax.percent,
        explanation=_explanation(billable, line, meter),
    )  # fmt: skip


def meter_of(plan: PricePlan, line: PricedLine) -> str:
    """A fee in advance is a charge of the coming period's plan, and no meter is behind it."""
    return "" if line.service else plan.charge(line.charge).meter or ""


def _explanation(billable: Billable, line: PricedLine, meter: str) -> dict[str, object]:
    service = billable.rated.service
    circumstances = billable.rated.circumstances.to_dict()
    records = [
        record
        for record in billable.records
        if record.meter == meter and line.asset_id in (None, record.priced_as)
    ]
    return {
        **({"estimated": True} if any(record.is_estimated for record in records) else {}),
        **({} if circumstances is None else {"circumstances": circumstances}),
        "steps": [item.to_dict() for item in line.steps],
        "amount": canonical(line.amount), "flat": canonical(line.flat), "timing": line.timing,
        "usage_records": [str(record.id) for record in records],
        "plan": {
            "version": str(billable.version.id), "number": billable.version.number,
            "sha256": billable.version.plan_sha256,
        },
        "service": {"in_period": service.in_period, "covered": service.covered},
        **ahead_of(billable.rated, billable.following),
    }  # fmt: skip


def ahead_of(rated: RatedPeriod, following: PlanVersion | None) -> dict[str, object]:
    """The coming period as a line keeps it; nothing where no fee is in advance."""
    if rated.ahead is None or following is None:
        return {}
    plan = {
        "version": str(following.id), "number": following.number,
        "sha256": following.plan_sha256,
    }  # fmt: skip
    return {"ahead": {**rated.ahead.coming.to_dict(), "plan": plan}}


def _taxes(invoice: InvoiceRow, billable: Billable) -> list[TaxRow]:
    return [
        TaxRow(
            id=uuid7(), author_id=invoice.author_id, parties=invoice.parties,
            invoice_id=invoice.id, category=tax.category, percent=tax.rate,
            net_minor=tax.base_minor, tax_minor=tax.tax_minor,
        )
        for tax in billable.rated.taxes
    ]  # fmt: skip
