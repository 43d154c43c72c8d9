"""Sources in order stand in the order; a record says whether something about it is a warning."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metering", "0010_groups")]
    operations = [
        migrations.AddField("meteringorder", "meter_terms", models.JSONField(null=True)),
        migrations.AlterField("usagerecord", "channel_code", models.CharField(max_length=50)),
        migrations.AddField("usagerecord", "warns", models.BooleanField(default=False)),
        migrations.AddIndex(
            "usagerecord",
            models.Index(
                fields=["recorded_at"], name="metering_usage_warns", condition=models.Q(warns=True)
            ),
        ),
    ]
