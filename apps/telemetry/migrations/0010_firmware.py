"""A device may say which firmware it runs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0009_declared_channels")]
    operations = [
        migrations.AddField(
            "device", "firmware", models.CharField(blank=True, default="", max_length=40)
        ),
    ]
