"""What a channel counts may stand for something else, by the factor of its meter."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assets", "0005_derived_channels")]
    operations = [
        migrations.AddField(
            "typechannel", "usage_unit", models.CharField(max_length=20, blank=True, default="")
        ),
    ]
