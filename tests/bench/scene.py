"""Sets the scene by the owner's own statements: fast, and never part of what is measured.

Keys are made from a number, so that Python and SQL know the same ones without asking.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from apps.common.ids import encode

KINDS = {"type": 1, "channel": 2, "asset": 3, "contract": 4, "item": 5, "plan": 6, "order": 7,
         "period": 8, "invoice": 9, "line": 10, "tax": 11, "usage": 12, "signature": 13,
         "split": 14, "maker_terms": 15, "bank_terms": 16, "network": 17}  # fmt: skip
OFFSET = 10_000_000  # numbers of one company's things


@dataclass(frozen=True)
class Party:
    """A company of the cast."""

    id: int
    slug: str
    schema: str
    name: str


def party(connection: psycopg.Connection[Any], slug: str) -> Party:
    row = connection.execute(
        "select id, slug, schema_name, name from tenancy_company where slug = %s", [slug]
    ).fetchone()
    if row is None:
        raise LookupError(slug)
    return Party(*row)


def key(kind: str, company: int, number: int) -> uuid.UUID:
    """The key of a company's n-th thing of a kind; keys of one kind ascend with their number."""
    return uuid.UUID(f"01930000-{KINDS[kind]:04x}-7000-8000-{company * OFFSET + number:012x}")


def key_sql(kind: str, number: str = "n") -> str:
    """The same key in SQL; `%(company)s` is the company's key."""
    return (
        f"('01930000-{KINDS[kind]:04x}-7000-8000-' || "
        f"lpad(to_hex(%(company)s::bigint * {OFFSET} + {number}), 12, '0'))::uuid"
    )


def asset_id(company: int, number: int) -> str:
    """The public id of a company's n-th asset."""
    return encode("ast", key("asset", company, number))


ASSETS = f"""
insert into assets_asset (id, author_id, parties, asset_type_id, type_name, name, serial, site,
    provider_id, customer_id, made_at, last_reading_at, layout)
select {key_sql("asset")}, %(company)s, array[%(company)s, %(other)s]::int[],
    {key_sql("type", "0")}, 'Press', 'Press ' || lpad(n::text, 6, '0'), 'S' || n,
    'Hall ' || n %% 17, %(company)s, %(other)s, %(now)s, %(now)s, '{{}}'
from generate_series(1, %(count)s) n
"""
TYPE = f"""
insert into assets_assettype (id, author_id, parties, name, manufacturer, description, made_at,
    is_component, positions)
values ({key_sql("type", "0")}, %(company)s, array[%(company)s]::int[], 'Press', 'Maker', '', %(now)s,
    false, '[]')
"""
TYPE_CHANNEL = f"""
insert into assets_typechannel (id, author_id, parties, asset_type_id, code, title, kind, unit,
    restarts_from_zero, max_rate_per_hour, expected_interval_seconds, formula, earlier_formulas,
    usage_unit, mark)
values ({key_sql("channel", "0")}, %(company)s, array[%(company)s]::int[], {key_sql("type", "0")},
    'cycles', 'Cycles', 'counter', '{{cycle}}', true, 1000, 3600, '', '[]', '', '')
"""
CHANNELS = f"""
insert into {{schema}}.telemetry_channel (asset_id, asset_label, code, title, kind, unit,
    restarts_from_zero, max_rate_per_hour, expected_interval_seconds, derived, depth, usage_unit,
    meters)
select {key_sql("asset")}, 'Press ' || lpad(n::text, 6, '0'), 'cycles', 'Cycles', 'counter', '{{{{cycle}}}}',
    true, 1000, 3600, '[]', 0, '', '[]'
from generate_series(1, %(count)s) n
"""


def make_assets(
    connection: psycopg.Connection[Any], own: Party, other: Party, count: int, now: datetime
) -> None:
    """Assets 1..count of one type with one counter channel `cycles` each, held with `other`."""
    given = {"company": own.id, "other": other.id, "count": count, "now": now}
    with connection.transaction():
        for statement in (TYPE, TYPE_CHANNEL, ASSETS):
            connection.execute(statement, given)
        connection.execute(CHANNELS.format(schema=own.schema), given)
    analyse(connection, ["assets_asset", f"{own.schema}.telemetry_channel"])


def analyse(connection: psycopg.Connection[Any], tables: Sequence[str]) -> None:
    """What autovacuum would have done by itself a little later."""
    for table in tables:
        connection.execute(f"vacuum analyze {table}")


def make_month(connection: psycopg.Connection[Any], own: Party, month: datetime) -> None:
    connection.execute(f"select {own.schema}.telemetry_make_month(%s)", [month.date()])
