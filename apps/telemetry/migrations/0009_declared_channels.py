"""The channel of what customers declare has the code of the counter it is read from, and more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0008_meters")]
    operations = [
        migrations.AlterField("channel", "code", models.CharField(max_length=50)),
    ]
