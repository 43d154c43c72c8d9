"""A partner's objection to a self-billed document, and the provider's answer; a frozen row each."""

from typing import Any, ClassVar

from django.db import models

from apps.settlement.models.statements import Statement
from apps.tenancy.fence import FencedModel


class Objection(FencedModel):
    """Written by the partner within the days agreed; open or upheld, it freezes the document's payout."""

    prefix = "obj"

    statement = models.OneToOneField(
        Statement, on_delete=models.PROTECT, related_name="objection"
    )  # fmt: skip
    reason = models.CharField(max_length=500)
    objected_by = models.CharField(max_length=200)
    objected_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[Any]] = ["-objected_at", "-id"]

    def __str__(self) -> str:
        return self.reason


class ObjectionAnswer(FencedModel):
    """Written by the provider: rejected, the payout is free; upheld, once a credit note follows."""

    prefix = "oba"

    objection = models.OneToOneField(Objection, on_delete=models.PROTECT, related_name="answer")
    upheld = models.BooleanField()
    text = models.CharField(max_length=500)
    answered_by = models.CharField(max_length=200)
    answered_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[Any]] = ["-answered_at", "-id"]
        verbose_name_plural = "objection answers"

    def __str__(self) -> str:
        return self.text
