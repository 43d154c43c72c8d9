"""Orders name the windows of the week that usage is told apart by; running usage has them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metering", "0005_spans_of_records")]
    operations = [
        migrations.AddField("meteringorder", "calendars", models.JSONField(default=list)),
        migrations.AddField("provisionalusage", "by_window", models.JSONField(null=True)),
    ]
