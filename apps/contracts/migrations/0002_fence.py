"""Policies of the fence; a signature and an offered plan never change."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):
    dependencies = [("contracts", "0001_initial"), ("tenancy", "0002_fence")]
    operations = [
        Fence("contracts_contract"),
        Fence("contracts_contractitem", index=False),
        Fence("contracts_planversion", index=False),
        Fence("contracts_signature", append_only=True),
        migrations.RunSQL(
            [
                *freeze_sql("contracts_signature"),
                *freeze_sql("contracts_planversion", "cardinality(old.parties) > 1"),
            ],
            migrations.RunSQL.noop,
        ),
    ]
