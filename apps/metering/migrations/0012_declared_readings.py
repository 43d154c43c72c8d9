"""What customers read off counters; nothing said changes."""

import apps.common.fields
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0011_meter_of_record'),
        ('tenancy', '0002_fence'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeclaredReading',
            fields=[
                ('id', models.UUIDField(default=apps.common.fields.uuid7, editable=False, primary_key=True, serialize=False)),
                ('parties', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), editable=False, size=None)),
                ('contract_id', models.UUIDField()),
                ('item_id', models.UUIDField()),
                ('asset_label', models.CharField(max_length=120)),
                ('channel_code', models.CharField(max_length=40)),
                ('unit', models.CharField(max_length=20)),
                ('value', apps.common.fields.QuantityField()),
                ('read_at', models.DateTimeField()),
                ('generation', models.SmallIntegerField(default=0)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('said_by', models.CharField(max_length=200)),
                ('said_at', models.DateTimeField()),
                ('author', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.company')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.company')),
                ('replaces', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='metering.declaredreading')),
            ],
            options={
                'ordering': ['item_id', '-read_at', '-generation'],
                'constraints': [models.UniqueConstraint(fields=('author', 'item_id', 'read_at', 'generation'), name='metering_declared_once'), models.CheckConstraint(condition=models.Q(('value__gte', 0), ('value__lt', 1000000000000000000)), name='metering_declared_bounded'), models.CheckConstraint(condition=models.Q(models.Q(('generation', 0), ('replaces', None)), models.Q(('generation__gt', 0), ('replaces__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='metering_declared_anew_with_reason')],
            },
        ),
        Fence("metering_declaredreading", append_only=True),
        migrations.RunSQL(freeze_sql("metering_declaredreading"), migrations.RunSQL.noop),
    ]
