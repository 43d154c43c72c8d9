from django.db import migrations, models

import apps.common.fields


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0007_refunds_by_bank"),
    ]

    operations = [
        migrations.AddField(
            model_name="bankentry",
            name="rest_minor",
            field=apps.common.fields.MinorField(default=0),
        ),
        # A batch may be discarded after its approval, until it is sent.
        migrations.RemoveConstraint(
            model_name="payoutbatch",
            name="payments_batch_approved",
        ),
        migrations.AddConstraint(
            model_name="payoutbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "discarded"),
                    models.Q(("approved_by_id", None), ("state", "drafted")),
                    models.Q(
                        ("approved_at__isnull", False),
                        ("approved_by_id__isnull", False),
                        ("state__in", ["approved", "sent"]),
                    ),
                    _connector="OR",
                ),
                name="payments_batch_approved",
            ),
        ),
    ]
