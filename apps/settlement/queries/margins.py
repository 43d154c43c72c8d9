"""Contract margin by month and asset: revenue, less what others have of it, less what orders cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, F, QuerySet, Sum, When
from django.db.models.functions import TruncMonth

from apps.billing.models import Invoice, InvoiceLine
from apps.common.fields import MinorField
from apps.contracts.models import Contract
from apps.settlement.models import Share
from apps.tenancy.context import current_company


@dataclass(slots=True)
class Margin:
    """Of one month of the contract's zone and one asset (empty: the contract as a whole); minor units."""

    month: date
    asset: str
    label: str
    revenue_minor: int = 0
    shared_minor: int = 0
    cost_minor: int = 0

    @property
    def margin_minor(self) -> int:
        return self.revenue_minor - self.shared_minor - self.cost_minor


def margins_of(contract: Contract) -> list[Margin]:
    """By month, the latest first, and asset. What is not in the contract's currency is left out.

    Revenue and costs are what issued documents say, net. Three queries.
    """
    found: dict[tuple[date, str], Margin] = {}
    for name, rows in (
        ("revenue_minor", _revenue(contract)), ("shared_minor", _shared(contract)),
        ("cost_minor", _costs(contract)),
    ):  # fmt: skip
        for month, asset, label, minor in rows:
            key = month, str(asset or "")
            item = found.setdefault(key, Margin(month, key[1], label))
            setattr(item, name, getattr(item, name) + int(minor))
    return sorted(found.values(), key=lambda row: (-row.month.toordinal(), row.label, row.asset))


def by_month(margins: Iterable[Margin]) -> list[tuple[Margin, list[Margin]]]:
    """Each month's sum with its assets, in the order given."""
    found: dict[date, tuple[Margin, list[Margin]]] = {}
    for row in margins:
        total, rows = found.setdefault(row.month, (Margin(row.month, "", ""), []))
        rows.append(row)
        total.revenue_minor += row.revenue_minor
        total.shared_minor += row.shared_minor
        total.cost_minor += row.cost_minor
    return list(found.values())


Rows = Iterable[tuple[date, Any, str, int]]


def _signed() -> Case:
    credit = When(invoice__kind=Invoice.Kind.CREDIT_NOTE, then=-F("net_minor"))
    return Case(credit, default=F("net_minor"), output_field=MinorField())


def _month(field: str, contract: Contract) -> TruncMonth:
    return TruncMonth(field, tzinfo=ZoneInfo(contract.time_zone))


def _issued(contract: Contract) -> QuerySet[InvoiceLine]:
    rows: QuerySet[InvoiceLine] = InvoiceLine.objects.filter(
        invoice__state=Invoice.State.ISSUED, invoice__currency=contract.currency
    )
    return rows


def _revenue(contract: Contract) -> Rows:
    rows = _issued(contract).filter(billed_period__contract=contract)
    summed = rows.order_by().values_list(
        _month("billed_period__start", contract), "asset_id", "asset_label"
    )
    return _dated(summed.annotate(minor=Sum(_signed())))


def _shared(contract: Contract) -> Rows:
    rows = Share.objects.written_by(current_company()).filter(settled__contract=contract)
    others = rows.exclude(partner=current_company()).order_by()
    summed = others.values_list(_month("period_start", contract), "asset_id", "asset_label")
    return _dated(summed.annotate(minor=Sum("amount_minor")))


def _costs(contract: Contract) -> Rows:
    """What others charge for it; the cost object says for which asset."""
    own, noted = current_company(), "invoice__contract__cost_objects__"
    rows = _issued(contract).filter(
        **{"invoice__customer": own, f"{noted}author": own, f"{noted}serves": contract}
    )
    summed = rows.order_by().values_list(
        _month("billed_period__start", contract), f"{noted}asset", f"{noted}asset_label"
    )
    return _dated(summed.annotate(minor=Sum(_signed())))


def _dated(rows: Iterable[tuple[Any, Any, str, int]]) -> Rows:
    return ((moment.date(), asset, label, minor) for moment, asset, label, minor in rows)


def contracts_with_revenue() -> QuerySet[Contract]:
    """The company's own contracts that something was ever issued for, by title."""
    issued = Invoice.objects.written_by(current_company()).filter(state=Invoice.State.ISSUED)
    rows: QuerySet[Contract] = Contract.objects.written_by(current_company())
    return rows.filter(id__in=issued.order_by().values("contract")).order_by("title", "id")
