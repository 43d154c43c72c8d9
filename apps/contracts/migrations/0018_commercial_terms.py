"""A contract says what holds about late payment, its deposit and its credit limit."""

from django.db import migrations, models
from django.db.models import Q

import apps.common.fields


class Migration(migrations.Migration):
    dependencies = [("contracts", "0017_networks")]
    operations = [
        migrations.AddField("contract", "dunning", models.JSONField(null=True)),
        migrations.AddField("contract", "deposit_minor", apps.common.fields.MinorField(null=True)),
        migrations.AddField(
            "contract", "credit_limit_minor", apps.common.fields.MinorField(null=True)
        ),
        migrations.AddConstraint(
            "contract",
            models.CheckConstraint(
                condition=Q(deposit_minor=None) | Q(deposit_minor__gt=0), name="contracts_deposit"
            ),
        ),
        migrations.AddConstraint(
            "contract",
            models.CheckConstraint(
                condition=Q(credit_limit_minor=None) | Q(credit_limit_minor__gte=0),
                name="contracts_credit_limit",
            ),
        ),
    ]
