"""What the current company sees of the moved tires: documents, shares, and where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, Sum

from apps.assets.models import Asset, Mounting
from apps.billing.models import Correction, Invoice, InvoiceLine
from apps.demo.operations import MOVED_TIRES
from apps.settlement.models import Share

TIRE = "RT-0001"


@dataclass(frozen=True, slots=True)
class Part:
    """One company's share of the month: at first, what the late reading moved, and now."""

    name: str
    currency: str
    first: int
    moved: int

    @property
    def now(self) -> int:
        return self.first + self.moved


@dataclass(frozen=True, slots=True)
class Told:
    """The parts of the story that the company has a right to see; None or empty: not its own."""

    tire: Asset | None
    mountings: Sequence[Mounting]
    invoice: Invoice | None
    line: InvoiceLine | None
    correction: Correction | None
    documents: Sequence[Invoice]
    parts: Sequence[Part]

    @property
    def moved(self) -> Mounting | None:
        """The mounting that ended in the middle of the month."""
        return next((row for row in self.mountings if row.dismounted_at is not None), None)


def moved_tires() -> Told:
    """Whatever is seen of it; seven small queries."""
    tire = Asset.objects.filter(serial=TIRE).first()
    correction = _correction()
    invoice = _invoice(correction)
    return Told(
        tire=tire, mountings=_mountings(tire), invoice=invoice, line=_line(invoice, tire),
        correction=correction, documents=_documents(correction), parts=_parts(),
    )  # fmt: skip


def _correction() -> Correction | None:
    rows = Correction.objects.filter(
        contract__title=MOVED_TIRES, state=Correction.State.ISSUED
    ).select_related("contract")
    found: Correction | None = rows.order_by("found_at").first()
    return found


def _invoice(correction: Correction | None) -> Invoice | None:
    if correction is None:
        return None
    lines = InvoiceLine.objects.filter(billed_period=correction.billed_period, generation=0)
    first = lines.select_related("invoice").first()
    return first.invoice if first else None


def _line(invoice: Invoice | None, tire: Asset | None) -> InvoiceLine | None:
    if invoice is None or tire is None:
        return None
    found: InvoiceLine | None = InvoiceLine.objects.filter(
        invoice=invoice, asset_id=tire.pk
    ).first()
    return found


def _mountings(tire: Asset | None) -> list[Mounting]:
    if tire is None:
        return []
    return list(Mounting.objects.filter(component=tire, withdrawn_at=None).order_by("mounted_at"))


def _documents(correction: Correction | None) -> list[Invoice]:
    if correction is None:
        return []
    return list(Invoice.objects.filter(correction=correction).order_by("kind"))


def _parts() -> list[Part]:
    """Shares of the month that the late reading moved: a provider sees all, a partner its own."""
    rows = Share.objects.filter(contract_title=MOVED_TIRES)
    settled: UUID | None = rows.filter(generation__gt=1).values_list("settled", flat=True).first()
    at_first = Sum("amount_minor", filter=Q(generation=1), default=0)
    later = Sum("amount_minor", filter=Q(generation__gt=1), default=0)
    sums = rows.filter(settled=settled).values_list("partner_name", "currency")
    return [
        Part(*row) for row in sums.annotate(first=at_first, moved=later).order_by("partner_name")
    ]
