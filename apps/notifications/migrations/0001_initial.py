"""Notifications, choices and mails of people."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.common.fields

MODES = [("at_once", "at once"), ("daily", "daily"), ("never", "never")]
STATES = [
    ("waiting", "waiting"), ("sending", "on its way"), ("sent", "sent"),
    ("refused", "not taken by the mail server"), ("unclear", "perhaps not sent"),
    ("dropped", "dropped"),
]  # fmt: skip


def head():
    """Columns of every row of the fence, and the person it is for."""
    return [
        (
            "id",
            models.UUIDField(
                default=apps.common.fields.uuid7, editable=False, primary_key=True, serialize=False
            ),
        ),
        (
            "parties",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.IntegerField(), editable=False, size=None
            ),
        ),
        (
            "author",
            models.ForeignKey(
                editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to="tenancy.company",
            ),
        ),
        (
            "person",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]  # fmt: skip


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0002_fence"), ("tenancy", "0002_fence")]
    operations = [
        migrations.CreateModel(
            name="Mail",
            fields=[
                *head(),
                ("digest_on", models.DateField(null=True)),
                ("state", models.CharField(choices=STATES, default="waiting", max_length=7)),
                ("made_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["-made_at", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["refused", "unclear"])),
                        fields=["author", "person"], name="notifications_mail_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("author", "person", "digest_on"),
                        name="notifications_one_mail_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sent_at__isnull", False), ("state", "sent")),
                            models.Q(
                                models.Q(("state", "sent"), _negated=True), ("sent_at", None)
                            ),
                            _connector="OR",
                        ),
                        name="notifications_mail_sent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                *head(),
                ("event_id", models.UUIDField()),
                ("topic", models.CharField(max_length=20)),
                ("message", models.CharField(max_length=40)),
                ("subject", models.CharField(blank=True, max_length=80)),
                ("params", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("in_app", models.BooleanField()),
                ("mail_mode", models.CharField(choices=MODES, max_length=7)),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "mail",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT,
                        related_name="notifications", to="notifications.mail",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-id"],
                "indexes": [
                    models.Index(
                        fields=["author", "person", "-created_at", "-id"],
                        name="notifications_of_person",
                    ),
                    models.Index(
                        condition=models.Q(("in_app", True), ("read_at", None)),
                        fields=["author", "person"], name="notifications_unread",
                    ),
                    models.Index(
                        condition=models.Q(("mail", None), ("mail_mode", "daily")),
                        fields=["author", "person"], name="notifications_to_mail",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("author", "person", "topic", "event_id"),
                        name="notifications_told_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Choice",
            fields=[
                *head(),
                ("topic", models.CharField(max_length=20)),
                ("in_app", models.BooleanField()),
                ("mail_mode", models.CharField(choices=MODES, max_length=7)),
            ],
            options={
                "ordering": ["topic"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("author", "person", "topic"), name="notifications_chosen_once"
                    ),
                ],
            },
        ),
    ]  # fmt: skip
