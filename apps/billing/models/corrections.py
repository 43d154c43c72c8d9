"""What a late reading or another price does to a billed period."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.tenancy.fence import FencedModel


class Correction(FencedModel):
    """What a late reading (or another price) does to one billed period: before, after, and why.

    It belongs to the documents it makes, and is seen by whom they are. A waiting or parked one has
    none yet. Once its documents are issued it never changes.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for the next invoice")
        DRAFTED = "drafted", _("draft")
        ISSUED = "issued", _("issued")
        PARKED = "parked", _("parked")

    prefix = "cor"

    contract = models.ForeignKey("contracts.Contract", on_delete=models.PROTECT, related_name="+")
    billed_period = models.ForeignKey(
        "metering.BilledPeriod", on_delete=models.PROTECT, related_name="+"
    )
    # Counts the corrections of the period from 1; the first invoice is 0.
    generation = models.SmallIntegerField()
    state = models.CharField(max_length=8, choices=State)
    # Why it is parked.
    reason = models.CharField(max_length=60, blank=True)
    params = models.JSONField(default=dict)
    # What it was rated over: plan version, service days, tax and usage records, by their keys.
    basis = models.JSONField(default=dict)
    # [{item, before, after}]: usage records that stood behind the documents, and that stand now.
    causes = models.JSONField(default=list)
    # [{charge, tier, asset_label, title, before, after}]: quantity, unit, price and net of a key.
    changes = models.JSONField(default=list)
    net_minor = MinorField()
    currency = models.CharField(max_length=3)
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["-found_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "billed_period", "generation"], name="billing_correction_once"
            ),
            # One that is not issued yet is rated again instead of a second beside it.
            models.UniqueConstraint(
                fields=["author", "billed_period"], condition=~Q(state="issued"),
                name="billing_correction_open_once",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.billed_period_id} {self.generation}"
