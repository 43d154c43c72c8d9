"""An offer keeps its wording, so that the next one can say what changed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0023_credit_use_fence")]
    operations = [migrations.AddField("signature", "content", models.JSONField(null=True))]
