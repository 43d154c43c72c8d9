"""A covered channel names its sources in order, and what an expired verification does."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0015_opening_balances")]
    operations = [migrations.AddField("contractitem", "meter_terms", models.JSONField(null=True))]
