"""When a contract bills what is found after issue."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0007_plan_proposals")]
    operations = [
        migrations.AddField(
            "contract", "corrections",
            models.CharField(
                max_length=9, default="at_once",
                choices=[("at_once", "at once"), ("with_next", "with the next invoice")],
            ),
        ),
    ]  # fmt: skip
