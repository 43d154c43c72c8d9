from django.db import migrations, models

import apps.common.fields


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0007_refunds_by_bank'),
    ]

    operations = [
        migrations.AddField(
            model_name='bankentry',
            name='rest_minor',
            field=apps.common.fields.MinorField(default=0),
        ),
    ]
