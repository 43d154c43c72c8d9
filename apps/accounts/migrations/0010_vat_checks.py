"""What the EU's register said of a company's VAT id."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.common.fields
from apps.tenancy.fence import Fence


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_impersonations"), ("tenancy", "0007_erased")]
    operations = [
        migrations.CreateModel(
            name="VatCheck",
            fields=[
                ("id", models.UUIDField(default=apps.common.fields.uuid7, editable=False, primary_key=True, serialize=False)),
                ("parties", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), editable=False, size=None)),
                ("vat_id", models.CharField(max_length=20)),
                ("state", models.CharField(choices=[("waiting", "not asked yet"), ("valid", "valid"), ("invalid", "not valid"), ("unavailable", "register not available")], default="waiting", max_length=11)),
                ("asked_at", models.DateTimeField(null=True)),
                ("consultation", models.CharField(blank=True, max_length=60)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("tries", models.SmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(null=True)),
                ("author", models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company")),
            ],
            options={
                "ordering": ["id"],
                "constraints": [models.UniqueConstraint(fields=("author",), name="accounts_vat_check_once")],
            },
        ),
        Fence("accounts_vatcheck", index=False),
    ]
