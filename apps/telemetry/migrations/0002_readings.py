"""The tables of readings: levels by month partitions, deltas in one table, and the month maker."""

from django.db import migrations

# One unique key per table: a second one would halve the rate of intake.
TABLES = """
create table telemetry_level (
    channel_id integer not null,
    measured_at timestamptz not null,
    value numeric not null,
    received_at timestamptz not null,
    constraint telemetry_level_once primary key (channel_id, measured_at),
    constraint telemetry_level_value check (value > -1e18 and value < 1e18)
) partition by range (measured_at);
create table telemetry_delta (
    channel_id integer not null,
    event_key bytea not null,
    counted_at timestamptz not null,
    value numeric not null,
    received_at timestamptz not null,
    constraint telemetry_delta_once primary key (channel_id, event_key),
    constraint telemetry_delta_key check (length(event_key) = 16),
    constraint telemetry_delta_value check (value > -1e18 and value < 1e18)
);
create index telemetry_delta_time on telemetry_delta (channel_id, counted_at);
"""

# The application has no DDL: it asks the owner for a month, within bounds, and gets nothing else.
MONTH_MAKER = """
create function {schema}.telemetry_make_month(month date) returns void
language plpgsql security definer set search_path = {schema}, pg_temp as $$
declare
    first date := date_trunc('month', month)::date;
    name text := 'telemetry_level_' || to_char(first, 'YYYY_MM');
begin
    if first < date '1990-01-01' or first > (now() + interval '2 months')::date then
        raise exception 'no month of readings can be made for %', first
            using errcode = 'invalid_parameter_value';
    end if;
    perform pg_advisory_xact_lock(hashtext('{schema}.telemetry_level'));
    if to_regclass('{schema}.' || name) is null then
        execute format(
            'create table {schema}.%I partition of {schema}.telemetry_level '
            'for values from (%L) to (%L)',
            name, first::timestamp at time zone 'UTC',
            (first + interval '1 month')::timestamp at time zone 'UTC'
        );
    end if;
end $$;
revoke execute on function {schema}.telemetry_make_month(date) from public;
grant execute on function {schema}.telemetry_make_month(date) to peruse_app;
"""


def make_month_maker(apps, schema_editor):
    connection = schema_editor.connection
    schema = connection.ops.quote_name(connection.schema_name)
    schema_editor.execute(MONTH_MAKER.replace("{schema}", schema), None)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_initial")]
    operations = [
        migrations.RunSQL(TABLES, migrations.RunSQL.noop),
        migrations.RunPython(make_month_maker, migrations.RunPython.noop),
    ]
