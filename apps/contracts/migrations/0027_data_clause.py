"""A contract says who reads what of the covered assets besides provider and customer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contracts", "0026_terms_of_networks")]
    operations = [
        migrations.AddField(
            "contract", "data_clause", models.JSONField(blank=True, default=list)
        ),
    ]
