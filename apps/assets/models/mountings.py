"""What is mounted where, and the lives of components."""

from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.assets.models.things import Asset
from apps.common.fields import QuantityField
from apps.common.ids import encode
from apps.tenancy.fence import FencedModel


def _during() -> models.Func:
    return models.Func(
        models.F("mounted_at"), models.F("dismounted_at"), function="tstzrange",
        output_field=DateTimeRangeField(),
    )  # fmt: skip


class Mounting(FencedModel):
    """A component at a position of a host in [mounted_at, dismounted_at), or a coupled host.

    Written by the component's author; seen by the parties of both assets. `collector` is the
    host's author. Rule and labels are those of the moment: a later layout changes no bill. The
    values are what the host's counter `channel_code` showed, in `unit`; None: nobody read it.
    """

    prefix = "mnt"

    component = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="mountings")
    component_label = models.CharField(max_length=120)
    host = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="carried")
    host_label = models.CharField(max_length=120)
    collector = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    position = models.CharField(max_length=20)
    position_title = models.CharField(max_length=80)
    factor = QuantityField(default=1)
    while_channel = models.CharField(max_length=40, blank=True)
    while_value = QuantityField(null=True)
    host_counters = ArrayField(models.CharField(max_length=40), default=list)
    mounted_at = models.DateTimeField()
    dismounted_at = models.DateTimeField(null=True)
    channel_code = models.CharField(max_length=40, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    mounted_value = QuantityField(null=True)
    dismounted_value = QuantityField(null=True)
    mounted_by = models.CharField(max_length=200)
    mount_recorded_at = models.DateTimeField()
    dismounted_by = models.CharField(max_length=200, blank=True)
    dismount_recorded_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=200, blank=True)
    withdrawn_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-mounted_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(dismounted_at=None)
                | models.Q(dismounted_at__gt=models.F("mounted_at")),
                name="assets_mounting_span",
            ),
            models.CheckConstraint(
                condition=~models.Q(component=models.F("host")), name="assets_mounting_not_itself"
            ),
            models.CheckConstraint(
                condition=models.Q(factor__gte=0, factor__lte=1000), name="assets_mounting_factor"
            ),
            ExclusionConstraint(
                name="assets_component_in_one_place",
                expressions=[
                    ("component", RangeOperators.EQUAL), (_during(), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(withdrawn_at=None),
            ),
            ExclusionConstraint(
                name="assets_position_holds_one",
                expressions=[
                    ("host", RangeOperators.EQUAL), ("position", RangeOperators.EQUAL),
                    (_during(), RangeOperators.OVERLAPS),
                ],
                condition=models.Q(withdrawn_at=None),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.component_label} → {self.host_label} {self.position}"

    @property
    def component_public_id(self) -> str:
        """Copyable id, also where the asset itself is not seen."""
        return encode(Asset.prefix, self.component_id)

    @property
    def host_public_id(self) -> str:
        """Copyable id, also where the asset itself is not seen."""
        return encode(Asset.prefix, self.host_id)


class CounterNote(FencedModel):
    """What became of a mounting's counter value as a reading; written by the host's collector."""

    class Edge(models.TextChoices):
        MOUNTED = "mounted", _("mounted")
        DISMOUNTED = "dismounted", _("dismounted")

    class Outcome(models.TextChoices):
        STORED = "stored", _("stored as a reading")
        CONFLICT = "conflict", _("another reading of that moment stands")
        REFUSED = "refused", _("not taken as a reading")

    prefix = "cnt"

    mounting = models.ForeignKey(Mounting, on_delete=models.PROTECT, related_name="notes")
    edge = models.CharField(max_length=10, choices=Edge)
    outcome = models.CharField(max_length=8, choices=Outcome)
    standing = QuantityField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    noted_at = models.DateTimeField()

    class Meta:
        ordering = ["mounting", "edge", "-noted_at"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "mounting", "edge"], name="assets_counter_note_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mounting_id} {self.edge} {self.outcome}"


class ComponentLife(FencedModel):
    """A life of a component: new, or made good again. `tread` in millimetres, declared."""

    class Kind(models.TextChoices):
        NEW = "new", _("new")
        RETREADED = "retreaded", _("retreaded")
        REGROOVED = "regrooved", _("regrooved")
        OVERHAULED = "overhauled", _("overhauled")

    prefix = "lif"

    component = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="lives")
    kind = models.CharField(max_length=10, choices=Kind)
    began_at = models.DateTimeField()
    tread = QuantityField(null=True)
    note = models.CharField(max_length=200, blank=True)
    declared_by = models.CharField(max_length=200)
    declared_at = models.DateTimeField()

    class Meta:
        ordering = ["component", "began_at"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "component", "began_at"], name="assets_life_once"
            ),
            models.CheckConstraint(
                condition=models.Q(tread=None) | models.Q(tread__gte=0), name="assets_tread_given"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} {self.kind}"
