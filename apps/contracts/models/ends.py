"""Ends of a contract in force: by notice, or proposed by one side and signed by the other."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.contracts.models.contracts import Contract
from apps.tenancy.fence import FencedModel


class EndNotice(FencedModel):
    """Written by either side. A notice takes effect as it stands; a proposal once the other side has
    signed its `content_sha256`. `ends_on`: the first day not covered any more."""

    class Kind(models.TextChoices):
        NOTICE = "notice", _("notice")
        PROPOSAL = "proposal", _("proposal")

    class State(models.TextChoices):
        OPEN = "open", _("given")
        WITHDRAWN = "withdrawn", _("withdrawn")

    prefix = "edn"

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="end_notices")
    kind = models.CharField(max_length=8, choices=Kind)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    ends_on = models.DateField()
    reason = models.CharField(max_length=500, blank=True)
    content_sha256 = models.CharField(max_length=64)
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["contract", "made_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "contract"],
                condition=models.Q(state="open", kind="proposal"),
                name="contracts_one_open_end",
            ),
            models.UniqueConstraint(
                fields=["author", "contract", "ends_on"], condition=models.Q(kind="notice"),
                name="contracts_notice_once",
            ),
            # Who has given notice cannot take it back.
            models.CheckConstraint(
                condition=models.Q(kind="proposal") | models.Q(state="open"),
                name="contracts_notice_stands",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.contract_id} {self.kind} {self.ends_on}"
