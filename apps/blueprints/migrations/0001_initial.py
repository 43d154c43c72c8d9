"""Networks being set up, and blueprints of a company's own."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.common.fields
from apps.tenancy.fence import Fence


def shared_fields() -> list[tuple[str, models.Field]]:
    return [
        (
            "id",
            models.UUIDField(
                default=apps.common.fields.uuid7, editable=False, primary_key=True, serialize=False
            ),
        ),
        (
            "parties",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.IntegerField(), editable=False, size=None
            ),
        ),
        (
            "author",
            models.ForeignKey(
                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to="tenancy.company",
            ),
        ),
    ]  # fmt: skip


class Migration(migrations.Migration):
    initial = True
    dependencies = [("networks", "0003_profiles"), ("tenancy", "0002_fence")]
    operations = [
        migrations.CreateModel(
            name="OwnBlueprint",
            fields=[
                *shared_fields(),
                ("name", models.CharField(max_length=120)),
                ("text", models.TextField()),
                ("text_sha256", models.CharField(max_length=64)),
                ("taken_in_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["name", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["author", "text_sha256"], name="blueprints_own_file_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(parties__len=1), name="blueprints_own_file_private"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NetworkSetup",
            fields=[
                *shared_fields(),
                ("blueprint", models.CharField(max_length=60)),
                ("name", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "being set up"), ("made", "made"), ("discarded", "discarded"),
                        ],
                        default="open", max_length=9,
                    ),
                ),
                ("answers", models.JSONField(default=dict)),
                (
                    "network",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                        to="networks.valuenetwork",
                    ),
                ),
                ("drafts", models.JSONField(default=dict)),
                ("started_by", models.CharField(max_length=200)),
                ("started_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-changed_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["author", "blueprint"], condition=models.Q(state="open"),
                        name="blueprints_one_open_setup",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(state="made", network__isnull=False)
                        | (~models.Q(state="made") & models.Q(network=None)),
                        name="blueprints_made_has_network",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(parties__len=1), name="blueprints_setup_private"
                    ),
                ],
            },
        ),
        Fence("blueprints_ownblueprint", index=False),
        Fence("blueprints_networksetup", index=False),
    ]  # fmt: skip
