import apps.common.fields
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

REASONS = [
    ('', ''), ('address', 'its address is not allowed'), ('name', 'the name of its host is not known'),
    ('connect', 'no connection'), ('tls', 'its certificate or encryption is not accepted'),
    ('time', 'no answer in time'), ('closed', 'the connection ended without an answer'),
    ('large', 'the answer was too large'), ('redirect', 'it answered with a redirect, which is not followed'),
    ('status', 'it answered with an error'), ('gone', 'it answered that it is gone'),
    ('paused', 'the endpoint was paused or removed'), ('ended', 'the data grant has ended'),
]


def of_a_company():
    return [
        ('id', models.UUIDField(default=apps.common.fields.uuid7, editable=False, primary_key=True, serialize=False)),
        ('parties', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), editable=False, size=None)),
    ]


def author():
    return ('author', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.company'))


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0002_fence'),
        ('tenancy', '0005_sides'),
    ]

    operations = [
        migrations.CreateModel(
            name='Webhook',
            fields=[
                *of_a_company(),
                ('url', models.CharField(max_length=500)),
                ('description', models.CharField(blank=True, max_length=120)),
                ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('secret_sealed', models.TextField()),
                ('hint', models.CharField(max_length=4)),
                ('previous_sealed', models.TextField(blank=True)),
                ('previous_until', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('active', 'active'), ('paused', 'paused'), ('removed', 'removed')], default='active', max_length=7)),
                ('paused_by', models.CharField(blank=True, choices=[('', ''), ('person', 'a person'), ('failures', 'five days without a taken message'), ('gone', 'its answer that it is gone')], max_length=8)),
                ('made_at', models.DateTimeField()),
                ('state_since', models.DateTimeField()),
                ('failing_since', models.DateTimeField(null=True)),
                ('taken_at', models.DateTimeField(null=True)),
                ('knocking_until', models.DateTimeField(null=True)),
                author(),
            ],
            options={
                'ordering': ['-made_at', '-id'],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('state', 'paused'), models.Q(('paused_by', ''), _negated=True)), models.Q(models.Q(('state', 'paused'), _negated=True), ('paused_by', '')), _connector='OR'), name='events_webhook_paused_by'),
                ],
            },
        ),
        migrations.CreateModel(
            name='WebhookMessage',
            fields=[
                *of_a_company(),
                ('event', models.CharField(max_length=40)),
                ('outbox_id', models.UUIDField(null=True)),
                ('subject_id', models.UUIDField(null=True)),
                ('content_type', models.CharField(default='application/json', max_length=60)),
                ('body', models.TextField(blank=True)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('delivered', 'delivered'), ('failed', 'tries again'), ('given_up', 'given up')], default='waiting', max_length=9)),
                ('reason', models.CharField(blank=True, choices=REASONS, max_length=8)),
                ('http_status', models.SmallIntegerField(null=True)),
                ('tries', models.SmallIntegerField(default=0)),
                ('next_at', models.DateTimeField(null=True)),
                ('made_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                author(),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='events.webhook')),
            ],
            options={
                'ordering': ['-made_at', '-id'],
                'indexes': [models.Index(fields=['author', 'made_at'], name='events_webhook_message_log')],
                'constraints': [
                    models.UniqueConstraint(fields=('author', 'webhook', 'outbox_id'), name='events_webhook_message_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('next_at__isnull', False), ('state__in', ['waiting', 'failed'])), models.Q(('settled_at__isnull', False), ('state__in', ['delivered', 'given_up'])), _connector='OR'), name='events_webhook_message_state'),
                ],
            },
        ),
        migrations.CreateModel(
            name='WebhookTry',
            fields=[
                *of_a_company(),
                ('at', models.DateTimeField()),
                ('http_status', models.SmallIntegerField(null=True)),
                ('reason', models.CharField(blank=True, choices=REASONS, max_length=8)),
                ('answer', models.CharField(blank=True, max_length=200)),
                ('milliseconds', models.IntegerField()),
                author(),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='log', to='events.webhookmessage')),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
    ]
