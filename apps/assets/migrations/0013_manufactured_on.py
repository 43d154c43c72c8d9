"""The passport says on which day an asset was made."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assets", "0012_ownership_holds")]
    operations = [
        migrations.AddField("asset", "manufactured_on", models.DateField(blank=True, null=True)),
    ]
