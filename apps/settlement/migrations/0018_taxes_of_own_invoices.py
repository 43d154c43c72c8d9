import apps.common.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("settlement", "0017_parts_of_shares")]

    operations = [
        migrations.AddField("statementinvoice", "tax_minor", apps.common.fields.MinorField(default=0)),
        migrations.AddField("statementinvoice", "tax_posted_at", models.DateTimeField(null=True)),
    ]
