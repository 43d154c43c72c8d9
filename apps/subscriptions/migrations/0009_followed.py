"""What else is followed of a subscription at the provider."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0008_fees_of_dealings")]
    operations = [
        migrations.AddField(
            model_name="subscription", name="living", field=models.SmallIntegerField(default=0)
        ),
    ]
