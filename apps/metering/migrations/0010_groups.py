"""An item may be priced as a member of a group."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metering", "0009_room_for_closing")]
    operations = [
        migrations.AddField("meteringorder", "group_of", models.JSONField(null=True)),
        migrations.AddField("provisionalusage", "group_of", models.JSONField(null=True)),
    ]
