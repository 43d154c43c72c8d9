"""Transfers of assets between companies, and what the buyer answers."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import apps.common.fields


def own(fields):
    """Key, author and parties, and the fields of the table itself."""
    return [
        ("id", models.UUIDField(default=apps.common.fields.uuid7, editable=False, primary_key=True, serialize=False)),
        ("parties", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), editable=False, size=None)),
        *fields,
        ("author", models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company")),
    ]


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("assets", "0012_ownership_holds"), ("contracts", "0028_sides"), ("tenancy", "0005_sides"),
    ]
    operations = [
        migrations.CreateModel(
            name="AssetTransfer",
            fields=own([
                ("asset_label", models.CharField(max_length=120)),
                ("type_name", models.CharField(max_length=120)),
                ("serial", models.CharField(max_length=80)),
                ("seller_name", models.CharField(max_length=120)),
                ("buyer_name", models.CharField(max_length=120)),
                ("price_minor", apps.common.fields.MinorField(null=True)),
                ("currency", models.CharField(max_length=3)),
                ("tax_category", models.CharField(max_length=2)),
                ("payment_days", models.SmallIntegerField()),
                ("delivery_on", models.DateField()),
                ("title_on", models.CharField(choices=[("acceptance", "on acceptance"), ("payment", "when the invoice is paid")], max_length=10)),
                ("warranty_months", models.SmallIntegerField(null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("offered_by", models.CharField(max_length=200)),
                ("offered_at", models.DateTimeField()),
                ("state", models.CharField(choices=[("offered", "offered"), ("accepted", "accepted, title to pass"), ("done", "title passed"), ("refused", "refused"), ("withdrawn", "withdrawn"), ("ended", "lapsed without payment")], default="offered", max_length=9)),
                ("title_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("asset", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="assets.asset")),
                ("buyer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company")),
                ("contract", models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="sale", to="contracts.contract")),
            ]),
            options={
                "ordering": ["-offered_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(condition=Q(state__in=["offered", "accepted"]), fields=("asset",), name="supply_one_open_transfer"),
                    models.CheckConstraint(condition=~Q(author=F("buyer")), name="supply_transfer_of_two"),
                    models.CheckConstraint(condition=Q(price_minor__gt=0) | Q(price_minor=None, title_on="acceptance"), name="supply_transfer_price"),
                    models.CheckConstraint(condition=Q(warranty_months=None) | Q(warranty_months__gte=1, warranty_months__lte=240), name="supply_transfer_warranty"),
                    models.CheckConstraint(condition=Q(payment_days__gte=0, payment_days__lte=365), name="supply_transfer_payment_days"),
                    models.CheckConstraint(
                        condition=Q(state="done", title_at__isnull=False, closed_at=F("title_at"))
                        | Q(state__in=["offered", "accepted"], title_at=None, closed_at=None)
                        | Q(state__in=["refused", "withdrawn", "ended"], title_at=None, closed_at__isnull=False),
                        name="supply_transfer_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TransferAnswer",
            fields=own([
                ("outcome", models.CharField(choices=[("accepted", "accepted"), ("defects", "accepted with defects"), ("refused", "refused")], max_length=8)),
                ("defects", models.JSONField(default=list)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("answered_by", models.CharField(max_length=200)),
                ("answered_at", models.DateTimeField()),
                ("transfer", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="answer", to="supply.assettransfer")),
            ]),
            options={
                "ordering": ["answered_at", "id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(outcome="accepted", defects=[], reason="")
                        | (Q(outcome="defects", reason="") & ~Q(defects=[]))
                        | (Q(outcome="refused", defects=[]) & ~Q(reason="")),
                        name="supply_answer_says_why",
                    ),
                ],
            },
        ),
    ]
