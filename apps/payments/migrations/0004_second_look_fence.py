"""Policies of what two people decide; a run's debits are frozen as they were drafted."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_debit_runs_and_refunds"), ("tenancy", "0002_fence")]
    operations = [
        Fence("payments_debitrun"),
        Fence("payments_debit", index=False, append_only=True),
        Fence("payments_refundrequest"),
        migrations.RunSQL(
            [
                *freeze_sql("payments_debit"),
                *freeze_sql("payments_debitrun", "old.state <> 'drafted'"),
                *freeze_sql("payments_refundrequest", "old.state in ('made', 'failed', 'discarded')"),
                "revoke delete, truncate on payments_debitrun, payments_refundrequest "
                "from peruse_app",
            ],
            migrations.RunSQL.noop,
        ),
    ]
