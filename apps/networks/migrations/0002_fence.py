"""Policies of the fence; what a company answered never changes."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):
    dependencies = [("networks", "0001_initial"), ("tenancy", "0002_fence")]
    operations = [
        Fence("networks_valuenetwork"),
        Fence("networks_participation"),
        Fence("networks_answer", append_only=True),
        migrations.RunSQL(freeze_sql("networks_answer"), migrations.RunSQL.noop),
    ]
