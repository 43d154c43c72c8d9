from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assets', '0013_manufactured_on'),
    ]

    operations = [
        migrations.AlterField(
            model_name='grantread',
            name='act',
            field=models.CharField(choices=[('read', 'read'), ('exported', 'exported'), ('delivered', 'delivered'), ('evidence', "read for an invoice's evidence")], default='read', max_length=9),
        ),
    ]
