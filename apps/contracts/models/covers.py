"""Assets that come and go while a contract is in force."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.contracts.models.contracts import Contract
from apps.tenancy.fence import FencedModel


class CoverChange(FencedModel):
    """Channels added to and withdrawn from a contract in force from a day on.

    Proposed by the provider, in force when the customer has signed the same content. `added`: items as
    `queries.covers.written_item`; `withdrawn`: keys of the items that are covered until before that day.
    """

    class State(models.TextChoices):
        OPEN = "open", _("proposed")
        WITHDRAWN = "withdrawn", _("withdrawn")
        ACCEPTED = "accepted", _("accepted")

    prefix = "cov"

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="cover_changes")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    valid_from = models.DateField()
    added = models.JSONField(default=list)
    withdrawn = models.JSONField(default=list)
    content_sha256 = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["contract", "made_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "contract"], condition=models.Q(state="open"),
                name="contracts_one_open_cover_change",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.contract_id} {self.valid_from}"
