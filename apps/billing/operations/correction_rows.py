"""A correction as rows: itself, a credit note, an additional invoice, their lines and taxes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from apps.billing.domain.corrections import key_of, line_key, net_of, state_dict
from apps.billing.domain.facts import invoice_facts, terms_facts
from apps.billing.domain.rating import RatedPeriod
from apps.billing.models import Correction, Invoice, InvoiceLine, InvoiceTax
from apps.billing.operations.drafting import ahead_of, meter_of
from apps.billing.queries.recorded import PeriodBooks
from apps.common.quantity import canonical, multiply
from apps.contracts.models import Contract, PlanVersion
from apps.metering.domain.corrected import granted_to_dict
from apps.metering.models import UsageRecord
from apps.pricing.difference import Change, LineKey
from apps.pricing.plan import PricePlan
from apps.pricing.tax import TaxedNet, TaxTotal, document_totals, tax_totals
from apps.pricing.values import PricedLine
from apps.tenancy.bulk import insert_all
from apps.tenancy.context import current_company
from apps.tenancy.models import Company


@dataclass(frozen=True, slots=True)
class Corrected:
    """One billed period rated again, and how its documents differ from that."""

    contract: Contract
    customer: Company
    version: PlanVersion
    plan: PricePlan
    books: PeriodBooks
    records: Sequence[UsageRecord]
    rated: RatedPeriod
    changes: Sequence[Change]
    following: PlanVersion | None = None


def write_correction(found: Corrected, state: str, now: datetime) -> Correction:
    """The correction, and its documents when it is drafted, in the caller's transaction."""
    company = current_company()
    correction = Correction(
        author=company, parties=[company.pk], contract=found.contract,
        billed_period=found.books.period, generation=found.books.next_generation, state=state,
        causes=_causes(found), changes=_shown_changes(found), basis=_basis_of_period(found),
        net_minor=net_of(found.changes), currency=found.rated.currency, found_at=now,
    )  # fmt: skip
    insert_all(Correction, [correction])
    if state == Correction.State.DRAFTED:
        _write_documents(found, correction, now)
    return correction


def _write_documents(found: Corrected, correction: Correction, now: datetime) -> None:
    invoices: list[Invoice] = []
    lines: list[InvoiceLine] = []
    taxes: list[InvoiceTax] = []
    for kind in (Invoice.Kind.CREDIT_NOTE, Invoice.Kind.ADDITIONAL):
        is_credit = kind == Invoice.Kind.CREDIT_NOTE
        changes = [change for change in found.changes if change.is_credit == is_credit]
        if changes:
            totals = _taxes_of(changes)
            invoice = _document(found, correction, kind, totals, now)
            invoices.append(invoice)
            lines += _lines(found, invoice, correction.generation, changes)
            taxes += [_tax(invoice, total) for total in totals]
    insert_all(Invoice, invoices)
    insert_all(InvoiceLine, lines)
    insert_all(InvoiceTax, taxes)


def _taxes_of(changes: Iterable[Change]) -> list[TaxTotal]:
    return tax_totals(
        TaxedNet(item.key.tax_category, Decimal(item.key.tax_rate), item.net_minor)
        for item in changes
    )


def _document(
    found: Corrected, correction: Correction, kind: str, taxes: Sequence[TaxTotal], now: datetime
) -> Invoice:
    company, contract, original = current_company(), found.contract, found.books.first_invoice
    assert original is not None
    totals = document_totals(taxes)
    agreed = original.facts["terms"]
    terms = terms_facts(
        contract, contract.public_id, str(agreed.get("order_number", "")), agreed.get("served", ())
    )
    facts = invoice_facts(company, found.customer, terms)
    issued_on = original.issued_on.isoformat() if original.issued_on else ""
    facts["corrects"] = {"number": original.number, "issued_on": issued_on}
    return Invoice(
        author=company, parties=[company.pk], contract=contract, customer=found.customer,
        kind=kind, corrects=original, correction=correction, currency=found.rated.currency,
        period_start=original.period_start, period_end=original.period_end,
        time_zone=contract.time_zone, net_minor=totals.net_minor, tax_minor=totals.tax_minor,
        gross_minor=totals.gross_minor, facts=facts, drafted_at=now,
    )  # fmt: skip


def _lines(
    found: Corrected, invoice: Invoice, generation: int, changes: Sequence[Change]
) -> list[InvoiceLine]:
    priced = {line_key(line)[:4]: line for line in found.rated.lines}
    stored = {key_of(line)[:4]: line for line in found.books.lines}
    lines = []
    for position, change in enumerate(changes, start=1):
        place = change.key[:4]
        line = _line(invoice, found, position, change)
        line.generation = generation
        if place in priced:
            _describe(line, found, priced[place])
        else:
            _describe_as_before(line, stored[place])
        line.explanation["before"] = state_dict(change.before, change.net_before)
        line.explanation["after"] = state_dict(change.after, change.net_after)
        lines.append(line)
    return lines


def _line(invoice: Invoice, found: Corrected, position: int, change: Change) -> InvoiceLine:
    key: LineKey = change.key
    return InvoiceLine(
        author_id=invoice.author_id, parties=invoice.parties, invoice=invoice, position=position,
        billed_period=found.books.period, charge=key.charge, tier=key.tier,
        asset_id=UUID(key.asset) if key.asset else None, quantity=change.quantity,
        unit=change.unit, unit_price=change.unit_price, net_minor=change.net_minor,
        corrects_id=UUID(change.corrects) if change.corrects else None,
        tax_category=key.tax_category, tax_percent=Decimal(key.tax_rate),
    )  # fmt: skip


def _describe(line: InvoiceLine, found: Corrected, priced: PricedLine) -> None:
    """Title and arithmetic of the period as it is now."""
    line.title, line.asset_label = dict(priced.title), priced.asset_label
    line.meter = meter_of(found.plan, priced)
    service = found.rated.service_of(priced)
    if service:
        line.service_start, line.service_end = service.start, service.end
    records = [
        record for record in found.records
        if record.meter == line.meter and priced.asset_id in (None, record.priced_as)
    ]  # fmt: skip
    line.explanation = {
        **({"estimated": True} if any(record.is_estimated for record in records) else {}),
        "steps": [item.to_dict() for item in priced.steps], "timing": priced.timing,
        "amount": canonical(multiply(line.quantity, line.unit_price)), "flat": "0",
        "usage_records": [str(record.id) for record in records],
        **_basis(found),
    }  # fmt: skip


def _describe_as_before(line: InvoiceLine, stored: InvoiceLine) -> None:
    """A service that is not charged any more, as its last line has it."""
    line.title, line.asset_label, line.meter = stored.title, stored.asset_label, stored.meter
    line.service_start, line.service_end = stored.service_start, stored.service_end
    line.explanation = {**stored.explanation, "steps": []}


def _basis(found: Corrected) -> dict[str, object]:
    """What the period is rated over: all that is needed to rate it again."""
    service, circumstances = found.rated.service, found.rated.circumstances.to_dict()
    return {
        **({} if circumstances is None else {"circumstances": circumstances}),
        "plan": {
            "version": str(found.version.id), "number": found.version.number,
            "sha256": found.version.plan_sha256,
        },
        "service": {"in_period": service.in_period, "covered": service.covered},
        **ahead_of(found.rated, found.following),
    }  # fmt: skip


def _basis_of_period(found: Corrected) -> dict[str, object]:
    granted = [granted_to_dict(item) for item in found.books.granted]
    return {
        **_basis(found), "usage_records": [str(record.id) for record in found.records],
        **found.rated.tax.to_dict(),
        **({"granted": granted} if granted else {}),
    }  # fmt: skip


def _causes(found: Corrected) -> list[dict[str, object]]:
    """Items whose usage record is another than the one behind the documents."""
    settled = found.books.settled_records()
    causes: list[dict[str, object]] = []
    for record in found.records:
        before = settled.get(record.item_id)
        if before is None or not record.says_the_same(before):
            known = None if before is None else str(before.id)
            causes.append({"item": str(record.item_id), "before": known, "after": str(record.id)})
    return causes


def _shown_changes(found: Corrected) -> list[dict[str, object]]:
    """Each key once, however many lines its difference takes."""
    titles = {key_of(line)[:4]: line for line in found.books.lines}
    priced = {line_key(line)[:4]: line for line in found.rated.lines}
    rows: dict[LineKey, dict[str, object]] = {}
    for change in found.changes:
        source = priced.get(change.key[:4]) or titles[change.key[:4]]
        rows[change.key] = {
            "charge": change.key.charge, "tier": change.key.tier, "asset": change.key.asset,
            **({"service": change.key.service} if change.key.service else {}),
            "asset_label": source.asset_label, "title": dict(source.title),
            "before": state_dict(change.before, change.net_before),
            "after": state_dict(change.after, change.net_after),
        }  # fmt: skip
    return list(rows.values())


def _tax(invoice: Invoice, total: TaxTotal) -> InvoiceTax:
    return InvoiceTax(
        author_id=invoice.author_id, parties=invoice.parties, invoice=invoice,
        category=total.category, percent=total.rate, net_minor=total.base_minor,
        tax_minor=total.tax_minor,
    )  # fmt: skip
