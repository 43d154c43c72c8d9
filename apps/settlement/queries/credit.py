"""What counts towards customers' credit limits: open, overdue, and what is not billed yet."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Sum

from apps.billing.models import Invoice, Receivable
from apps.billing.queries.running import running_cost
from apps.common.period import local_date
from apps.contracts.models import Contract
from apps.contracts.operations import Counted
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

Key = tuple[int, str]


def credit_counted(now: datetime) -> list[Counted]:
    """Of every customer with a limit in a contract in force. Drafts and running periods count gross."""
    own = current_company()
    active = Contract.objects.written_by(own).filter(state=Contract.State.ACTIVE)
    limited = active.filter(credit_limit_minor__isnull=False).order_by().values("customer")
    running = list(active.filter(customer__in=limited))
    limits: dict[Key, int] = defaultdict(int)
    for contract in running:
        if contract.credit_limit_minor is not None:
            limits[contract.customer_id, contract.currency] += contract.credit_limit_minor
    customers = Company.objects.in_bulk({customer for customer, _currency in limits})
    today = local_date(now, own.time_zone)
    owed = Receivable.objects.written_by(own).filter(customer__in=list(customers), open_minor__gt=0)
    open_sums, overdue = _sums(owed), _sums(owed.filter(due_on__lt=today))
    unbilled = _unbilled(running, set(limits), now)
    return [
        Counted(
            customers[key[0]], key[1], limit, open_sums.get(key, 0), overdue.get(key, 0),
            unbilled.get(key, 0),
        )
        for key, limit in sorted(limits.items())
    ]  # fmt: skip


def _sums(rows: object) -> dict[Key, int]:
    found = rows.order_by().values_list("customer", "currency").annotate(minor=Sum("open_minor"))  # type: ignore[attr-defined]
    return {(customer, currency): int(minor) for customer, currency, minor in found}


def _unbilled(contracts: Iterable[Contract], keys: set[Key], now: datetime) -> dict[Key, int]:
    """Invoices that are not issued yet, and what the periods under way cost so far."""
    found: dict[Key, int] = defaultdict(int)
    drafts = Invoice.objects.written_by(current_company()).exclude(state=Invoice.State.ISSUED)
    sums = drafts.filter(kind=Invoice.Kind.INVOICE).order_by().values_list("customer", "currency")
    for customer, currency, minor in sums.annotate(minor=Sum("gross_minor")):
        found[customer, currency] += int(minor)
    chosen = [row for row in contracts if (row.customer_id, row.currency) in keys]
    for cost in running_cost(chosen, now).values():
        found[cost.contract.customer_id, cost.contract.currency] += cost.gross_minor or 0
    return {key: minor for key, minor in found.items() if key in keys}
