"""What people say of readings, counters and usage."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.fields import QuantityField, uuid7
from apps.common.ids import encode
from apps.telemetry.domain.meters import MeterVersion
from apps.telemetry.models.channels import Channel


class DeclarationQuerySet(models.QuerySet["Declaration"]):
    """Which declarations count."""

    def counting(self) -> "DeclarationQuerySet":
        """Not withdrawn, and confirmed where a second person was needed."""
        return self.filter(withdrawn_at=None).exclude(needs_second=True, confirmed_at=None)


class Declaration(models.Model):
    """A person's (or device's) word on a reading, a counter or its usage.

    What is said never changes; it may be confirmed once, by another person, and withdrawn once.
    `declarer`: the person's key, null for a device or another part of the portal. `meter`: a version
    whose factor needs a second person (`domain.meters.MeterVersion`, and `gone` where it is to be taken away).
    """

    prefix: ClassVar[str] = "dcl"

    class Kind(models.TextChoices):
        BELIEVE = "believe", _("released")
        DISBELIEVE = "disbelieve", _("discarded")
        RESET = "reset", _("counter reset")
        EXCHANGE = "exchange", _("counter exchanged")
        CORRECTION = "correction", _("usage corrected")
        METER = "meter", _("meter described")

    class State(models.TextChoices):
        COUNTS = "counts", _("counts")
        WAITING = "waiting", _("waits for a second person")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="declarations")
    kind = models.CharField(max_length=10, choices=Kind)
    measured_at = models.DateTimeField()
    event_key = models.BinaryField(null=True, max_length=16)
    closing = QuantityField(null=True)
    opening = QuantityField(null=True)
    amount = QuantityField(null=True)
    meter = models.JSONField(null=True)
    reason = models.CharField(max_length=200)
    declared_by = models.CharField(max_length=200)
    declared_at = models.DateTimeField()
    declarer = models.BigIntegerField(null=True)
    needs_second = models.BooleanField(default=False)
    confirmed_by = models.CharField(max_length=200, blank=True, default="")
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=200, blank=True, default="")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=200, blank=True, default="")

    objects = DeclarationQuerySet.as_manager()

    class Meta:
        ordering = ["channel", "measured_at", "declared_at"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(kind="correction", amount__gt=-(10**18), amount__lt=10**18)
                | models.Q(~models.Q(kind="correction"), amount=None),
                name="telemetry_correction_amount",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="meter", meter__isnull=False, needs_second=True)
                | models.Q(~models.Q(kind="meter"), meter__isnull=True),
                name="telemetry_meter_declared",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_at=None) | models.Q(needs_second=True),
                name="telemetry_second_where_needed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.measured_at}"

    @property
    def public_id(self) -> str:
        return encode(self.prefix, self.id)

    @property
    def meter_version(self) -> MeterVersion | None:
        """The version it is about; None of another kind."""
        return None if self.meter is None else MeterVersion.from_dict(self.meter)

    @property
    def state(self) -> str:
        if self.withdrawn_at is not None:
            return self.State.WITHDRAWN
        waits = self.needs_second and self.confirmed_at is None
        return self.State.WAITING if waits else self.State.COUNTS

    def get_state_display(self) -> str:
        return str(self.State(self.state).label)


class CorrectionRule(models.Model):
    """Single row: what needs a second person, where a channel says nothing else.

    Corrections above `limit`, in each channel's own unit, and factors that change by more than
    `factor_limit` percent.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    limit = QuantityField(null=True)
    factor_limit = QuantityField(null=True)

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=models.Q(id=1), name="telemetry_correction_single"),
            models.CheckConstraint(
                condition=models.Q(limit__gte=0) | models.Q(limit=None),
                name="telemetry_correction_limit",
            ),
            models.CheckConstraint(
                condition=models.Q(factor_limit__gte=0) | models.Q(factor_limit=None),
                name="telemetry_rule_factor_limit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.limit}"
