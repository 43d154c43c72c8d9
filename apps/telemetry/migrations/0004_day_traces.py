"""A day keeps its usage and the trace of its readings: evidence is made of days, not of readings."""

from django.db import migrations, models

import apps.common.fields

# Worked in again without another version: what rests on these days stays as it is.
WORK_AGAIN = """
update telemetry_channelday set done_version = version - 1 where done_version = version
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0003_marks")]
    operations = [
        migrations.AddField("channelday", "usage", apps.common.fields.QuantityField(null=True)),
        migrations.AddField("channelday", "first_at", models.DateTimeField(null=True)),
        migrations.AddField("channelday", "longest_silence", models.BigIntegerField(null=True)),
        migrations.AddField("channelday", "digest", models.BinaryField(max_length=32, null=True)),
        migrations.RunSQL(WORK_AGAIN, migrations.RunSQL.noop),
    ]
