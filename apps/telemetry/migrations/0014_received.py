"""How many readings a company received, by the hour it received them: what its plan counts in a month."""

from django.db import migrations

# Appended where readings come in, like marks: one keyed row that every batch raised would let all senders of a
# company wait for each other. The roll-up folds them into their hours.
RECEIVED = """
create table telemetry_received (
    received_at timestamptz not null,
    readings integer not null constraint telemetry_received_readings check (readings > 0)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create table telemetry_receivedhour (
    hour timestamptz not null constraint telemetry_receivedhour_pkey primary key,
    readings bigint not null constraint telemetry_receivedhour_readings check (readings > 0)
);
"""
# What the running month counted so far, by the day measured, is not forgotten; of 62 days, so that no period is
# left out.
KNOWN = """
insert into telemetry_receivedhour (hour, readings)
select day::timestamp at time zone 'UTC', sum(reading_count) from telemetry_channelday
where day >= current_date - 62 and reading_count > 0 group by day
"""
DROP = "drop table telemetry_received; drop table telemetry_receivedhour"


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0013_undo_imports")]
    operations = [
        migrations.RunSQL(RECEIVED, DROP),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    ]
