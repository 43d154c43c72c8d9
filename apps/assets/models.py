"""Asset types, assets with their passport, what is mounted where, and data grants."""

from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.assets.domain.derived import LONGEST_TEXT, Derivation, derivation_of
from apps.common.fields import QuantityField
from apps.common.ids import encode
from apps.tenancy.fence import FencedModel

CODE = RegexValidator(
    r"^[a-z][a-z0-9_]{0,39}$", _("Use lower-case letters, digits and underscores.")
)


class ChannelKind(models.TextChoices):
    COUNTER = "counter", _("Counter (cumulative)")
    DELTA = "delta", _("Amount since the last message")
    GAUGE = "gauge", _("Level")
    STATE = "state", _("State")


class AssetType(FencedModel):
    """A kind of asset as the author knows it: what it measures, and what may be mounted on it.

    `positions` are dicts of `domain.positions.PositionRule`; a component type is mounted on hosts.
    """

    prefix = "aty"

    name = models.CharField(max_length=120)
    manufacturer = models.CharField(max_length=120, blank=True)
    description = models.TextField(blank=True)
    is_component = models.BooleanField(default=False)
    positions = models.JSONField(default=list, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "name"], name="assets_type_name"),
        ]

    def __str__(self) -> str:
        return self.name


class TypeChannel(FencedModel):
    """One channel every asset of the type has. Rates are per hour, in the channel's unit."""

    prefix = "tch"

    asset_type = models.ForeignKey(AssetType, on_delete=models.CASCADE, related_name="channels")
    code = models.CharField(max_length=40, validators=[CODE])
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=ChannelKind)
    unit = models.CharField(max_length=20)
    # What one counted unit stands for by the factor of the channel's meter (mL of a pulse); empty:
    # usage is stated in the channel's unit.
    usage_unit = models.CharField(max_length=20, blank=True, default="")
    register_size = QuantityField(null=True, blank=True)
    restarts_from_zero = models.BooleanField(default=False)
    max_rate_per_hour = QuantityField(null=True, blank=True)
    expected_interval_seconds = models.IntegerField(null=True, blank=True)
    # What it is derived from (`domain.derived`); empty: it is sent. `formula_since`: the UTC day from
    # which this version holds, None: the first. `earlier_formulas`: versions before it, oldest first.
    formula = models.CharField(max_length=LONGEST_TEXT, blank=True, default="")
    formula_step = QuantityField(null=True, blank=True)
    formula_hold_seconds = models.IntegerField(null=True, blank=True)
    formula_since = models.DateField(null=True, blank=True)
    earlier_formulas = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["asset_type", "code"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "asset_type", "code"], name="assets_type_channel_code"
            ),
            models.CheckConstraint(
                condition=models.Q(register_size__gt=0) | models.Q(register_size=None),
                name="assets_register_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(max_rate_per_hour__gt=0) | models.Q(max_rate_per_hour=None),
                name="assets_rate_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(expected_interval_seconds__gt=0)
                | models.Q(expected_interval_seconds=None),
                name="assets_interval_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def billed_unit(self) -> str:
        """The unit its usage is stated in."""
        return self.usage_unit or self.unit

    @property
    def derivations(self) -> list[Derivation]:
        """Every version of what it is derived from, the oldest first; none of a sent channel."""
        if not self.formula:
            return []
        now = derivation_of(
            self.formula, self.formula_step, self.formula_hold_seconds, self.formula_since
        )
        return [*(Derivation.from_dict(row) for row in self.earlier_formulas), now]


class Asset(FencedModel):
    """One thing and its passport. The author collects its data; parties are its holders."""

    prefix = "ast"

    asset_type = models.ForeignKey(AssetType, on_delete=models.PROTECT, related_name="assets")
    type_name = models.CharField(max_length=120)
    name = models.CharField(max_length=120)
    serial = models.CharField(max_length=80)
    site = models.CharField(max_length=120, blank=True)
    manufacturer = models.ForeignKey(
        "tenancy.Company", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    owner = models.ForeignKey(
        "tenancy.Company", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    provider = models.ForeignKey(
        "tenancy.Company", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    customer = models.ForeignKey(
        "tenancy.Company", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    in_service_on = models.DateField(null=True, blank=True)
    made_at = models.DateTimeField()
    last_reading_at = models.DateTimeField(null=True)
    # The type's positions and counted channels, for the parties: the type is the author's alone.
    layout = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "asset_type", "serial"], name="assets_asset_serial"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DataGrant(FencedModel):
    """The author lets another company read channels of an asset; born with a contract."""

    class Resolution(models.TextChoices):
        RAW = "raw", _("every reading")
        HOURLY = "hourly", _("hourly")
        DAILY = "daily", _("daily")

    prefix = "grt"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="grants")
    grantee = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    contract_id = models.UUIDField()
    channels = ArrayField(models.CharField(max_length=40))
    resolution = models.CharField(max_length=6, choices=Resolution)
    purpose = models.CharField(max_length=200)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-valid_from", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "contract_id", "asset", "grantee", "resolution"],
                name="assets_grant_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} → {self.grantee_id}"


class GrantRead(FencedModel):
    """One read of another company's data under a grant; written by the reader, seen by both."""

    prefix = "grd"

    grant = models.ForeignKey(DataGrant, on_delete=models.PROTECT, related_name="reads")
    reader = models.CharField(max_length=200)
    channels = ArrayField(models.CharField(max_length=40))
    resolution = models.CharField(max_length=6, choices=DataGrant.Resolution)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    row_count = models.IntegerField()
    read_at = models.DateTimeField()

    class Meta:
        ordering = ["-read_at", "-id"]

    def __str__(self) -> str:
        return f"{self.grant_id} {self.read_at:%Y-%m-%d}"


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
