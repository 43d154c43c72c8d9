import apps.common.fields
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from apps.tenancy.fence import Fence


class Migration(migrations.Migration):

    dependencies = [
        ("events", "0007_audit_seals"),
        ("tenancy", "0005_sides"),
    ]

    operations = [
        migrations.CreateModel(
            name="Housekeeping",
            fields=[
                ("id", models.UUIDField(default=apps.common.fields.uuid7, editable=False, primary_key=True, serialize=False)),
                ("parties", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), editable=False, size=None)),
                ("kind", models.CharField(max_length=80)),
                ("due_at", models.DateTimeField()),
                ("author", models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company")),
            ],
            options={
                "verbose_name_plural": "housekeeping",
                "ordering": ["author_id", "kind"],
                "constraints": [models.UniqueConstraint(fields=("author", "kind"), name="events_housekeeping_once")],
            },
        ),
        Fence("events_housekeeping", index=False, platform_writes=True),
    ]
