"""A device can be retired; its name is free again then."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0014_received")]
    operations = [
        migrations.AddField("device", "retired_at", models.DateTimeField(null=True)),
        migrations.RemoveConstraint("device", "telemetry_device_name"),
        migrations.AddConstraint(
            "device",
            models.UniqueConstraint(
                condition=models.Q(("retired_at", None)), fields=("asset_id", "name"),
                name="telemetry_device_name",
            ),
        ),
    ]  # fmt: skip
