"""Many active contracts with metered assets: the scene of the invoice run and of the pages."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from apps.pricing.plan import PricePlan
from apps.telemetry.operations import recompute_dirty
from apps.tenancy.context import company_context
from tests.bench import people, scene
from tests.bench.scene import Party, key_sql

LABEL = "2026-10"
STARTS_ON = date(2026, 10, 1)
ZONE = "Europe/Berlin"
# Four readings: the opening one before the month begins, the closing one on its last day.
READINGS = [
    (datetime(2026, 9, 30, 12, tzinfo=UTC), 0),
    (datetime(2026, 10, 10, 12, tzinfo=UTC), 300),
    (datetime(2026, 10, 20, 12, tzinfo=UTC), 900),
    (datetime(2026, 10, 31, 12, tzinfo=UTC), 1400),
]
# A fee and three tiers: four lines on each invoice.
PLAN = PricePlan.from_dict(
    {
        "name": "Press by the cycle", "currency": "EUR",
        "charges": [
            {"code": "base", "model": "flat_fee", "title": {"de": "Grundpreis", "en": "Base fee"},
             "amount": "49"},
            {"code": "cycles", "model": "graduated", "title": {"de": "Takte", "en": "Cycles"},
             "meter": "cycles", "unit": "{cycle}", "tiers": [
                {"up_to": "500", "unit_price": "0.12"}, {"up_to": "1000", "unit_price": "0.09"},
                {"up_to": None, "unit_price": "0.071"},
            ]},
        ],
    }
)  # fmt: skip

SHARED = "%(company)s, array[%(company)s, %(other)s]::int[]"
STATEMENTS = [
    f"""
insert into contracts_contract (id, author_id, parties, customer_id, provider_name, customer_name,
    title, state, starts_on, period_kind, time_zone, currency, tax_category, payment_days, corrections,
    buyer_reference, order_number, is_one_off, data_clause, data_sheet, drafted_at, offered_at, activated_at)
select {key_sql("contract")}, {SHARED}, %(other)s, %(name)s, %(other_name)s, 'Press ' || n,
    'offered', %(starts_on)s, 'month', %(zone)s, 'EUR', 'S', 30, 'at_once', '', '', false, '[]', '{{}}',
    %(now)s, %(now)s, %(now)s
from generate_series(1, %(count)s) n
""",
    f"""
insert into contracts_contractitem (id, author_id, parties, contract_id, asset_id, asset_label, meter,
    channel_code, unit, follows_host)
select {key_sql("item")}, {SHARED}, {key_sql("contract")}, {key_sql("asset")},
    'Press ' || lpad(n::text, 6, '0'), 'cycles', 'cycles', '{{cycle}}', false
from generate_series(1, %(count)s) n
""",
    f"""
insert into contracts_planversion (id, author_id, parties, contract_id, number, valid_from, plan,
    plan_sha256, made_at)
select {key_sql("plan")}, {SHARED}, {key_sql("contract")}, 1, %(starts_on)s, %(plan)s::jsonb,
    %(plan_hash)s, %(now)s
from generate_series(1, %(count)s) n
""",
    "update contracts_contract set state = 'active' where author_id = %(company)s",
    f"""
insert into metering_meteringorder (id, author_id, parties, collector_id, contract_id, item_id,
    customer_id, asset_id, asset_label, meter, channel_code, unit, time_zone, period_kind, starts_at,
    follows_host, stays, host_ids, calendars)
select {key_sql("order")}, %(company)s, array[%(company)s]::int[], %(company)s, {key_sql("contract")},
    {key_sql("item")}, %(other)s, {key_sql("asset")}, 'Press ' || lpad(n::text, 6, '0'), 'cycles',
    'cycles', '{{cycle}}', %(zone)s, 'month', %(starts_at)s, false, '[]', array[]::uuid[], '[]'
from generate_series(1, %(count)s) n
""",
]
TABLES = [
    "contracts_contract", "contracts_contractitem", "contracts_planversion",
    "metering_meteringorder",
]  # fmt: skip

# What the portal worked out for the first channel, for all others: scaled by 1 to 7, and moved.
COPIED = """
insert into {schema}.telemetry_level (channel_id, measured_at, value, received_at)
select c.id, l.measured_at, l.value * (1 + c.id % 7) + c.id % 100, l.received_at
from {schema}.telemetry_channel c, {schema}.telemetry_level l
where l.channel_id = {first} and c.id > {first};
insert into {schema}.telemetry_channelday (channel_id, day, version, done_version, opening_at,
    opening_value, closing_at, closing_value, reading_count, usage, first_at, longest_silence,
    digest)
select c.id, d.day, d.version, d.done_version, d.opening_at,
    d.opening_value * (1 + c.id % 7) + c.id % 100, d.closing_at,
    d.closing_value * (1 + c.id % 7) + c.id % 100, d.reading_count, d.usage * (1 + c.id % 7),
    d.first_at, d.longest_silence, (
        select sha256(convert_to(string_agg(replace((l.measured_at at time zone 'UTC')::text,
            ' ', 'T') || 'Z,' || trim_scale(l.value)::text || E'\\n', '' order by l.measured_at),
            'UTF8'))
        from {schema}.telemetry_level l where l.channel_id = c.id
            and l.measured_at > (d.day::timestamp at time zone 'UTC')
            and l.measured_at <= ((d.day + 1)::timestamp at time zone 'UTC'))
from {schema}.telemetry_channel c, {schema}.telemetry_channelday d
where d.channel_id = {first} and c.id > {first};
insert into {schema}.telemetry_hourrollup (channel_id, hour, reading_count, usage, last_at,
    last_value, minimum, maximum)
select c.id, h.hour, h.reading_count, h.usage * (1 + c.id % 7), h.last_at,
    h.last_value * (1 + c.id % 7) + c.id % 100, h.minimum * (1 + c.id % 7) + c.id % 100,
    h.maximum * (1 + c.id % 7) + c.id % 100
from {schema}.telemetry_channel c, {schema}.telemetry_hourrollup h
where h.channel_id = {first} and c.id > {first}
"""


def make_contracts(
    owner: psycopg.Connection[Any], own: Party, other: Party, count: int, now: datetime,
    readings: Sequence[tuple[datetime, int]] = READINGS, assets: int = 0,
) -> None:  # fmt: skip
    """Contracts 1..count on assets 1..count, active since October 2026, with readings.

    `assets`: how many there are where more than the contracts cover.
    """
    scene.make_assets(owner, own, other, assets or count, now - timedelta(days=400))
    given = {
        "company": own.id, "other": other.id, "name": own.name, "other_name": other.name,
        "count": count, "now": now - timedelta(days=60), "starts_on": STARTS_ON, "zone": ZONE,
        "starts_at": datetime(2026, 9, 30, 22, tzinfo=UTC),
        "plan": json.dumps(PLAN.to_dict()), "plan_hash": PLAN.hash,
    }  # fmt: skip
    for statement in STATEMENTS:
        owner.execute(statement, given)
    scene.analyse(owner, TABLES)
    make_readings(owner, own, now, readings)


def make_readings(
    owner: psycopg.Connection[Any], own: Party, now: datetime,
    readings: Sequence[tuple[datetime, int]],
) -> None:  # fmt: skip
    """One channel's readings go the portal's own way; the others' are made after its pattern."""
    for month in {datetime(at.year, at.month, 1, tzinfo=UTC) for at, _ in readings}:
        scene.make_month(owner, own, month)
    first = owner.execute(f"select min(id) from {own.schema}.telemetry_channel").fetchone()
    channel = first[0] if first else 0
    with owner.cursor() as cursor:
        cursor.executemany(
            f"insert into {own.schema}.telemetry_level values (%s, %s, %s, %s)",
            [(channel, instant, value, now) for instant, value in readings],
        )
        cursor.executemany(
            f"insert into {own.schema}.telemetry_channelday (channel_id, day, version, "
            "done_version, reading_count) values (%s, %s, 1, 0, 0)",
            [(channel, day) for day in sorted({instant.date() for instant, _ in readings})],
        )
    with company_context(people.company_of(own)):
        recompute_dirty(now=now)
    owner.execute(COPIED.format(schema=own.schema, first=channel))
    names = ("level", "channelday", "hourrollup")
    scene.analyse(owner, [f"{own.schema}.telemetry_{name}" for name in names])
