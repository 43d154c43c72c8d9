"""Policies: a company writes its own health, which the platform reads; the operator's acts are nobody
else's, and stay as they are."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):
    dependencies = [("console", "0001_initial"), ("tenancy", "0002_fence")]
    operations = [
        Fence("console_companyhealth", index=False),
        migrations.RunSQL(
            [
                "revoke all on console_operatoract from peruse_app",
                "grant insert on console_operatoract to peruse_platform",
                *freeze_sql("console_operatoract"),
            ],
            migrations.RunSQL.noop,
        ),
    ]
