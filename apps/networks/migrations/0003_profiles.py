"""Companies tell those they know about themselves."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.common.fields
from apps.tenancy.fence import Fence

FACTS = [
    ("address", "postal address"), ("contact", "contact person"), ("email", "e-mail"),
    ("phone", "telephone"), ("vat_id", "VAT id"), ("register", "register entry"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("networks", "0002_fence"), ("tenancy", "0002_fence")]
    operations = [
        migrations.CreateModel(
            name="CompanyProfile",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.common.fields.uuid7, editable=False, primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "parties",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), editable=False, size=None
                    ),
                ),
                ("about", models.CharField(blank=True, max_length=1000)),
                ("website", models.URLField(blank=True, max_length=200)),
                (
                    "shown",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=FACTS, max_length=8), default=list,
                        size=None,
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT,
                        related_name="+", to="tenancy.company",
                    ),
                ),
            ],
            options={
                "ordering": ["author"],
                "constraints": [
                    models.UniqueConstraint(fields=["author"], name="networks_profile_once"),
                    models.CheckConstraint(
                        condition=models.Q(shown__contained_by=[fact for fact, _label in FACTS]),
                        name="networks_profile_facts",
                    ),
                ],
            },
        ),
        Fence("networks_companyprofile", index=False),
    ]  # fmt: skip
