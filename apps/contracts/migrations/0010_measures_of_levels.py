"""What a contract bills of a gauge or a state is a term of its item."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0009_lists_in_order")]
    operations = [migrations.AddField("contractitem", "measure", models.JSONField(null=True))]
