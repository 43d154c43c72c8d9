"""A factor that changes beyond a limit waits for a second person, as a correction does."""

from django.db import migrations, models
from django.db.models import Q

from apps.common.fields import QuantityField

KINDS = [
    ("believe", "released"), ("disbelieve", "discarded"), ("reset", "counter reset"),
    ("exchange", "counter exchanged"), ("correction", "usage corrected"),
    ("meter", "meter described"),
]  # fmt: skip


def _not_negative(model: str, name: str) -> migrations.AddConstraint:
    condition = Q(factor_limit__gte=0) | Q(factor_limit=None)
    return migrations.AddConstraint(model, models.CheckConstraint(condition=condition, name=name))


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0010_firmware")]
    operations = [
        migrations.AddField("channel", "factor_limit", QuantityField(null=True)),
        _not_negative("channel", "telemetry_channel_factor_limit"),
        migrations.AddField("correctionrule", "factor_limit", QuantityField(null=True)),
        _not_negative("correctionrule", "telemetry_rule_factor_limit"),
        migrations.AlterField(
            "declaration", "kind", models.CharField(choices=KINDS, max_length=10)
        ),
        migrations.AddField("declaration", "meter", models.JSONField(null=True)),
        migrations.AddConstraint(
            "declaration",
            models.CheckConstraint(
                condition=Q(kind="meter", meter__isnull=False, needs_second=True)
                | Q(~Q(kind="meter"), meter__isnull=True),
                name="telemetry_meter_declared",
            ),
        ),
    ]
