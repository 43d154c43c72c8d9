"""Price plans of a contract as frozen values, and proposed ones."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.contracts.models.contracts import Contract
from apps.tenancy.fence import FencedModel


class PlanVersion(FencedModel):
    """The price plan as a frozen value, from a date on. Never changed once offered."""

    prefix = "pln"

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="plans")
    number = models.SmallIntegerField()
    valid_from = models.DateField()
    plan = models.JSONField()
    plan_sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["contract", "number"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "contract", "number"], name="contracts_plan_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.number}"


class PlanProposal(FencedModel):
    """A new plan from a later period on, which the customer may accept until the day before.

    Accepted, it becomes a `PlanVersion`; both parties' signatures name its `content_sha256`.
    """

    class State(models.TextChoices):
        OPEN = "open", _("proposed")
        WITHDRAWN = "withdrawn", _("withdrawn")
        ACCEPTED = "accepted", _("accepted")

    prefix = "plp"

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="proposals")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    valid_from = models.DateField()
    plan = models.JSONField()
    plan_sha256 = models.CharField(max_length=64)
    content_sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["contract", "made_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "contract"], condition=models.Q(state="open"),
                name="contracts_one_open_proposal",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.contract_id} {self.valid_from}"
