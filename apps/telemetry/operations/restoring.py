"""Bringing back what a company's schema has lost, from its backup beside it.

Readings, what they belong to and what people said come back; all that follows from them is found anew, because
each touched (channel, day) is marked as if the readings had come in late. What was billed rests on the
same readings again: its records are looked at, found equal, and nothing is corrected.
"""

from datetime import datetime

from django.db import connection

from apps.tenancy.beside import Beside, bring_back

# Found anew by the roll-up, or only of use while it ran.
FOLLOWS = frozenset({
    "telemetry_hourrollup", "telemetry_discontinuity", "telemetry_disbelief", "telemetry_derivedcarry",
    "telemetry_mark", "telemetry_derivemark",
})  # fmt: skip
# More than a day's version can have risen since any backup: a record that rests on a version the
# live schema has forgotten must not meet the same number again with other readings behind it.
VERSIONS_ON = 1_000_000
# The key of a channel means the same asset and code here and there.
_SAME_CHANNEL = """exists (select from {live}.telemetry_channel n join {beside}.telemetry_channel o
    using (id, asset_id, code) where n.id = b.channel_id)"""
# Withdrawn since, or past the time a company keeps readings: gone on purpose.
_WITHDRAWN = """exists (select from {live}.telemetry_replaced r
    where r.channel_id = b.channel_id and r.measured_at = b.{time})"""
# A level at exactly midnight belongs to the day that ends there; of a delta and a person's word
# both days are looked at.
_TOUCHED = (
    ("telemetry_level", "(b.measured_at - interval '1 microsecond') at time zone 'UTC'"),
    ("telemetry_delta", "b.counted_at at time zone 'UTC'"),
    ("telemetry_channelday", "b.day"),
    ("telemetry_hourrollup", "b.hour at time zone 'UTC'"),
    ("telemetry_discontinuity", "(b.measured_at - interval '1 microsecond') at time zone 'UTC'"),
    ("telemetry_disbelief", "(b.measured_at - interval '1 microsecond') at time zone 'UTC'"),
    ("telemetry_declaration", "(b.measured_at - interval '1 microsecond') at time zone 'UTC'"),
    ("telemetry_declaration", "b.measured_at at time zone 'UTC'"),
)
_MONTHS = "select distinct date_trunc('month', b.measured_at at time zone 'UTC')::date "


def conditions_of(edge: datetime) -> dict[str, str]:
    """What a missing row must be to come back, by table."""
    kept = "b.{time} >= '" + edge.isoformat() + "'::timestamptz"
    reading = f"{_SAME_CHANNEL} and {kept} and not {_WITHDRAWN}"
    return {
        "telemetry_level": reading.replace("{time}", "measured_at"),
        "telemetry_delta": reading.replace("{time}", "counted_at"),
        "telemetry_replaced": f"{_SAME_CHANNEL} and {kept}".replace("{time}", "measured_at"),
        "telemetry_channelday": _SAME_CHANNEL,
        "telemetry_declaration": _SAME_CHANNEL,
    }


def bring_back_readings(*, pair: Beside, edge: datetime) -> dict[str, int]:
    """Insert what is missing and mark its days; rows by table. `edge`: readings are kept from it on.

    Run as the owner, within `tenancy.beside.beside`; then ask for a roll-up as the company.
    """
    conditions = conditions_of(edge)

    def before(pair: Beside) -> None:
        _make_months(pair, conditions)
        _mark(pair)
        _raise_versions(pair)

    return bring_back(pair=pair, leave=FOLLOWS, conditions=conditions, before=before)


def _make_months(pair: Beside, conditions: dict[str, str]) -> None:
    levels = pair.tables["telemetry_level"]
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS + pair.missing(levels, conditions["telemetry_level"]))
        for (month,) in cursor.fetchall():
            cursor.execute(f"select {pair.live}.telemetry_make_month(%s)", [month])


def _mark(pair: Beside) -> None:
    """A mark for each day of a channel that misses anything; also of what follows from readings.

    Written before the rows: a channel that is missing itself has its days marked too.
    """
    known = f"exists (select from {pair.beside}.telemetry_channel c where c.id = b.channel_id)"
    with connection.cursor() as cursor:
        for name, day in _TOUCHED:
            table = pair.tables[name]
            cursor.execute(
                f"insert into {pair.live}.telemetry_mark (channel_id, day) "
                f"select distinct b.channel_id, ({day})::date from {pair.beside}.{name} b "
                f"where {known} and not exists (select from {pair.live}.{name} l where {table.same})"
            )


def _raise_versions(pair: Beside) -> None:
    """Days that come back count on far above what they can have had."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"update {pair.beside}.telemetry_channelday set version = version + {VERSIONS_ON}, "
            f"done_version = done_version + {VERSIONS_ON}"
        )
