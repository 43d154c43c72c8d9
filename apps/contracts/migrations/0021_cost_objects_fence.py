"""Cost objects are seen by who notes them alone."""

from django.db import migrations

from apps.tenancy.fence import Fence


class Migration(migrations.Migration):
    dependencies = [("contracts", "0020_one_off_contracts")]
    operations = [Fence("contracts_costobject", index=False)]
