from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assets', '0014_evidence_reads'),
    ]

    operations = [
        migrations.AddField(
            model_name='datagrant',
            name='of_host',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RemoveConstraint(
            model_name='datagrant',
            name='assets_grant_once',
        ),
        migrations.AddConstraint(
            model_name='datagrant',
            constraint=models.UniqueConstraint(fields=('author', 'contract_id', 'asset', 'grantee', 'kind', 'resolution', 'of_host', 'valid_from', 'channels'), name='assets_grant_once'),
        ),
    ]
