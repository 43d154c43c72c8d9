"""Payouts of a bank file that did not arrive; what became of such a word does not change."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.common.fields
from apps.tenancy.fence import Fence, freeze_sql


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0008_returns_and_discarded_batches"),
        ("tenancy", "0004_own_facts"),
    ]

    operations = [
        migrations.CreateModel(
            name="PayoutLoss",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.common.fields.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "parties",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), editable=False, size=None
                    ),
                ),
                ("reason", models.CharField(max_length=180)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "waits for approval"),
                            ("confirmed", "confirmed"),
                            ("discarded", "discarded"),
                        ],
                        default="asked",
                        max_length=9,
                    ),
                ),
                ("asked_by_id", models.BigIntegerField()),
                ("asked_by", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField()),
                ("confirmed_by_id", models.BigIntegerField(null=True)),
                ("confirmed_by", models.CharField(blank=True, max_length=200)),
                ("confirmed_at", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenancy.company",
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="losses",
                        to="payments.payout",
                    ),
                ),
            ],
            options={
                "ordering": ["-asked_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "discarded"), _negated=True),
                        fields=("author", "payout"),
                        name="payments_loss_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("confirmed_by_id", None),
                            models.Q(("confirmed_by_id", models.F("asked_by_id")), _negated=True),
                            _connector="OR",
                        ),
                        name="payments_loss_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("confirmed_at__isnull", False),
                                ("confirmed_by_id__isnull", False),
                                ("state", "confirmed"),
                            ),
                            models.Q(
                                models.Q(("state", "confirmed"), _negated=True),
                                ("confirmed_by_id", None),
                            ),
                            _connector="OR",
                        ),
                        name="payments_loss_confirmed",
                    ),
                ],
            },
        ),
        Fence("payments_payoutloss"),
        migrations.RunSQL(
            [
                *freeze_sql("payments_payoutloss", "old.state <> 'asked'"),
                "revoke delete, truncate on payments_payoutloss from peruse_app",
            ],
            migrations.RunSQL.noop,
        ),
    ]
