"""The meter behind a channel by versions, and the unit its factor turns what is counted into."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0007_derived_channels")]
    operations = [
        migrations.AddField("channel", "meters", models.JSONField(default=list)),
        migrations.AddField(
            "channel", "usage_unit", models.CharField(max_length=20, blank=True, default="")
        ),
    ]
