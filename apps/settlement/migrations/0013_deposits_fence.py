"""Steps of deposits are fenced and never change."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):
    dependencies = [("settlement", "0012_deposits")]
    operations = [
        Fence("settlement_depositstep", index=False, append_only=True),
        migrations.RunSQL(freeze_sql("settlement_depositstep"), migrations.RunSQL.noop),
    ]
