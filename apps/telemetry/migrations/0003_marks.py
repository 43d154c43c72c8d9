"""Marks are appended where readings come in; the roll-up folds them into the days."""

from django.db import migrations

# No key: an update of a keyed row for every (channel, day) cost intake more than the readings did.
# Rows live for seconds, so the dead ones are swept often.
MARKS = """
create table telemetry_mark (
    channel_id integer not null,
    day date not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0002_readings")]
    operations = [migrations.RunSQL(MARKS, migrations.RunSQL.noop)]
