"""How long readings are kept, and the only way a month of them goes."""

from django.db import migrations, models

# Runs as the owner: the application has no DDL. It asks for one month, and the conditions are
# checked here, where no other program can go round them. The amounts of the month go with it.
MONTH_DROPPER = """
create function {schema}.telemetry_drop_month(month date, needed_from timestamptz, present timestamptz)
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
    return true;
end $$;
revoke execute on function {schema}.telemetry_drop_month(date, timestamptz, timestamptz) from public;
grant execute on function {schema}.telemetry_drop_month(date, timestamptz, timestamptz)
    to peruse_app;
"""


def make_month_dropper(apps, schema_editor):
    connection = schema_editor.connection
    schema = connection.ops.quote_name(connection.schema_name)
    schema_editor.execute(MONTH_DROPPER.replace("{schema}", schema), None)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0004_day_traces")]
    operations = [
        migrations.AddField(
            model_name="retentionedge",
            name="keep_months",
            field=models.SmallIntegerField(default=120),
        ),
        migrations.AlterField(
            model_name="retentionedge",
            name="earliest",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name="retentionedge",
            constraint=models.CheckConstraint(
                condition=models.Q(("keep_months__gte", 12), ("keep_months__lte", 600)),
                name="telemetry_edge_months",
            ),
        ),
        migrations.RunPython(make_month_dropper, migrations.RunPython.noop),
    ]
