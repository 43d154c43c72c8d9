"""What else is followed of a subscription at the provider."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0008_fees_of_dealings")]
    operations = [
        migrations.AddField(
            model_name="subscription", name="living", field=models.SmallIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="subscription", name="told_facts",
            field=models.CharField(blank=True, default="", max_length=64), preserve_default=False,
        ),
        migrations.AddField(
            model_name="subscription", name="next_plan",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to="subscriptions.plan",
            ),
        ),
        migrations.AddField(
            model_name="usereport", name="refusal",
            field=models.CharField(blank=True, default="", max_length=300), preserve_default=False,
        ),
    ]
