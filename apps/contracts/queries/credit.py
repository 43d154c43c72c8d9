"""How a customer stands to its credit limit, for people."""

from apps.contracts.models import CreditUse
from apps.tenancy.context import current_company


def use_above(customer_id: int, currency: str) -> CreditUse | None:
    """As last counted for the current company; None within the limit, or where none is agreed."""
    rows = CreditUse.objects.written_by(current_company())
    found: CreditUse | None = rows.filter(customer=customer_id, currency=currency).first()
    return found if found is not None and found.is_above else None
