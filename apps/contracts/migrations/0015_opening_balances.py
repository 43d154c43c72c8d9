"""A contract that ran elsewhere comes with opening balances."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0014_groups")]
    operations = [migrations.AddField("contract", "opening", models.JSONField(null=True))]
