"""E-invoices from outside: what was received, what the rules say, and the answer to its sender."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.billing.models.documents import Invoice
from apps.tenancy.fence import FencedModel


class IncomingDocument(FencedModel):
    """A file that was received, seen by its receiver alone. Its amounts are as written in it."""

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")

    class Format(models.TextChoices):
        CII = "cii", "CII"
        UBL = "ubl", "UBL"
        PDF = "pdf", "PDF + XML"

    prefix = "inc"

    file_name = models.CharField(max_length=200)
    format = models.CharField(max_length=3, choices=Format)
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    # The XML that is judged and shown; of a PDF the one inside it.
    xml_sha256 = models.CharField(max_length=64)
    xml_path = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)
    number = models.CharField(max_length=200)
    issued_on = models.DateField()
    due_on = models.DateField(null=True)
    sender_name = models.CharField(max_length=300)
    sender_vat_id = models.CharField(max_length=40, blank=True)
    # By what a sender's numbers are told apart: its VAT id, else its name; empty on older rows.
    sender_key = models.CharField(max_length=300, blank=True, default="")
    # The sender where it has a portal too; to it goes the answer.
    sender = models.ForeignKey(
        "tenancy.Company", on_delete=models.PROTECT, null=True, related_name="+"
    )
    currency = models.CharField(max_length=3)
    gross_minor = models.BigIntegerField()
    due_minor = models.BigIntegerField()
    # Rows {rule, severity, place, text}.
    findings = models.JSONField(default=list)
    error_count = models.IntegerField(default=0)
    contract = models.ForeignKey(
        "contracts.Contract", on_delete=models.PROTECT, null=True, related_name="+"
    )
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=200)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=200, blank=True)
    reason = models.TextField(max_length=2000, blank=True)

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "sha256"], name="billing_incoming_once"),
            # Of what is not refused, a sender's number is received once.
            models.UniqueConstraint(
                fields=["author", "sender_key", "number", "kind"],
                condition=~Q(state="refused") & ~Q(sender_key="") & ~Q(number=""),
                name="billing_incoming_number_once",
            ),
            models.CheckConstraint(
                condition=Q(state="received", decided_at=None)
                | Q(state__in=["accepted", "refused"], decided_at__isnull=False),
                name="billing_incoming_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused", reason=""), name="billing_incoming_reason"
            ),
            models.CheckConstraint(
                condition=Q(error_count__gte=0), name="billing_incoming_errors"
            ),
        ]  # fmt: skip
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["author", "-received_at", "-id"], name="billing_incoming_list"),
            models.Index(
                fields=["author"], condition=Q(state="received"), name="billing_incoming_undecided"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state == self.State.RECEIVED


class IncomingAnswer(FencedModel):
    """Written by the receiver, once, and shown to a sender that has a portal: accepted or refused."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")

    prefix = "ina"

    document = models.OneToOneField(
        IncomingDocument, on_delete=models.PROTECT, related_name="answer"
    )
    receiver_name = models.CharField(max_length=120)
    outcome = models.CharField(max_length=8, choices=Outcome)
    number = models.CharField(max_length=200)
    issued_on = models.DateField()
    currency = models.CharField(max_length=3)
    gross_minor = models.BigIntegerField()
    reason = models.TextField(max_length=2000, blank=True)
    answered_at = models.DateTimeField()
    answered_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["-answered_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=~Q(outcome="refused", reason=""), name="billing_incoming_answer_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.outcome}"
