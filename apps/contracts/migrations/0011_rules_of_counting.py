"""Under which rules a counter or amounts count is a term of the item."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0010_measures_of_levels")]
    operations = [migrations.AddField("contractitem", "counting", models.JSONField(null=True))]
