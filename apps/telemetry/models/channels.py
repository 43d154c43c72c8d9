"""Devices, channels, roll-ups, disbelief, refused items and the retention edge."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.assets.domain.derived import Derivation
from apps.assets.models import ChannelKind
from apps.common.fields import QuantityField, uuid7
from apps.common.ids import encode
from apps.telemetry.domain.meters import MeterVersion


class Device(models.Model):
    """Something that sends readings of one asset, until it is retired."""

    prefix: ClassVar[str] = "dev"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    asset_id = models.UUIDField()
    asset_label = models.CharField(max_length=120)
    name = models.CharField(max_length=120)
    made_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)
    firmware = models.CharField(max_length=40, blank=True, default="")
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["asset_id", "name"], condition=models.Q(retired_at=None),
                name="telemetry_device_name",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return encode(self.prefix, self.id)


class Channel(models.Model):
    """One measured quantity of one asset; its small key stands in every reading."""

    id = models.AutoField(primary_key=True)
    asset_id = models.UUIDField()
    asset_label = models.CharField(max_length=120)
    code = models.CharField(max_length=50)
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=ChannelKind)
    unit = models.CharField(max_length=20)
    # What its factor turns a counted unit into; empty: usage is in the channel's own unit.
    usage_unit = models.CharField(max_length=20, blank=True, default="")
    register_size = QuantityField(null=True)
    restarts_from_zero = models.BooleanField(default=False)
    max_rate_per_hour = QuantityField(null=True)
    expected_interval_seconds = models.IntegerField(null=True)
    # Corrections above it need a second person; without one the company's holds.
    correction_limit = QuantityField(null=True)
    # Factors that change by more percent need a second person; without one the company's holds.
    factor_limit = QuantityField(null=True)
    # Versions of `domain.meters.MeterVersion`, the oldest first.
    meters = models.JSONField(default=list)
    # Versions of `assets.domain.derived.Derivation`, oldest first; a sent channel has none.
    derived = models.JSONField(default=list)
    # 0: sent; else one more than the deepest channel it is derived from.
    depth = models.SmallIntegerField(default=0)

    class Meta:
        ordering = ["asset_id", "code"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["asset_id", "code"], name="telemetry_channel_code"),
            models.CheckConstraint(
                condition=models.Q(correction_limit__gte=0) | models.Q(correction_limit=None),
                name="telemetry_channel_limit",
            ),
            models.CheckConstraint(
                condition=models.Q(factor_limit__gte=0) | models.Q(factor_limit=None),
                name="telemetry_channel_factor_limit",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["asset_id"], name="telemetry_channel_derived",
                condition=models.Q(depth__gt=0),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.asset_label} {self.code}"

    @property
    def billed_unit(self) -> str:
        """The unit its usage is stated in."""
        return self.usage_unit or self.unit

    @property
    def meter_versions(self) -> list[MeterVersion]:
        """What is known of its meter, by versions, the oldest first."""
        return [MeterVersion.from_dict(row) for row in self.meters]

    @property
    def is_weighed(self) -> bool:
        """Whether its usage is not simply what was counted."""
        return bool(self.usage_unit or self.meters)

    @property
    def derivations(self) -> list[Derivation]:
        """What it is derived from, by versions, the oldest first."""
        return [Derivation.from_dict(row) for row in self.derived]


class DerivedCarry(models.Model):
    """What a derived channel's day hands on to the next one (`domain.deriving`)."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="carries")
    day = models.DateField()
    carry = models.JSONField()

    class Meta:
        ordering = ["channel", "day"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["channel", "day"], name="telemetry_carry_once"),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.day}"


class ChannelDay(models.Model):
    """Mark and outcome of one channel and UTC day.

    `version` rises when the marks of an intake (`telemetry_mark`) are folded in and with every
    declaration; the roll-up job sets `done_version` to what it has worked in. A level reading at exactly midnight belongs to the day that ends there.
    """

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="days")
    day = models.DateField()
    version = models.BigIntegerField(default=1)
    done_version = models.BigIntegerField(default=0)
    opening_at = models.DateTimeField(null=True)
    opening_value = QuantityField(null=True)
    closing_at = models.DateTimeField(null=True)
    closing_value = QuantityField(null=True)
    reading_count = models.IntegerField(default=0)
    usage = QuantityField(null=True)
    # The trace of the believed readings (`domain.days.DayTrace`); the silence in microseconds.
    first_at = models.DateTimeField(null=True)
    longest_silence = models.BigIntegerField(null=True)
    digest = models.BinaryField(null=True, max_length=32)

    class Meta:
        ordering = ["channel", "day"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["channel", "day"], name="telemetry_day_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["channel", "day"],
                name="telemetry_day_dirty",
                condition=models.Q(version__gt=models.F("done_version")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.day}"


class HourRollup(models.Model):
    """One channel and UTC hour: `usage` is the amount of the steps (or deltas) of that hour.

    Levels: readings in (hour, hour + 1 h]; deltas: [hour, hour + 1 h).
    """

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="hours")
    hour = models.DateTimeField()
    reading_count = models.IntegerField()
    usage = QuantityField()
    last_at = models.DateTimeField()
    last_value = QuantityField()
    minimum = QuantityField()
    maximum = QuantityField()

    class Meta:
        ordering = ["channel", "hour"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["channel", "hour"], name="telemetry_hour_once"),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.hour}"


class Discontinuity(models.Model):
    """Where a counter jumped: usage(a, b] = value(b) − value(a) + Σ amount in (a, b]."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="discontinuities")
    measured_at = models.DateTimeField()
    kind = models.CharField(max_length=12)
    amount = QuantityField()

    class Meta:
        ordering = ["channel", "measured_at"]
        verbose_name_plural = "discontinuities"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["channel", "measured_at"], name="telemetry_discontinuity_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.kind}"


class Disbelief(models.Model):
    """A stored reading that is not believed, and why. Found anew whenever its day is recomputed."""

    prefix: ClassVar[str] = "dsb"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="disbeliefs")
    measured_at = models.DateTimeField()
    event_key = models.BinaryField(null=True, max_length=16)
    value = QuantityField()
    reason = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["-measured_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["channel", "measured_at", "event_key"],
                name="telemetry_disbelief_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.reason}"

    @property
    def public_id(self) -> str:
        return encode(self.prefix, self.id)


class RefusedItem(models.Model):
    """An item that was refused at intake, kept in its raw form with place and reason."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        RELEASED = "released", _("released")
        DISCARDED = "discarded", _("discarded")

    prefix: ClassVar[str] = "ref"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    received_at = models.DateTimeField()
    source = models.CharField(max_length=160)
    position = models.IntegerField()
    outcome = models.CharField(max_length=10)  # refused or conflict
    reason = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    raw = models.TextField(blank=True)
    raw_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-received_at", "position"]
        constraints: ClassVar[list[Any]] = [
            # The same bad item sent again is the same row, so that a stubborn device fills nothing.
            models.UniqueConstraint(
                fields=["source", "reason", "raw_sha256"], name="telemetry_refused_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.position}"

    @property
    def public_id(self) -> str:
        return encode(self.prefix, self.id)


class RetentionEdge(models.Model):
    """Single row: how long readings are kept.

    Readings before `earliest` are refused; without one, those older than `keep_months`. An import
    of old files moves it back, dropping old months moves it on.
    """

    KEEP_MONTHS = 120

    id = models.SmallIntegerField(primary_key=True, default=1)
    earliest = models.DateTimeField(null=True)
    keep_months = models.SmallIntegerField(default=KEEP_MONTHS)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=models.Q(id=1), name="telemetry_edge_single"),
            models.CheckConstraint(
                condition=models.Q(keep_months__gte=12, keep_months__lte=600),
                name="telemetry_edge_months",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.keep_months} months"
