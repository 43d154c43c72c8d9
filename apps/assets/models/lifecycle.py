"""What happened to an asset in its life, and who held which role of its passport when."""

from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.assets.models.things import Asset
from apps.common.fields import MinorField
from apps.tenancy.fence import FencedModel


class Role(models.TextChoices):
    MANUFACTURER = "manufacturer", _("Manufacturer")
    OWNER = "owner", _("Owner")
    PROVIDER = "provider", _("Service provider")
    CUSTOMER = "customer", _("Customer")


def _held() -> models.Func:
    return models.Func(
        F("held_from"), F("held_until"), function="tstzrange", output_field=DateTimeRangeField()
    )


class Holding(FencedModel):
    """A company holds a role of an asset in [held_from, held_until).

    Written by the passport's author; seen by the companies the passport named meanwhile, and by a
    buyer. `transfer`: what made it the owner; empty where the passport was written.
    """

    prefix = "hld"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="holdings")
    role = models.CharField(max_length=12, choices=Role)
    holder = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    holder_name = models.CharField(max_length=120)
    held_from = models.DateTimeField()
    held_until = models.DateTimeField(null=True)
    transfer = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["held_from", "id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(held_until=None) | Q(held_until__gt=F("held_from")),
                name="assets_holding_span",
            ),
            ExclusionConstraint(
                name="assets_role_held_by_one",
                expressions=[
                    ("asset", RangeOperators.EQUAL), ("role", RangeOperators.EQUAL),
                    (_held(), RangeOperators.OVERLAPS),
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.asset_id} {self.role} {self.holder_name}"


class LifecycleAct(FencedModel):
    """What a company says happened to an asset on a day; appended, never changed.

    One that `withdraws` another of the same author says that the other never happened. Parties are
    the companies of the passport when it was written.
    """

    class Kind(models.TextChoices):
        MANUFACTURED = "manufactured", _("manufactured")
        SOLD = "sold", _("sold")
        INSTALLED = "installed", _("installed")
        HANDED_OVER = "handed_over", _("handed over")
        SERVICED = "serviced", _("serviced")
        MOVED = "moved", _("moved")
        RETIRED = "retired", _("retired")

    prefix = "lca"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="acts")
    author_name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind)
    happened_on = models.DateField()
    note = models.CharField(max_length=200, blank=True)
    withdraws = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="withdrawals"
    )
    said_by = models.CharField(max_length=200)
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["happened_on", "said_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "asset", "kind", "happened_on", "note"],
                condition=Q(withdraws=None), name="assets_act_once",
            ),
            models.UniqueConstraint(fields=["author", "withdraws"], name="assets_act_withdrawn_once"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.asset_id} {self.kind} {self.happened_on}"


class Purchase(FencedModel):
    """What an owner paid for an asset, without tax, and since when it is its own.

    Written by the owner, seen by it and by who sold: the holding itself is seen by all companies of
    the passport, and they need not know the price.
    """

    prefix = "pur"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="purchases")
    asset_label = models.CharField(max_length=120)
    seller = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    price_minor = MinorField()
    currency = models.CharField(max_length=3)
    bought_at = models.DateTimeField()
    transfer = models.CharField(max_length=40)

    class Meta:
        ordering = ["-bought_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "transfer"], name="assets_purchase_once"),
            models.CheckConstraint(condition=Q(price_minor__gt=0), name="assets_purchase_price"),
        ]

    def __str__(self) -> str:
        return f"{self.asset_label} {self.price_minor} {self.currency}"


class OwnershipHold(FencedModel):
    """The owner is transferring the asset: until that is over its passport names no other owner.

    Written and deleted by the owner; seen by it and by who keeps the passport. It says nothing of the
    buyer or the price.
    """

    prefix = "oho"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="ownership_holds")
    held_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "asset"], name="assets_ownership_held_once"),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.author_id}"
