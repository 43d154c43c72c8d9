"""Under which rules a counter or amounts count is a term of the item, and stands in the order."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metering", "0007_measures_of_levels")]
    operations = [migrations.AddField("meteringorder", "counting", models.JSONField(null=True))]
