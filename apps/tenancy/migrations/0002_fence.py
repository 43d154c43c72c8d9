"""Policies of the fence, and rights on the rows that are exempt from it."""

from django.db import migrations

from apps.tenancy.fence import Fence

RIGHTS = [
    # Companies and addresses are opened and changed by the platform alone.
    "revoke insert, update, delete on tenancy_company, tenancy_hostname from peruse_app",
    "grant insert, update on tenancy_company, tenancy_hostname to peruse_platform",
]


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]
    operations = [
        Fence("tenancy_acquaintance"),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
