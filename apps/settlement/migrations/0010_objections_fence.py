"""Objections and their answers are fenced and never change."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):
    dependencies = [("settlement", "0009_objections")]
    operations = [
        Fence("settlement_objection", index=False, append_only=True),
        Fence("settlement_objectionanswer", index=False, append_only=True),
        migrations.RunSQL(
            [*freeze_sql("settlement_objection"), *freeze_sql("settlement_objectionanswer")],
            migrations.RunSQL.noop,
        ),
    ]
