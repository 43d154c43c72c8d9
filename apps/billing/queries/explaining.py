"""One invoice line opened: plan, arithmetic, usage records. Used by page, command and API."""

from typing import Any
from uuid import UUID

from apps.billing.models import Correction, InvoiceLine
from apps.billing.queries.evidence import records_behind
from apps.billing.wording import correction_words, jump_words
from apps.common.canonical import instant_text
from apps.common.ids import encode
from apps.common.money import Money
from apps.common.quantity import canonical
from apps.contracts.models import PlanVersion
from apps.contracts.wording import charge_words, measured
from apps.metering.domain.figures import UsageFigures
from apps.metering.models import UsageRecord
from apps.metering.queries.shown import shown_meters, shown_parts, shown_sources, shown_windows
from apps.metering.queries.shown_counting import shown_counting
from apps.metering.queries.shown_measure import shown_measure
from apps.pricing.explain import sentence
from apps.pricing.values import Step


def explain_line(line: InvoiceLine, language: str) -> dict[str, Any]:
    """JSON-ready: decimals as text, money in minor units beside its text."""
    explanation = line.explanation
    plan = explanation["ahead"]["plan"] if line.service_start else explanation["plan"]
    version = PlanVersion.objects.get(id=plan["version"])
    steps = [Step(item["code"], item["params"]) for item in explanation["steps"]]
    invoice = line.invoice
    return {
        "invoice": invoice.public_id, "number": invoice.number, "position": line.position,
        "title": line.title, "asset": line.asset_label, "tier": line.tier,
        "quantity": canonical(line.quantity), "unit": line.unit,
        "unit_price": canonical(line.unit_price), "net_minor": line.net_minor,
        "net": str(Money(line.net_minor, invoice.currency)), "currency": invoice.currency,
        "plan": _plan(version, line.charge, invoice.currency),
        "arithmetic": [sentence(item, language) for item in steps],
        "correction": _correction(line),
        "usage": [_usage(record, version) for record in records_behind([line])],
    }  # fmt: skip


def _correction(line: InvoiceLine) -> dict[str, Any] | None:
    """Of a line that corrects: the sums of its service before and after, in minor units."""
    if line.invoice.correction_id is None:
        return None
    before, after = line.explanation["before"], line.explanation["after"]
    corrects = InvoiceLine.objects.select_related("invoice").filter(corrected_by=line.id).first()
    return {
        "id": encode(Correction.prefix, line.invoice.correction_id),
        "corrects": corrects and f"{corrects.invoice.number}/{corrects.position}",
        "before": before, "after": after,
        "words": correction_words(before["net_minor"], after["net_minor"], line.invoice.currency),
    }  # fmt: skip


def record_of(invoice_id: UUID, record_id: UUID) -> UsageRecord | None:
    """A usage record that a line of this invoice rests on; None for any other."""
    found = UsageRecord.objects.select_related("billed_period__contract").filter(id=record_id)
    record: UsageRecord | None = found.first()
    if record is None:
        return None
    lines = InvoiceLine.objects.filter(
        invoice_id=invoice_id,
        billed_period=record.billed_period_id,
        explanation__usage_records__contains=str(record_id),
    )
    return record if lines.exists() else None


def _plan(version: PlanVersion, charge_code: str, currency: str) -> dict[str, Any]:
    charge = next(item for item in version.plan["charges"] if item["code"] == charge_code)
    return {
        "name": version.plan["name"], "version": version.number, "sha256": version.plan_sha256,
        "valid_from": version.valid_from.isoformat(), "charge": charge_code,
        "model": charge["model"], "words": charge_words(charge, currency, version.plan["charges"]),
    }  # fmt: skip


def _usage(record: UsageRecord, version: PlanVersion) -> dict[str, Any]:
    figures = UsageFigures.from_dict(record.figures)
    return {
        "record": encode(UsageRecord.prefix, record.id), "generation": record.generation,
        "asset": record.asset_label, "asset_id": str(record.asset_id), "meter": record.meter,
        "channel": record.channel_code, "unit": record.unit,
        "quantity": canonical(record.quantity), "method": figures.method,
        "opening": _reading(figures.opening), "closing": _reading(figures.closing),
        "corrections": [
            {
                "measured_at": instant_text(item.measured_at), "instant": item.measured_at,
                "amount": canonical(item.amount), "kind": item.kind,
                "words": jump_words(item.kind), "shown": measured(item.amount, record.reading_unit),
            }
            for item in figures.corrections
        ],
        "reading_count": figures.reading_count,
        "gaps": [{"start": gap.start, "end": gap.end} for gap in figures.gaps],
        "daily": [day.to_dict() for day in figures.daily],
        "windows": shown_windows(figures, version.plan),
        "own_days": [day.to_dict() for day in figures.own_days],
        "parts": shown_parts(figures), "measured": shown_measure(figures),
        "reading_unit": record.reading_unit, "meters": shown_meters(figures),
        "of_record": shown_sources(figures),
        "is_meter_expired": bool(figures.expired_meters),
        "counting": shown_counting(figures),
        "readings_sha256": record.readings_sha256,
    }  # fmt: skip


def _reading(reading: Any) -> dict[str, Any] | None:
    if reading is None:
        return None
    return {"measured_at": reading.measured_at, "value": canonical(reading.value)}
