"""A partner's terms name the network of their contract."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0025_cover_changes"), ("networks", "0002_fence")]
    operations = [
        migrations.AddField(
            "partnerterms", "network",
            models.ForeignKey(
                "networks.ValueNetwork", null=True, on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
            ),
        ),
    ]  # fmt: skip
