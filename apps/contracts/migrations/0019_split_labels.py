"""Partners see a name of their own instead of the contract's title."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0018_commercial_terms")]
    operations = [
        migrations.AddField(
            "splitversion", "label", models.CharField(max_length=120, blank=True, default="", db_default="")
        ),
    ]
