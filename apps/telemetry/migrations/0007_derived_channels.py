"""Channels derived from others: their definitions, what a day hands on, and days to be derived."""

import django.db.models.deletion
from django.db import migrations, models

# Appended where an input's day was worked, taken away where the derived day is: no key, no waiting.
MARKS = """
create table telemetry_derivemark (
    channel_id integer not null,
    day date not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
"""


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0006_corrections")]
    operations = [
        migrations.AddField("channel", "derived", models.JSONField(default=list)),
        migrations.AddField("channel", "depth", models.SmallIntegerField(default=0)),
        migrations.AddIndex(
            "channel",
            models.Index(
                fields=["asset_id"], name="telemetry_channel_derived",
                condition=models.Q(depth__gt=0),
            ),
        ),
        migrations.CreateModel(
            "DerivedCarry",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                ("carry", models.JSONField()),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="carries",
                        to="telemetry.channel",
                    ),
                ),
            ],
            options={
                "ordering": ["channel", "day"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["channel", "day"], name="telemetry_carry_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(MARKS, migrations.RunSQL.noop),
    ]
