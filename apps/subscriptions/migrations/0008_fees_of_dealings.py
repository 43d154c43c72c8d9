"""Settlements with partners and marketplace orders are charged by use; an invoice's lines are shown."""

from django.db import migrations, models

import apps.common.fields

# code, fee of a further settlement in cents, settlements included a month
FEES = [("business", 50, 25), ("network", 30, 500)]


def write_fees(apps, schema_editor):
    plan = apps.get_model("subscriptions", "Plan")
    for code, fee, included in FEES:
        plan.objects.filter(pk=code, included_statements=None).update(
            statement_fee_minor=fee, included_statements=included
        )


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0007_erasure")]
    operations = [
        migrations.AddField(
            model_name="plan", name="statement_fee_minor", field=apps.common.fields.MinorField(default=0)
        ),
        migrations.AddField(
            model_name="plan", name="included_statements", field=models.IntegerField(null=True)
        ),
        migrations.AddField(
            model_name="plan", name="order_fee_minor", field=apps.common.fields.MinorField(default=0)
        ),
        migrations.AddField(
            model_name="plan", name="included_orders", field=models.IntegerField(null=True)
        ),
        migrations.AddField(
            model_name="planinvoice", name="lines", field=models.JSONField(default=list)
        ),
        migrations.AlterField(
            model_name="usereport", name="what", field=models.CharField(max_length=12)
        ),
        migrations.RemoveConstraint(model_name="plan", name="subscriptions_plan_fees"),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("asset_fee_minor__gte", 0), ("fee_minor__gte", 0), ("order_fee_minor__gte", 0),
                    ("pack_fee_minor__gte", 0), ("statement_fee_minor__gte", 0),
                ),
                name="subscriptions_plan_fees",
            ),
        ),
        migrations.RunPython(write_fees, migrations.RunPython.noop),
    ]
