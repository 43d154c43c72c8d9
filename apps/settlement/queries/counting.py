"""How many documents settle partners' shares, for the plan."""

from datetime import datetime

from apps.settlement.models import Statement
from apps.tenancy.context import current_company


def statements_since(since: datetime) -> int:
    """Documents the current company settled its partners' shares on since then."""
    rows = Statement.objects.written_by(current_company())
    return int(rows.filter(issued_at__gte=since).count())
