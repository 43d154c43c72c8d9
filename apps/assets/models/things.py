"""Asset types with their channels, and assets with their passport."""

from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.assets.domain.derived import LONGEST_TEXT, Derivation, derivation_of
from apps.common.fields import QuantityField
from apps.tenancy.fence import FencedModel

CODE = RegexValidator(
    r"^[a-z][a-z0-9_]{0,39}$", _("Use lower-case letters, digits and underscores.")
)


class ChannelKind(models.TextChoices):
    COUNTER = "counter", _("Counter (cumulative)")
    DELTA = "delta", _("Amount since the last message")
    GAUGE = "gauge", _("Level")
    STATE = "state", _("State")


class ChannelMark(models.TextChoices):
    """Why a channel is in no grant that nobody names it for."""

    TRADE_SECRET = "secret", _("trade secret")
    PERSONAL = "personal", _("personal")


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
    # Marked channels are granted by name alone; see ChannelMark.
    mark = models.CharField(max_length=8, choices=ChannelMark, blank=True, default="")
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
    manufactured_on = models.DateField(null=True, blank=True)
    # Given with the last transfer that carried one; both days belong to it.
    warranty_from = models.DateField(null=True, blank=True)
    warranty_until = models.DateField(null=True, blank=True)
    made_at = models.DateTimeField()
    last_reading_at = models.DateTimeField(null=True)
    # The type's positions and channels, for the parties: the type is the author's alone.
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
