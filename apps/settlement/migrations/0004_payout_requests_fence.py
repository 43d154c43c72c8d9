"""Payout requests are fenced and never deleted."""

from django.db import migrations

from apps.tenancy.fence import Fence


class Migration(migrations.Migration):
    dependencies = [("settlement", "0003_payout_requests")]
    operations = [
        Fence("settlement_payoutrequest", index=False),
        migrations.RunSQL(
            "revoke delete, truncate on settlement_payoutrequest from peruse_app",
            migrations.RunSQL.noop,
        ),
    ]
