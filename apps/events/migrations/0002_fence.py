"""Policies of the fence: a job is changed by the company it runs in; audit rows by nobody."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial"), ("tenancy", "0002_fence")]
    operations = [
        Fence("events_outboxevent", append_only=True, platform_writes=True),
        Fence("events_job", updated_by="company_id", platform_writes=True),
        Fence("events_auditrow", append_only=True),
        migrations.RunSQL(
            [
                *freeze_sql("events_auditrow"),
                "grant insert on events_auditrow to peruse_platform",
                "create policy events_auditrow_platform_insert on events_auditrow for insert "
                "to peruse_platform with check (true)",
            ],
            migrations.RunSQL.noop,
        ),
    ]
