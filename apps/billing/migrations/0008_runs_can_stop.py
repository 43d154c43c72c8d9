"""A run can be stopped and gone on with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0007_corrections_fence")]
    operations = [
        migrations.AlterField(
            "billingrun", "state",
            models.CharField(
                max_length=8, default="running",
                choices=[("running", "running"), ("stopped", "stopped"), ("done", "done")],
            ),
        ),
    ]  # fmt: skip
