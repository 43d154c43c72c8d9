"""How much credit is used is seen by the provider alone."""

from django.db import migrations

from apps.tenancy.fence import Fence


class Migration(migrations.Migration):
    dependencies = [("contracts", "0022_credit_use")]
    operations = [Fence("contracts_credituse", index=False)]
