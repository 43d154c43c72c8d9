"""Folding what intake counted into its hours."""

from django.db import connection

from apps.telemetry.operations.storing import in_schema

_FOLD = """
with gone as (
    delete from {schema}.telemetry_received returning received_at, readings
)
insert into {schema}.telemetry_receivedhour as h (hour, readings)
select date_trunc('hour', received_at, 'UTC'), sum(readings) from gone group by 1 order by 1
on conflict (hour) do update set readings = h.readings + excluded.readings
"""


def fold_received() -> None:
    """One statement: who counts meanwhile sees each reading once, before or after."""
    with connection.cursor() as cursor:
        cursor.execute(in_schema(_FOLD))
