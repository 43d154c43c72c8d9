"""A channel may be derived from others of its type."""

from django.db import migrations, models

import apps.common.fields


class Migration(migrations.Migration):
    dependencies = [("assets", "0004_mountings_fence")]
    operations = [
        migrations.AddField(
            "typechannel", "formula", models.CharField(blank=True, default="", max_length=1000)
        ),
        migrations.AddField(
            "typechannel", "formula_step", apps.common.fields.QuantityField(blank=True, null=True)
        ),
        migrations.AddField(
            "typechannel", "formula_hold_seconds", models.IntegerField(blank=True, null=True)
        ),
        migrations.AddField(
            "typechannel", "formula_since", models.DateField(blank=True, null=True)
        ),
        migrations.AddField(
            "typechannel", "earlier_formulas", models.JSONField(blank=True, default=list)
        ),
    ]
