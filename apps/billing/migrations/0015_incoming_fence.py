"""Received e-invoices are fenced and stay; once decided they are frozen, and so is the answer."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):
    dependencies = [("billing", "0014_incoming")]
    operations = [
        Fence("billing_incomingdocument"),
        Fence("billing_incominganswer", append_only=True),
        migrations.RunSQL(
            [
                *freeze_sql("billing_incomingdocument", "old.state <> 'received'"),
                *freeze_sql("billing_incominganswer"),
            ],
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "revoke delete, truncate on billing_incomingdocument from peruse_app",
            migrations.RunSQL.noop,
        ),
    ]
