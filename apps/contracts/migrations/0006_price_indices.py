"""Published series that prices follow, and their values."""

import apps.common.fields
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from apps.tenancy.fence import Fence


class Migration(migrations.Migration):

    dependencies = [
        ('contracts', '0005_items_that_follow'),
        ('tenancy', '0002_fence'),
    ]

    operations = [
        migrations.CreateModel(
            name='PriceIndexSeries',
            fields=[
                ('id', models.UUIDField(default=apps.common.fields.uuid7, editable=False, primary_key=True, serialize=False)),
                ('parties', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), editable=False, size=None)),
                ('code', models.CharField(max_length=40)),
                ('name', models.CharField(max_length=120)),
                ('source', models.CharField(blank=True, max_length=300)),
                ('made_at', models.DateTimeField()),
                ('author', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.company')),
            ],
            options={
                'verbose_name_plural': 'price index series',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='PriceIndexValue',
            fields=[
                ('id', models.UUIDField(default=apps.common.fields.uuid7, editable=False, primary_key=True, serialize=False)),
                ('parties', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), editable=False, size=None)),
                ('reference', models.CharField(max_length=10)),
                ('value', apps.common.fields.QuantityField()),
                ('published_on', models.DateField()),
                ('entered_at', models.DateTimeField()),
                ('author', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.company')),
                ('series', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='values', to='contracts.priceindexseries')),
            ],
            options={
                'ordering': ['series', 'published_on', 'reference'],
            },
        ),
        migrations.AddConstraint(
            model_name='priceindexseries',
            constraint=models.UniqueConstraint(fields=('author', 'code'), name='contracts_series_code'),
        ),
        migrations.AddConstraint(
            model_name='priceindexvalue',
            constraint=models.UniqueConstraint(fields=('author', 'series', 'reference'), name='contracts_index_reference'),
        ),
        migrations.AddConstraint(
            model_name='priceindexvalue',
            constraint=models.CheckConstraint(condition=models.Q(('value__gte', 0)), name='contracts_index_value'),
        ),
        Fence("contracts_priceindexseries"),
        Fence("contracts_priceindexvalue", index=False),
    ]
