"""An item may be priced as a member of a group."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0013_splits_fence")]
    operations = [
        migrations.AddField("contractitem", "group_of", models.JSONField(null=True)),
    ]
