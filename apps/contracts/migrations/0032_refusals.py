"""What was offered can be refused, with a reason."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.common.fields
from apps.tenancy.fence import Fence

WHAT = [
    ("offer", "offer"), ("prices", "new prices"), ("assets", "change of assets"), ("end", "end"),
    ("terms", "terms"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("contracts", "0031_notice"), ("tenancy", "0002_fence")]
    operations = [
        migrations.CreateModel(
            name="Refusal",
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
                ("what", models.CharField(choices=WHAT, max_length=6)),
                ("content_sha256", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=500)),
                ("refused_by", models.CharField(max_length=200)),
                ("refused_at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT,
                        related_name="+", to="tenancy.company",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT,
                        related_name="refusals", to="contracts.contract",
                    ),
                ),
                (
                    "terms",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT,
                        related_name="refusal", to="contracts.partnerterms",
                    ),
                ),
            ],
            options={
                "ordering": ["refused_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("contract", None), ("terms__isnull", False), ("what", "terms")),
                            models.Q(
                                models.Q(("what", "terms"), _negated=True),
                                ("contract__isnull", False),
                                ("terms", None),
                            ),
                            _connector="OR",
                        ),
                        name="contracts_refusal_of_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="contracts_refusal_reason",
                    ),
                ],
            },
        ),
        Fence("contracts_refusal", index=False, append_only=True),
    ]  # fmt: skip
