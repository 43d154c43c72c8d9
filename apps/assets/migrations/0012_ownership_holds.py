"""While an owner transfers an asset, its passport names no other owner."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.common.fields
from apps.tenancy.fence import Fence


class Migration(migrations.Migration):
    dependencies = [("assets", "0011_lifecycle_fence"), ("tenancy", "0005_sides")]
    operations = [
        migrations.CreateModel(
            name="OwnershipHold",
            fields=[
                ("id", models.UUIDField(default=apps.common.fields.uuid7, editable=False, primary_key=True, serialize=False)),
                ("parties", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), editable=False, size=None)),
                ("held_at", models.DateTimeField()),
                ("asset", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="ownership_holds", to="assets.asset")),
                ("author", models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company")),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("author", "asset"), name="assets_ownership_held_once")]},
        ),
        Fence("assets_ownershiphold", index=False),
    ]
