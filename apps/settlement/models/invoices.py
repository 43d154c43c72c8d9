"""A partner's own invoice of a statement that is an advice: the one document of that supply."""

from typing import Any, ClassVar

from django.db import models

from apps.billing.models import IncomingDocument
from apps.common.fields import MinorField
from apps.settlement.models.statements import Statement
from apps.tenancy.fence import FencedModel


class StatementInvoice(FencedModel):
    """Written by the provider that received the invoice; the partner sees it on its statement.

    A statement has one, and an invoice belongs to one: a supply is invoiced and paid once. What the
    partner needs of its invoice is copied, since the received document is seen by its receiver alone.
    """

    prefix = "sti"

    statement = models.OneToOneField(Statement, on_delete=models.PROTECT, related_name="invoice")
    incoming = models.OneToOneField(
        IncomingDocument, on_delete=models.PROTECT, related_name="statement_match"
    )
    number = models.CharField(max_length=200)
    issued_on = models.DateField()
    gross_minor = models.BigIntegerField()
    # Its tax with the sign of the statement's net; in the books once the invoice is accepted.
    tax_minor = MinorField(default=0)
    tax_posted_at = models.DateTimeField(null=True)
    currency = models.CharField(max_length=3)
    matched_by = models.CharField(max_length=200)
    matched_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[Any]] = ["-matched_at", "-id"]

    def __str__(self) -> str:
        return self.number
