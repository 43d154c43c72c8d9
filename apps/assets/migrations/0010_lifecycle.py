"""An asset's life: who held which role when, what happened, what was paid, how long a warranty runs."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import apps.common.fields


def own(prefix_fields):
    """Key, author and parties, and the fields of the table itself."""
    return [
        ("id", models.UUIDField(default=apps.common.fields.uuid7, editable=False, primary_key=True, serialize=False)),
        ("parties", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), editable=False, size=None)),
        *prefix_fields,
        ("author", models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company")),
    ]


class Migration(migrations.Migration):
    dependencies = [("assets", "0009_sides"), ("tenancy", "0005_sides")]
    operations = [
        migrations.AddField("asset", "warranty_from", models.DateField(blank=True, null=True)),
        migrations.AddField("asset", "warranty_until", models.DateField(blank=True, null=True)),
        migrations.CreateModel(
            name="Holding",
            fields=own([
                ("role", models.CharField(choices=[("manufacturer", "Manufacturer"), ("owner", "Owner"), ("provider", "Service provider"), ("customer", "Customer")], max_length=12)),
                ("holder_name", models.CharField(max_length=120)),
                ("held_from", models.DateTimeField()),
                ("held_until", models.DateTimeField(null=True)),
                ("transfer", models.CharField(blank=True, max_length=40)),
                ("asset", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="holdings", to="assets.asset")),
                ("holder", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company")),
            ]),
            options={
                "ordering": ["held_from", "id"],
                "constraints": [
                    models.CheckConstraint(condition=Q(held_until=None) | Q(held_until__gt=F("held_from")), name="assets_holding_span"),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("asset", "="), ("role", "="),
                            (models.Func(F("held_from"), F("held_until"), function="tstzrange", output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField()), "&&"),
                        ],
                        name="assets_role_held_by_one",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LifecycleAct",
            fields=own([
                ("author_name", models.CharField(max_length=120)),
                ("kind", models.CharField(choices=[("manufactured", "manufactured"), ("sold", "sold"), ("installed", "installed"), ("handed_over", "handed over"), ("serviced", "serviced"), ("moved", "moved"), ("retired", "retired")], max_length=12)),
                ("happened_on", models.DateField()),
                ("note", models.CharField(blank=True, max_length=200)),
                ("said_by", models.CharField(max_length=200)),
                ("said_at", models.DateTimeField()),
                ("asset", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="acts", to="assets.asset")),
                ("withdraws", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="withdrawals", to="assets.lifecycleact")),
            ]),
            options={
                "ordering": ["happened_on", "said_at", "id"],
                "constraints": [
                    models.UniqueConstraint(condition=Q(withdraws=None), fields=("author", "asset", "kind", "happened_on", "note"), name="assets_act_once"),
                    models.UniqueConstraint(fields=("author", "withdraws"), name="assets_act_withdrawn_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Purchase",
            fields=own([
                ("asset_label", models.CharField(max_length=120)),
                ("price_minor", apps.common.fields.MinorField()),
                ("currency", models.CharField(max_length=3)),
                ("bought_at", models.DateTimeField()),
                ("transfer", models.CharField(max_length=40)),
                ("asset", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="purchases", to="assets.asset")),
                ("seller", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company")),
            ]),
            options={
                "ordering": ["-bought_at", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("author", "transfer"), name="assets_purchase_once"),
                    models.CheckConstraint(condition=Q(price_minor__gt=0), name="assets_purchase_price"),
                ],
            },
        ),
    ]
