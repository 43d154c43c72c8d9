"""How many readings the current company received, and whether its plan stores more of them this month."""

from datetime import datetime

from django.db import connection

from apps.subscriptions.domain.limits import Counted
from apps.subscriptions.queries import month_of, own_subscription, plan_in_force

# Of the hour an instant lies in nothing is told apart any more once it is folded: what was received in an hour
# that began before the instant belongs to the period before, so that nothing is counted in two.
_COUNT = """
select coalesce((select sum(readings) from telemetry_receivedhour where hour >= %(since)s), 0)
    + coalesce((
        select sum(readings) from telemetry_received
        where date_trunc('hour', received_at, 'UTC') >= %(since)s), 0)
"""


def readings_received(since: datetime) -> int:
    """Stored in whole hours (UTC) from the instant on, whenever they were measured: what its plan counts.

    Duplicates and what was refused are not among them; what was withdrawn later still is.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"since": since})
        return int(cursor.fetchone()[0])


def is_month_full_now(now: datetime) -> bool:
    """Whether the current company's plan stores no more readings this month."""
    found = own_subscription()
    most = plan_in_force(found, now).most(Counted.READINGS)
    return most is not None and readings_received(month_of(found, now)) >= most
