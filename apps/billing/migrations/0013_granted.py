"""An accepted dispute says how much of the line is credited."""

from django.db import migrations, models

import apps.common.fields


class Migration(migrations.Migration):
    dependencies = [("billing", "0012_receivables_fence")]
    operations = [
        migrations.AddField(
            "disputeanswer", "granted_minor", apps.common.fields.MinorField(default=0)
        ),
        migrations.AddConstraint(
            "disputeanswer",
            models.CheckConstraint(
                condition=models.Q(outcome="accepted", granted_minor__gt=0)
                | models.Q(outcome="rejected", granted_minor=0),
                name="billing_answer_grants",
            ),
        ),
    ]
