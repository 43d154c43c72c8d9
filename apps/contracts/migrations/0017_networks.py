"""A contract may belong to a value network."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0016_meter_terms"), ("networks", "0002_fence")]
    operations = [
        migrations.AddField(
            "contract", "network",
            models.ForeignKey(
                "networks.ValueNetwork", blank=True, null=True,
                on_delete=django.db.models.deletion.PROTECT, related_name="+",
            ),
        ),
    ]  # fmt: skip
