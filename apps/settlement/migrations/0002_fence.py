"""Shares and transfers are fenced and frozen; accounts and settled periods are never deleted."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):
    dependencies = [("settlement", "0001_initial")]
    operations = [
        Fence("settlement_account"),
        Fence("settlement_transfer", index=False, append_only=True),
        Fence("settlement_settledperiod", index=False),
        Fence("settlement_share", index=False, append_only=True),
        migrations.RunSQL(
            [*freeze_sql("settlement_transfer"), *freeze_sql("settlement_share")],
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "revoke delete, truncate on settlement_account, settlement_settledperiod "
            "from peruse_app",
            migrations.RunSQL.noop,
        ),
    ]
