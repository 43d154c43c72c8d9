"""A line of a fee in advance says which period it is for, and is one for each."""

from django.db import migrations, models

ONCE = ["author", "billed_period", "charge", "tier", "asset_id", "service_start"]
CORRECTING = [
    "author", "billed_period", "generation", "invoice", "charge", "tier", "asset_id",
    "service_start", "corrects",
]  # fmt: skip


def line_once(name: str, fields: list[str], condition: models.Q) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=fields, condition=condition, name=name, nulls_distinct=False
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_lists_in_order")]
    operations = [
        migrations.AddField("invoiceline", "service_start", models.DateTimeField(null=True)),
        migrations.AddField("invoiceline", "service_end", models.DateTimeField(null=True)),
        migrations.RemoveConstraint("invoiceline", "billing_line_once"),
        migrations.RemoveConstraint("invoiceline", "billing_correcting_line_once"),
        migrations.AddConstraint(
            "invoiceline", line_once("billing_line_once", ONCE, models.Q(generation=0))
        ),
        migrations.AddConstraint(
            "invoiceline",
            line_once("billing_correcting_line_once", CORRECTING, models.Q(generation__gt=0)),
        ),
    ]
