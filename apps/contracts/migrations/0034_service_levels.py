"""Service levels as a signed term."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0033_cancelled_contracts")]
    operations = [migrations.AddField("contract", "service", models.JSONField(null=True))]
