"""A company that has left and whose data is gone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0006_standing")]
    operations = [
        migrations.AlterField(
            model_name="company",
            name="state",
            field=models.CharField(
                choices=[
                    ("provisioning", "being set up"),
                    ("active", "active"),
                    ("suspended", "suspended"),
                    ("erased", "erased"),
                ],
                default="provisioning",
                max_length=12,
            ),
        ),
    ]
