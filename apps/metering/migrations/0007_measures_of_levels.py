"""What a contract bills of a gauge or a state stands in the order."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metering", "0006_windows_of_the_week")]
    operations = [migrations.AddField("meteringorder", "measure", models.JSONField(null=True))]
