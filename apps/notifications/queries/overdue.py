"""Own invoices that have fallen overdue since it was last said."""

from datetime import date, timedelta
from typing import Any

from apps.billing.models import Receivable
from apps.notifications.domain.told import Told
from apps.notifications.models import Notification
from apps.tenancy.context import current_company

TOPIC, MESSAGE = "overdue", "fell_overdue"
# Where nothing was said for longer, what fell overdue before is no news any more.
LOOKED_BACK = timedelta(days=7)


def fallen_overdue(today: date) -> list[Told]:
    """One message of all that is open and whose day has passed since; none where there is nothing."""
    rows = Receivable.objects.written_by(current_company()).of_documents().overdue(today)
    found = rows.filter(due_on__gte=_told_until(today)).order_by("due_on", "id")
    count = found.count()
    if not count:
        return []
    facts: dict[str, Any] = {"count": count, "until_on": today.isoformat()}
    if count > 1:
        return [Told(TOPIC, MESSAGE, "", facts)]
    first = found.select_related("invoice__contract").get()
    facts |= {
        "number": first.invoice.number, "company": first.invoice.contract.customer_name,
        "amount": [first.open_minor, first.currency],
        "since_on": (first.due_on + timedelta(days=1)).isoformat(),
    }  # fmt: skip
    return [Told(TOPIC, MESSAGE, first.invoice.public_id, facts)]


def _told_until(today: date) -> date:
    """The first day due of which nobody was told: what was said reaches up to a day before it."""
    said = Notification.objects.written_by(current_company()).filter(topic=TOPIC)
    last = said.order_by("-created_at").values_list("params", flat=True).first()
    earliest = today - LOOKED_BACK
    return earliest if last is None else max(earliest, date.fromisoformat(last["until_on"]))
