"""Usage can be corrected, by two persons above a limit; declarations can be withdrawn."""

from django.db import migrations, models
from django.db.models import Q

from apps.common.fields import QuantityField

KINDS = [
    ("believe", "released"), ("disbelieve", "discarded"), ("reset", "counter reset"),
    ("exchange", "counter exchanged"), ("correction", "usage corrected"),
]  # fmt: skip


def _text() -> models.CharField:
    return models.CharField(max_length=200, blank=True, default="")


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0005_retention")]
    operations = [
        migrations.AddField("channel", "correction_limit", QuantityField(null=True)),
        migrations.AddConstraint(
            "channel",
            models.CheckConstraint(
                condition=Q(correction_limit__gte=0) | Q(correction_limit=None),
                name="telemetry_channel_limit",
            ),
        ),
        migrations.AlterField(
            "declaration", "kind", models.CharField(choices=KINDS, max_length=10)
        ),
        migrations.AddField("declaration", "amount", QuantityField(null=True)),
        migrations.AddField("declaration", "declarer", models.BigIntegerField(null=True)),
        migrations.AddField("declaration", "needs_second", models.BooleanField(default=False)),
        migrations.AddField("declaration", "confirmed_by", _text()),
        migrations.AddField("declaration", "confirmed_at", models.DateTimeField(null=True)),
        migrations.AddField("declaration", "withdrawn_by", _text()),
        migrations.AddField("declaration", "withdrawn_at", models.DateTimeField(null=True)),
        migrations.AddField("declaration", "withdrawn_reason", _text()),
        migrations.AddConstraint(
            "declaration",
            models.CheckConstraint(
                condition=Q(kind="correction", amount__gt=-(10**18), amount__lt=10**18)
                | Q(~Q(kind="correction"), amount=None),
                name="telemetry_correction_amount",
            ),
        ),
        migrations.AddConstraint(
            "declaration",
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | Q(needs_second=True),
                name="telemetry_second_where_needed",
            ),
        ),
        migrations.CreateModel(
            "CorrectionRule",
            [
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("limit", QuantityField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(id=1), name="telemetry_correction_single"
                    ),
                    models.CheckConstraint(
                        condition=Q(limit__gte=0) | Q(limit=None),
                        name="telemetry_correction_limit",
                    ),
                ]
            },
        ),
    ]
