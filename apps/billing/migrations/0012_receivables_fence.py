"""Receivables are fenced, their steps and answers frozen."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql

FROZEN = ["billing_allocation", "billing_creditmove", "billing_disputeanswer"]


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_receivables")]
    operations = [
        Fence("billing_receivable"),
        Fence("billing_allocation", index=False, append_only=True),
        Fence("billing_customercredit"),
        Fence("billing_creditmove", index=False, append_only=True),
        Fence("billing_linedispute"),
        Fence("billing_disputeanswer", index=False, append_only=True),
        migrations.RunSQL(
            [sql for table in FROZEN for sql in freeze_sql(table)], migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            freeze_sql("billing_linedispute", "old.state = 'withdrawn'"), migrations.RunSQL.noop
        ),
        # What is owed is settled, never forgotten.
        migrations.RunSQL(
            "revoke delete, truncate on billing_receivable, billing_customercredit, "
            "billing_linedispute from peruse_app",
            migrations.RunSQL.noop,
        ),
    ]
