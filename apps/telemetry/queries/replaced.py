"""What channels said before: kept values, and readings as they stood at an instant."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from apps.telemetry.domain.belief import Reading
from apps.telemetry.models import Channel
from apps.telemetry.queries.readings import rows_of

_KEPT = """
select measured_at, value, stood_from, stood_until from {schema}.telemetry_replaced
where channel_id = %s and measured_at >= %s and measured_at <= %s
order by stood_until desc, measured_at desc limit %s
"""
# Those that still stand and those that stood then.
_STOOD = """
with stood as (
    select l.{at} as at, l.value from {schema}.telemetry_{table} l
    where l.channel_id = %(channel)s and l.received_at <= %(instant)s and not exists (
        select from {schema}.telemetry_disbelief b where b.channel_id = l.channel_id
            and b.measured_at = l.{at} and b.event_key is not distinct from {key})
    union all
    select measured_at, value from {schema}.telemetry_replaced
    where channel_id = %(channel)s and was_believed
        and stood_from <= %(instant)s and stood_until > %(instant)s
)
"""
_LEVELS = f"""{_STOOD}
(select at, value from stood where at <= %(start)s order by at desc limit 1) union all
(select at, value from stood where at > %(start)s and at <= %(end)s) order by 1
"""
_DELTAS = f"""{_STOOD}
select at, value from stood where at >= %(start)s and at < %(end)s order by 1
"""
_OF_LEVELS = {"{at}": "measured_at", "{table}": "level", "{key}": "null::bytea"}
_OF_DELTAS = {"{at}": "counted_at", "{table}": "delta", "{key}": "l.event_key"}


class Replaced(NamedTuple):
    """A value that a channel had at an instant, and from when until when it stood."""

    measured_at: datetime
    value: Decimal
    stood_from: datetime
    stood_until: datetime


def replaced_readings(
    channel: Channel, start: datetime, end: datetime, limit: int = 200
) -> list[Replaced]:
    """What was replaced of a stretch [start, end], the last replaced first."""
    return [Replaced(*row) for row in rows_of(_KEPT, [channel.pk, start, end, limit])]


def readings_as_of(
    channel: Channel, start: datetime, end: datetime, instant: datetime
) -> list[Reading]:
    """As `readings_between`, with the values as they stood at an instant that a period had ended by.

    Derived values that were replaced and readings of imports that were undone are there again; what
    came in later is left out. What was believed is known as it is today.
    """
    is_delta = channel.kind == "delta"
    statement = _DELTAS if is_delta else _LEVELS
    for name, text in (_OF_DELTAS if is_delta else _OF_LEVELS).items():
        statement = statement.replace(name, text)
    wanted = {"channel": channel.pk, "instant": instant, "start": start, "end": end}
    return [Reading(*row) for row in rows_of(statement, wanted)]
