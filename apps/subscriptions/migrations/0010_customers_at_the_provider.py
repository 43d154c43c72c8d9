"""An erased company's customer records at the payment provider, and how far their deletion there is."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0009_followed")]
    operations = [
        migrations.AddField(
            model_name="certificate", name="customers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=120), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="certificate", name="customers_asked_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="certificate", name="customers_gone_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="certificate", name="customers_try_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="certificate", name="customers_tries", field=models.SmallIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="certificate", name="customers_said",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddConstraint(
            model_name="certificate",
            constraint=models.CheckConstraint(
                condition=models.Q(("customers_gone_at", None))
                | models.Q(("customers_gone_at__gte", models.F("customers_asked_at"))),
                name="subscriptions_certificate_asked_first",
            ),
        ),
    ]
