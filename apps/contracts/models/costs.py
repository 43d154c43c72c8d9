"""What a contract that a company is the customer of serves: one of its own contracts, and an asset."""

from typing import Any, ClassVar

from django.db import models

from apps.contracts.models.contracts import Contract
from apps.tenancy.fence import FencedModel


class CostObject(FencedModel):
    """Written by the customer and seen by it alone: what it is charged lowers that contract's margin."""

    prefix = "cob"

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="cost_objects")
    serves = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="served_by")
    asset = models.ForeignKey("assets.Asset", on_delete=models.PROTECT, null=True, related_name="+")
    asset_label = models.CharField(max_length=120, blank=True)
    noted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "contract"], name="contracts_cost_object_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(contract=models.F("serves")), name="contracts_cost_of_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.serves_id}"
