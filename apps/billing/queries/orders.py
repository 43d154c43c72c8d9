"""Purchase orders of contracts, with what is left of them."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Case, F, Sum, Value, When
from django.db.models.fields.json import KT

from apps.billing.domain.orders import Order
from apps.billing.models import Invoice, PurchaseOrder
from apps.common.period import Period, local_date
from apps.contracts.models import Contract
from apps.tenancy.context import current_company

Orders = dict[UUID, list[Order]]


def orders_of(contracts: Iterable[UUID]) -> Orders:
    """By contract, in the order of their days. One query, one more where an amount is bounded."""
    own = current_company()
    rows = list(
        PurchaseOrder.objects.written_by(own)
        .filter(contract__in=list(contracts))
        .order_by("contract", "valid_from", "number")
    )
    bounded = [row.contract_id for row in rows if row.amount_minor is not None]
    billed = _billed(bounded) if bounded else {}
    found: Orders = {}
    for row in rows:
        left = None
        if row.amount_minor is not None:
            left = row.amount_minor - billed.get((row.contract_id, row.number), 0)
        found.setdefault(row.contract_id, []).append(
            Order(row.number, row.valid_from, row.valid_until, left)
        )
    return found


def _billed(contracts: Iterable[UUID]) -> dict[tuple[UUID, str], int]:
    """Net of all documents that name the order, drafts too, less credit notes."""
    sign = Case(When(kind=Invoice.Kind.CREDIT_NOTE, then=Value(-1)), default=Value(1))
    rows = (
        Invoice.objects.written_by(current_company())
        .filter(contract__in=list(contracts))
        .annotate(order_number=KT("facts__terms__order_number"))
        .order_by()
        .values_list("contract", "order_number")
        .annotate(net=Sum(F("net_minor") * sign))
    )
    return {(contract, number): int(net) for contract, number, net in rows}


def last_day(contract: Contract, period: Period) -> date:
    """The last day of a period in the contract's zone."""
    return local_date(period.end - timedelta(microseconds=1), contract.time_zone)
