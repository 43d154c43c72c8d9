"""What becomes of a declared reading where it is collected, told to the customer."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.common.fields
from apps.tenancy.fence import Fence

STATES = [
    ("taken", "being checked"), ("counts", "counts"), ("not_believed", "not believed"),
    ("refused", "refused"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0012_declared_readings"),
        ("tenancy", "0002_fence"),
    ]
    operations = [
        migrations.CreateModel(
            name="DeclaredAnswer",
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
                ("item_id", models.UUIDField()),
                ("asset_id", models.UUIDField()),
                ("read_at", models.DateTimeField()),
                ("generation", models.SmallIntegerField()),
                ("state", models.CharField(choices=STATES, max_length=12)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("params", models.JSONField(default=dict)),
                ("answered_at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT,
                        related_name="+", to="tenancy.company",
                    ),
                ),
            ],
            options={
                "ordering": ["item_id", "-read_at", "-generation"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("author", "item_id", "read_at", "generation"),
                        name="metering_answer_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(state__in=["taken", "counts"], reason="")
                        | models.Q(state__in=["not_believed", "refused"]) & ~models.Q(reason=""),
                        name="metering_answer_has_reason",
                    ),
                ],
            },
        ),
        Fence("metering_declaredanswer"),
    ]  # fmt: skip
