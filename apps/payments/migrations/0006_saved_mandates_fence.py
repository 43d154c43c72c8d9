"""Saved mandates are written by the debtor; what became of a debit does not change any more."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):
    dependencies = [("payments", "0005_saved_mandates"), ("tenancy", "0002_fence")]
    operations = [
        Fence("payments_savedmandate"),
        Fence("payments_onlinedebit", index=False),
        migrations.RunSQL(
            [
                *freeze_sql("payments_savedmandate", "old.state in ('revoked', 'expired')"),
                *freeze_sql("payments_onlinedebit", "old.state <> 'asked'"),
                "revoke delete, truncate on payments_savedmandate, payments_onlinedebit "
                "from peruse_app",
            ],
            migrations.RunSQL.noop,
        ),
    ]
