"""An import can be undone: it knows the instants its readings are stored with."""

import django.contrib.postgres.fields
from django.db import migrations, models

STATES = [
    ("uploaded", "uploaded"), ("running", "running"), ("done", "done"), ("failed", "failed"),
    ("undoing", "being undone"), ("undone", "undone"),
]  # fmt: skip
# The last try's readings carry the instant it ended with; of earlier tries nothing is known.
KNOWN = """
update telemetry_importrun set taken_at = array[finished_at] where finished_at is not null
"""


def _text() -> models.CharField:
    return models.CharField(max_length=200, blank=True, default="")


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0012_replaced_derived")]
    operations = [
        migrations.AlterField(
            "importrun", "state",
            models.CharField(choices=STATES, default="uploaded", max_length=8),
        ),
        migrations.AddField(
            "importrun", "taken_at",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(), default=list, size=None
            ),
        ),
        migrations.AddField("importrun", "undone_rows", models.IntegerField(default=0)),
        migrations.AddField("importrun", "withdrawn", models.IntegerField(default=0)),
        migrations.AddField("importrun", "undone_at", models.DateTimeField(null=True)),
        migrations.AddField("importrun", "undone_by", _text()),
        migrations.AddField("importrun", "undo_reason", _text()),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    ]  # fmt: skip
