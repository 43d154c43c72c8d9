"""A customer's disputes of invoice lines and the issuer's answers: each a row of who wrote it."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.billing.models.documents import Invoice, InvoiceLine
from apps.common.fields import MinorField
from apps.pricing.tax import tax_on
from apps.tenancy.fence import FencedModel


class LineDispute(FencedModel):
    """Written by the customer: this line is not owed, as a whole or in part."""

    class State(models.TextChoices):
        OPEN = "open", _("disputed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    prefix = "dsp"

    issuer = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="disputes")
    line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="disputes")
    # How much of the line's net is disputed, and what that is with its tax.
    net_minor = MinorField()
    gross_minor = MinorField()
    currency = models.CharField(max_length=3)
    reason = models.TextField(max_length=2000)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=200)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "line"], condition=Q(state="open"), name="billing_dispute_once"
            ),
            models.CheckConstraint(
                condition=Q(net_minor__gt=0, gross_minor__gte=models.F("net_minor")),
                name="billing_dispute_amount",
            ),
            models.CheckConstraint(
                condition=Q(state="open", withdrawn_at=None)
                | Q(state="withdrawn", withdrawn_at__isnull=False),
                name="billing_dispute_withdrawn",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.line_id} {self.net_minor}"

    @property
    def given(self) -> "DisputeAnswer | None":
        """The issuer's answer, where there is one."""
        return getattr(self, "answer", None)

    @property
    def held_minor(self) -> int:
        """What is held back while it is not settled, tax included: of an accepted one what is
        granted of it."""
        if self.given is None:
            return self.gross_minor
        granted = self.given.granted_minor
        return granted + tax_on(granted, self.line.tax_percent)


class DisputeAnswer(FencedModel):
    """Written by the issuer, once: the line is credited as asked, or stands."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")

    prefix = "dsa"

    dispute = models.OneToOneField(LineDispute, on_delete=models.PROTECT, related_name="answer")
    outcome = models.CharField(max_length=8, choices=Outcome)
    # How much of the line's net is credited.
    granted_minor = MinorField(default=0)
    text = models.TextField(max_length=2000)
    answered_at = models.DateTimeField()
    answered_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["-answered_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(outcome="accepted", granted_minor__gt=0)
                | Q(outcome="rejected", granted_minor=0),
                name="billing_answer_grants",
            ),
        ]

    def __str__(self) -> str:
        return self.outcome
