"""What companies tell the platform of their health, and the operator's own audit rows."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.common.fields import uuid7
from apps.common.ids import encode
from apps.tenancy.fence import FencedModel


class CompanyHealth(FencedModel):
    """How a company's portal does, written by its own job: figures only, no business content."""

    prefix = "hth"

    noted_at = models.DateTimeField()
    last_reading_at = models.DateTimeField(null=True)
    # Pairs of a UTC day and how many readings were measured on it, oldest first.
    readings_by_day = models.JSONField(default=list)
    # Days of channels whose roll-up is behind the readings.
    days_behind = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    disbelieved = models.IntegerField(default=0)
    parked_contracts = models.IntegerField(default=0)
    running_contracts = models.IntegerField(default=0)
    open_invoices = models.IntegerField(default=0)
    overdue_invoices = models.IntegerField(default=0)
    storage_bytes = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["author_id"]
        verbose_name_plural = "company healths"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author"], name="console_health_once"),
        ]

    def __str__(self) -> str:
        return f"{self.author_id} {self.noted_at}"

    @property
    def quarantine(self) -> int:
        """Items and readings that wait for somebody's decision."""
        return self.refused + self.disbelieved


class OperatorAct(models.Model):
    """What the platform's people did, append-only. Exempt from the fence: no company's role has a
    right to it, and the company concerned has an audit row of its own."""

    prefix: ClassVar[str] = "opa"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=80)
    company = models.ForeignKey(
        "tenancy.Company", on_delete=models.PROTECT, null=True, related_name="+"
    )
    subject = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"

    @property
    def public_id(self) -> str:
        return encode(self.prefix, self.id)


class OperatorSeal(models.Model):
    """A batch of the operator's acts, chained to the one before (`events.AuditSeal` is the companies')."""

    number = models.IntegerField(primary_key=True)
    made_at = models.DateTimeField()
    previous = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64)
    # Keys of its rows in their order, and as many hashes of 32 bytes.
    rows = ArrayField(models.UUIDField())
    hashes = models.BinaryField()

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"seal {self.number}"


class OperatorCheck(models.Model):
    """Whether that chain held when it was looked at; one row a night."""

    checked_at = models.DateTimeField()
    seals = models.IntegerField()
    rows = models.IntegerField()
    faults = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.checked_at}"
