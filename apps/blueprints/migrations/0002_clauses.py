"""Which drafts have got their data clause is remembered: a person may have emptied it since."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("blueprints", "0001_initial")]
    operations = [
        migrations.AddField(
            "networksetup",
            "clauses",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.IntegerField(), default=list
            ),
        ),
    ]
