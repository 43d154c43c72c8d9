"""The lock order of billing: contracts by id, their invoices, receivables by id, customers' credits,
the number series last.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from apps.billing.models import Invoice
from apps.contracts.models import Contract
from apps.tenancy.context import current_company


def lock_contracts(contract_ids: Iterable[UUID]) -> dict[UUID, Contract]:
    """The current company's own contracts of these keys, locked in the order of their keys."""
    rows = (
        Contract.objects.written_by(current_company())
        .filter(id__among=set(contract_ids))
        .order_by("id")
        .select_for_update(of=("self",))
    )
    return {contract.id: contract for contract in rows}


def lock_invoices(invoices: Iterable[Invoice | UUID]) -> list[Invoice]:
    """The current company's own invoices (or their keys), after their contracts.

    Freshly read, in billing order; others' and absent ones are left out. The credit note and the
    additional invoice of one correction come together: they are approved and issued as one.
    """
    keys = {item.id if isinstance(item, Invoice) else item for item in invoices}
    mine = Invoice.objects.written_by(current_company())
    together = mine.filter(id__among=keys, correction__isnull=False).values("correction")
    own = mine.filter(Q(id__among=keys) | Q(correction__in=together))
    lock_contracts(own.values_list("contract_id", flat=True))
    return list(
        own.order_by("period_end", "contract_id", "period_start", "id").select_for_update(
            of=("self",)
        )
    )
