"""All that an invoice's evidence is built from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from apps.billing.domain.corrections import key_of, line_key, recorded_line
from apps.billing.domain.rating import Taxes, in_billing_order
from apps.billing.models import Correction, EvidenceFile, Invoice, InvoiceLine
from apps.billing.queries.readings import covered_period, readings_for_evidence
from apps.billing.queries.recorded import books_of
from apps.common.ids import encode
from apps.common.period import Period
from apps.contracts.models import Contract, PlanVersion
from apps.events.models import AuditRow
from apps.metering.domain.corrected import (
    ADDITIONAL_KIND,
    CREDIT_KIND,
    INVOICE_KIND,
    CorrectedPeriod,
    changes_of_kind,
    granted_from_dict,
    target_from_dict,
)
from apps.metering.domain.evidence import (
    BilledContract,
    InvoiceFacts,
    MeteredItem,
    TaxedLine,
    line_dict,
    usage_by_meter,
)
from apps.metering.domain.figures import UsageFigures
from apps.metering.models import BilledPeriod, UsageRecord
from apps.pricing.ahead import ComingPeriod
from apps.pricing.circumstances import Circumstances
from apps.pricing.difference import RecordedLine
from apps.pricing.plan import Ahead, PricePlan, price
from apps.pricing.tax import TaxTotal, Totals
from apps.pricing.values import PricedLine, ServiceDays

KINDS: dict[str, str] = {
    Invoice.Kind.INVOICE: INVOICE_KIND, Invoice.Kind.CREDIT_NOTE: CREDIT_KIND,
    Invoice.Kind.ADDITIONAL: ADDITIONAL_KIND,
}  # fmt: skip


# What is noted of an invoice whose evidence cannot be stored yet.
WAITING = "billing.evidence_waiting"


class EvidenceDiffers(ValueError):
    """Computing the invoice again gives other lines than it states."""


@dataclass(frozen=True, slots=True)
class EvidenceParts:
    """The arguments of `apps.metering.domain.evidence.build`."""

    facts: InvoiceFacts
    contracts: list[BilledContract]
    taxes: list[TaxTotal]
    totals: Totals
    reading_count: int


def evidence_file(invoice: Invoice) -> EvidenceFile | None:
    return EvidenceFile.objects.filter(invoice=invoice).first()


def last_waiting(invoice: Invoice) -> AuditRow | None:
    """Why the evidence of an invoice could not be stored when it was tried last, if so."""
    rows = AuditRow.objects.filter(subject=invoice.public_id, action=WAITING)
    found: AuditRow | None = rows.order_by("-at", "-id").first()
    return found


def evidenced_until(contract_id: UUID) -> datetime | None:
    """The end of the contract's last period up to which all invoices' evidence is stored."""
    lines = InvoiceLine.objects.filter(billed_period=OuterRef("pk"))
    unproven = lines.filter(invoice__evidence_files=None)
    periods = BilledPeriod.objects.filter(contract=contract_id).order_by("start")
    until = None
    for period in periods.annotate(is_unproven=Exists(unproven)):
        if period.state != BilledPeriod.State.BILLED or period.is_unproven:
            break
        until = period.end
    return until


def evidence_parts(invoice: Invoice, now: datetime) -> EvidenceParts:
    """Raises EvidenceDiffers when the stored lines are not what pricing gives again, DoorClosed where
    readings of another collector are closed."""
    if invoice.correction_id is not None:
        contracts = [_corrected(invoice, now)]
    else:
        contracts = _first_billed(invoice, now)
    return EvidenceParts(
        facts=invoice_head(invoice),
        contracts=contracts,
        taxes=stated_taxes(invoice),
        totals=Totals(invoice.net_minor, invoice.tax_minor, invoice.gross_minor),
        reading_count=sum(len(item.readings) for part in contracts for item in part.items),
    )


def _first_billed(invoice: Invoice, now: datetime) -> list[BilledContract]:
    lines = list(invoice.lines.order_by("position"))
    by_period: dict[UUID, list[InvoiceLine]] = {}
    for line in lines:
        by_period.setdefault(line.billed_period_id, []).append(line)
    return [_contract(invoice, part, now) for part in by_period.values()]


def invoice_head(invoice: Invoice) -> InvoiceFacts:
    assert invoice.number is not None
    assert invoice.issued_on is not None
    return InvoiceFacts(
        number=invoice.number, issued_on=invoice.issued_on, currency=invoice.currency,
        issuer=invoice.facts["issuer"]["name"], customer=invoice.facts["recipient"]["name"],
        kind=KINDS[invoice.kind], corrects=str(invoice.facts.get("corrects", {}).get("number", "")),
    )  # fmt: skip


def stated_taxes(invoice: Invoice) -> list[TaxTotal]:
    rows = invoice.taxes.order_by("category", "percent")
    return [TaxTotal(row.category, row.percent, row.net_minor, row.tax_minor) for row in rows]


def _contract(invoice: Invoice, lines: Sequence[InvoiceLine], now: datetime) -> BilledContract:
    contract = Contract.objects.get(id=invoice.contract_id)
    billed = BilledPeriod.objects.get(id=lines[0].billed_period_id)
    version = PlanVersion.objects.get(id=lines[0].explanation["plan"]["version"])
    plan = PricePlan.from_dict(version.plan)
    service = ServiceDays(**lines[0].explanation["service"])
    items = [_item(record, now) for record in records_behind(lines)]
    circumstances = Circumstances.from_dict(lines[0].explanation.get("circumstances"))
    ahead = ahead_from(lines[0].explanation)
    usage = usage_by_meter(items)
    priced = price(plan, usage, service, circumstances=circumstances, ahead=ahead)
    _compare(priced.lines, lines)
    return BilledContract(
        contract=encode(Contract.prefix, contract.id), zone=contract.time_zone,
        period=Period(billed.start, billed.end), plan=plan, service=service, items=items,
        lines=[_taxed(*pair) for pair in zip(priced.lines, lines, strict=True)],
        circumstances=circumstances, ahead=ahead,
    )  # fmt: skip


def ahead_from(explanation: Mapping[str, Any], versions: Any = PlanVersion.objects) -> Ahead | None:
    """The coming period a line keeps, with its plan."""
    kept = explanation.get("ahead")
    if kept is None:
        return None
    version = versions.get(id=kept["plan"]["version"])
    return Ahead(PricePlan.from_dict(version.plan), ComingPeriod.from_dict(kept))


def _corrected(invoice: Invoice, now: datetime) -> BilledContract:
    """The whole period as it was rated for the correction, and this document's part of it."""
    correction = Correction.objects.select_related("billed_period", "contract").get(
        id=str(invoice.correction_id)
    )
    contract, billed, basis = correction.contract, correction.billed_period, correction.basis
    plan = PricePlan.from_dict(PlanVersion.objects.get(id=basis["plan"]["version"]).plan)
    service = ServiceDays(**basis["service"])
    records = in_billing_order(UsageRecord.objects.filter(id__in=basis["usage_records"]))
    items = [_item(record, now) for record in records]  # type: ignore[arg-type]
    circumstances = Circumstances.from_dict(basis.get("circumstances"))
    ahead, usage = ahead_from(basis), usage_by_meter(items)
    priced = price(plan, usage, service, circumstances=circumstances, ahead=ahead)
    taxes = Taxes.from_dict(basis)
    found = [(line, taxes.of_line(line, plan, ahead)) for line in priced.lines]
    lines = [TaxedLine(line, tax.category, tax.percent) for line, tax in found]
    return BilledContract(
        contract=encode(Contract.prefix, contract.id), zone=contract.time_zone,
        period=Period(billed.start, billed.end), plan=plan, service=service, items=items,
        lines=lines, circumstances=circumstances, ahead=ahead,
        correction=_changes(invoice, correction, lines),
    )  # fmt: skip


def _changes(
    invoice: Invoice, correction: Correction, lines: Sequence[TaxedLine]
) -> CorrectedPeriod:
    """Raises EvidenceDiffers when the stored lines are not the difference computed again."""
    recorded = recorded_by_number(correction)
    target = [target_from_dict(line_dict(line)) for line in lines]
    granted = [granted_from_dict(item) for item in correction.basis.get("granted", [])]
    changes = changes_of_kind(target, recorded, invoice.currency, KINDS[invoice.kind], granted)
    stored = invoice.lines.order_by("position").values_list("charge", "tier", "net_minor")
    if [(item.key.charge, item.key.tier, item.net_minor) for item in changes] != list(stored):
        raise EvidenceDiffers(f"stated {list(stored)}, computed {changes}")
    return CorrectedPeriod(recorded, changes, granted)


def recorded_by_number(correction: Correction) -> list[RecordedLine]:
    """What stood before the correction, each line named by its document's number and position."""
    books = books_of([correction.billed_period])[correction.billed_period_id]
    lines = books.issued_lines(before=correction.generation)
    names = {line.id: f"{line.invoice.number}/{line.position}" for line in lines}
    return [
        recorded_line(line, names[line.id], names[line.corrects_id] if line.corrects_id else "")
        for line in lines
    ]


def records_behind(lines: Sequence[InvoiceLine]) -> list[UsageRecord]:
    """The usage records the lines rest on, in billing order."""
    ids = {key for line in lines for key in line.explanation["usage_records"]}
    return in_billing_order(UsageRecord.objects.filter(id__in=ids))  # type: ignore[return-value]


def _item(record: UsageRecord, now: datetime) -> MeteredItem:
    period = covered_period(record)
    return MeteredItem(
        meter=record.meter, asset_id=str(record.asset_id), asset_label=record.asset_label,
        period=period, figures=UsageFigures.from_dict(record.figures),
        readings=readings_for_evidence(record, period, now=now),
    )  # fmt: skip


def _taxed(line: PricedLine, stored: InvoiceLine) -> TaxedLine:
    return TaxedLine(line, stored.tax_category, Decimal(stored.tax_percent))


def _compare(priced: Sequence[PricedLine], lines: Sequence[InvoiceLine]) -> None:
    computed = [(line_key(item)[:4], item.net_minor) for item in priced]
    stated = [(key_of(item)[:4], item.net_minor) for item in lines]
    if computed != stated:
        raise EvidenceDiffers(f"stated {stated}, computed {computed}")
