"""A job that follows an event names it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0005_pushes")]
    operations = [
        migrations.AddField("job", "event_id", models.UUIDField(null=True)),
    ]
