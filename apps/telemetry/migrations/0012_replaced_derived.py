"""Readings that stood when a period could be billed are kept when they go: derived and imported ones."""

from django.db import migrations

TABLE = """
create table telemetry_replaced (
    channel_id integer not null,
    measured_at timestamptz not null,
    value numeric not null,
    stood_from timestamptz not null,
    stood_until timestamptz not null,
    was_believed boolean not null,
    import_run uuid
);
create index telemetry_replaced_place on telemetry_replaced (channel_id, measured_at);
"""
# As 0005 made it; what was replaced goes with the readings of its month.
MONTH_DROPPER = """
create or replace function {schema}.telemetry_drop_month(month date, needed_from timestamptz, present timestamptz)
returns boolean
language plpgsql security definer set search_path = {schema}, pg_temp as $$
declare
    first date := date_trunc('month', month)::date;
    begins timestamptz := first::timestamp at time zone 'UTC';
    ends timestamptz := (first + interval '1 month')::timestamp at time zone 'UTC';
    name text := 'telemetry_level_' || to_char(first, 'YYYY_MM');
    kept integer := coalesce((select keep_months from telemetry_retentionedge where id = 1), 120);
    fresh boolean;
begin
    if ends > date_trunc('month', least(present, now()) at time zone 'UTC')
            at time zone 'UTC' - make_interval(months => kept)
        or ends > needed_from
        or exists (select from telemetry_channelday d where d.version <> d.done_version
            and d.day >= first - 1 and d.day <= (first + interval '1 month')::date)
        or exists (select from telemetry_mark m
            where m.day >= first - 1 and m.day <= (first + interval '1 month')::date)
        or to_regclass('{schema}.' || name) is null
    then
        return false;
    end if;
    execute format('select exists (select from {schema}.%I where received_at > $1)', name)
        into fresh using present - interval '90 days';
    if fresh or exists (select from telemetry_delta where counted_at >= begins
            and counted_at < ends and received_at > present - interval '90 days') then
        return false;
    end if;
    set local lock_timeout = '5s';
    execute format('drop table {schema}.%I', name);
    delete from telemetry_delta where counted_at >= begins and counted_at < ends;
    delete from telemetry_replaced where measured_at >= begins and measured_at < ends;
    return true;
end $$;
revoke execute on function {schema}.telemetry_drop_month(date, timestamptz, timestamptz) from public;
grant execute on function {schema}.telemetry_drop_month(date, timestamptz, timestamptz)
    to peruse_app;
"""
# Kept is kept: only the owner's month dropper takes rows away.
APPEND_ONLY = "revoke update, delete, truncate on {schema}.telemetry_replaced from peruse_app"


def prepare(apps, schema_editor):
    connection = schema_editor.connection
    schema = connection.ops.quote_name(connection.schema_name)
    for statement in (APPEND_ONLY, MONTH_DROPPER):
        schema_editor.execute(statement.replace("{schema}", schema), None)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0011_meters_by_two")]
    operations = [
        migrations.RunSQL(TABLE, migrations.RunSQL.noop),
        migrations.RunPython(prepare, migrations.RunPython.noop),
    ]
