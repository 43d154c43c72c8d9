"""What the issued documents of billed periods come to, line by line, and what is recorded of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db.models import Sum
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from apps.assets.models import Asset
from apps.billing.domain.rating import service_days
from apps.billing.models import Invoice, InvoiceLine
from apps.common.canonical import instant_text
from apps.common.period import Period
from apps.contracts.domain.split import Split
from apps.contracts.domain.waterfall import Outcome, RevenueLine
from apps.contracts.models import Contract
from apps.metering.models import BilledPeriod, UsageRecord
from apps.settlement.models import Share

_LINE = (
    "id", "invoice_id", "billed_period_id", "generation", "position", "charge", "meter", "tier",
    "title", "asset_id", "asset_label", "service_start", "quantity", "unit", "unit_price", "net_minor",
)  # fmt: skip
_INVOICE = (
    "kind", "number", "currency", "contract", "time_zone", "author", "customer", "corrects",
)  # fmt: skip


class LineKey(NamedTuple):
    """What makes a line the same line over all documents of its period; empty: the period's own."""

    charge: str = ""
    tier: int = 0
    asset: str = ""
    service: str = ""


@dataclass(slots=True)
class IssuedLine:
    """What settlement needs of an invoice's line; `corrected` is what a correction's line bills in all."""

    id: UUID
    invoice_id: UUID
    billed_period_id: UUID
    generation: int
    position: int
    charge: str
    meter: str
    tier: int
    title: dict[str, str]
    asset_id: UUID | None
    asset_label: str
    service_start: datetime | None
    quantity: Decimal
    unit: str
    unit_price: Decimal
    net_minor: int
    corrected: str | None
    invoice: Invoice


@dataclass(slots=True)
class Source:
    """The lines of one key: its state now, and the lines that say so, in the order of issue."""

    lines: list[IssuedLine] = field(default_factory=list)

    @property
    def net_minor(self) -> int:
        return sum(line.net_minor * line.invoice.sign for line in self.lines)

    @property
    def quantity(self) -> Decimal:
        """What the documents together bill of the key; a correction's line names it."""
        last = self.lines[-1]
        return Decimal(str(last.corrected)) if last.generation else last.quantity

    def line_for(self, minor: int) -> IssuedLine:
        """The line a share of that sign belongs to: of the newest documents, by their sign."""
        newest = [line for line in self.lines if line.generation == self.lines[-1].generation]
        fitting = [line for line in newest if (line.invoice.sign < 0) == (minor < 0)]
        return (fitting or newest)[-1]


@dataclass(slots=True)
class PeriodSources:
    """A billed period: its lines by key and its documents in the order of issue."""

    period: BilledPeriod
    by_key: dict[LineKey, Source] = field(default_factory=dict)
    documents: list[tuple[int, Invoice]] = field(default_factory=list)

    @property
    def invoice(self) -> Invoice:
        return self.documents[0][1]

    @property
    def net_minor(self) -> int:
        return sum(source.net_minor for source in self.by_key.values())

    def document_for(self, minor: int) -> Invoice:
        """The document a share of the whole period belongs to: of the newest, by its sign."""
        last = self.documents[-1][0]
        newest = [invoice for generation, invoice in self.documents if generation == last]
        fitting = [invoice for invoice in newest if (invoice.sign < 0) == (minor < 0)]
        return (fitting or newest)[-1]

    def revenue(self) -> list[RevenueLine]:
        currency = self.invoice.currency
        return [
            RevenueLine(key, key.charge, source.quantity, source.net_minor, currency)
            for key, source in self.by_key.items()
        ]


def sources_of(period_ids: Iterable[UUID]) -> dict[UUID, PeriodSources]:
    """By billed period what its issued documents say. Three queries; periods without any are left out."""
    lines = _lines_of(period_ids)
    periods = BilledPeriod.objects.in_bulk({line.billed_period_id for line in lines})
    found: dict[UUID, PeriodSources] = {}
    for line in sorted(lines, key=_order_of_issue):
        sources = found.setdefault(
            line.billed_period_id, PeriodSources(periods[line.billed_period_id])
        )
        sources.by_key.setdefault(key_of(line), Source()).lines.append(line)
        if all(known.id != line.invoice_id for _, known in sources.documents):
            sources.documents.append((line.generation, line.invoice))
    return found


def _lines_of(period_ids: Iterable[UUID]) -> list[IssuedLine]:
    """As plain values: an instance of the model costs ten times as much. Two queries."""
    rows = InvoiceLine.objects.filter(
        billed_period__in=list(period_ids), invoice__state=Invoice.State.ISSUED
    )
    corrected = KeyTextTransform("quantity", KeyTransform("after", "explanation"))
    found: list[Any] = list(
        rows.order_by().annotate(corrected=corrected).values_list(*_LINE, "corrected")
    )  # fmt: skip
    invoices = Invoice.objects.filter(id__in={row[1] for row in found})
    known = {invoice.id: invoice for invoice in invoices.only(*_INVOICE)}
    return [IssuedLine(*(*row, known[row[1]])) for row in found]


def _order_of_issue(line: IssuedLine) -> tuple[int, bool, int]:
    return line.generation, line.invoice.sign > 0, line.position


def key_of(line: Any) -> LineKey:
    """The key of an invoice line or of a stored share."""
    service = getattr(line, "service", None)
    if service is None:
        service = instant_text(line.service_start) if line.service_start else ""
    return LineKey(line.charge, line.tier, str(line.asset_id) if line.asset_id else "", service)


Recorded = dict[tuple[LineKey, str, int], int]


def recorded_shares(settled_ids: Iterable[UUID]) -> dict[UUID, Recorded]:
    """By settled period what is recorded for each line, step and company. One query."""
    rows = Share.objects.filter(settled__in=list(settled_ids)).order_by()
    sums = rows.values_list(
        "settled", "charge", "tier", "asset_id", "service", "step", "partner"
    ).annotate(minor=Sum("amount_minor"))
    found: dict[UUID, Recorded] = defaultdict(dict)
    for settled, charge, tier, asset, service, step, partner, minor in sums:
        key = LineKey(charge, tier, str(asset) if asset else "", service)
        found[settled][key, step, partner] = int(minor)
    return found


def part_covered(contract: Contract, period: BilledPeriod) -> Fraction:
    """How much of the period the contract covers, by its local days: what fees are prorated by."""
    days = service_days(
        Period(period.start, period.end), contract.time_zone, contract.starts_on, contract.ends_on
    )
    return Fraction(days.covered, days.in_period)


def measured_keys(split: Split, period_id: UUID) -> dict[str, dict[int, Decimal]]:
    """By meter the quantity of each maker's assets in the period, of the newest usage records."""
    if not split.keys:
        return {}
    rows = UsageRecord.objects.filter(billed_period=period_id, meter__in=split.keys)
    newest: dict[tuple[UUID, int], UsageRecord] = {}
    for row in rows.order_by("generation"):
        newest[row.item_id, row.author_id] = row
    makers = _makers([row.asset_id for row in newest.values()])
    found: dict[str, dict[int, Decimal]] = defaultdict(dict)
    for row in newest.values():
        maker = makers.get(row.asset_id)
        if maker is not None:
            before = found[row.meter].get(maker, Decimal(0))
            found[row.meter][maker] = before + row.quantity
    return found


def _makers(asset_ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = Asset.objects.filter(pk__in=asset_ids, manufacturer__isnull=False)
    return dict(rows.values_list("pk", "manufacturer"))


def document_groups(document_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """A credit note is paid with what it corrects; every other document by itself."""
    rows = Invoice.objects.filter(id__in=list(document_ids)).values_list("id", "kind", "corrects")
    return {
        key: corrects if corrects and kind == Invoice.Kind.CREDIT_NOTE else key
        for key, kind, corrects in rows
    }


def periods_of(document_ids: Iterable[UUID]) -> list[UUID]:
    """Billed periods that the current company's documents have lines of."""
    rows = InvoiceLine.objects.filter(invoice__in=list(document_ids))
    return list(rows.order_by().values_list("billed_period", flat=True).distinct())


def targets_of(outcome: Outcome) -> Recorded:
    """By line, step and company; shares of the whole period have the empty key."""
    found: Recorded = defaultdict(int)
    for share in outcome.lines:
        found[cast(LineKey, share.line), share.step, share.party] += share.minor
    for moved in outcome.contract:
        found[LineKey(), moved.step, moved.party] += moved.minor
    return found
