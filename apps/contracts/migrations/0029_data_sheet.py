from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("contracts", "0028_sides")]

    operations = [
        migrations.AddField("contract", "data_sheet", models.JSONField(blank=True, default=dict)),
    ]
