"""Statements and their lines are fenced and never change."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):
    dependencies = [("settlement", "0007_statements")]
    operations = [
        Fence("settlement_statement", append_only=True),
        Fence("settlement_statementline", index=False, append_only=True),
        migrations.RunSQL(
            [*freeze_sql("settlement_statement"), *freeze_sql("settlement_statementline")],
            migrations.RunSQL.noop,
        ),
    ]
