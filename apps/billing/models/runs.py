"""Billing runs and what became of each contract in them."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.tenancy.fence import FencedModel


class BillingRun(FencedModel):
    """One push of the button: which contracts, which periods, how far it is."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        STOPPED = "stopped", _("stopped")
        DONE = "done", _("done")

    prefix = "run"

    # The period's label, such as 2018-03; every period that ends within it is billed.
    label = models.CharField(max_length=10)
    dry = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    started_by = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return self.label


class RunItem(FencedModel):
    """One contract and period in a run: its state and, when parked, a reason its owner can read."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        METERING = "metering", _("waiting for usage")
        BILLED = "billed", _("billed")
        ALREADY = "already", _("already billed")
        DRY = "dry", _("calculated")
        PARKED = "parked", _("parked")

    prefix = "rni"

    run = models.ForeignKey(BillingRun, on_delete=models.CASCADE, related_name="items")
    contract = models.ForeignKey("contracts.Contract", on_delete=models.PROTECT, related_name="+")
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=60, blank=True)
    params = models.JSONField(default=dict)
    invoice = models.ForeignKey(
        "billing.Invoice", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    net_minor = MinorField(null=True)
    currency = models.CharField(max_length=3)

    class Meta:
        ordering = ["run", "contract", "period_start"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "run", "contract", "period_start"], name="billing_run_item_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.state}"
