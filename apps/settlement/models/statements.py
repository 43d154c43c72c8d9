"""Statements: what a partner gets of a period, as a self-billed document or as an advice."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.settlement.domain.statements import Kind as KindCode
from apps.settlement.models.agreements import SelfBillingAgreement
from apps.settlement.models.shares import SettledPeriod, Share
from apps.tenancy.fence import FencedModel


class Statement(FencedModel):
    """A partner's shares of one settled period on one document; written by the provider, frozen.

    Under an agreement it is the invoice (389) or credit note (261) of the partner's supply, with a
    number, the partner's tax and amounts above zero. Without one it is an advice: the partner sends its
    own invoice, and amounts have the sign of the shares.
    """

    class Kind(models.TextChoices):
        INVOICE = KindCode.INVOICE, _("self-billed invoice")
        CREDIT_NOTE = KindCode.CREDIT_NOTE, _("self-billed credit note")
        ADVICE = KindCode.ADVICE, _("advice")

    prefix = "stm"

    kind = models.CharField(max_length=7, choices=Kind)
    partner = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    settled = models.ForeignKey(SettledPeriod, on_delete=models.PROTECT, related_name="statements")
    agreement = models.ForeignKey(
        SelfBillingAgreement, on_delete=models.PROTECT, null=True, related_name="statements"
    )
    series = models.CharField(max_length=20, blank=True)
    number = models.CharField(max_length=40, null=True)
    # Both parties as they are printed: {seller, buyer}; the seller is the partner.
    facts = models.JSONField()
    owner_name = models.CharField(max_length=120)
    partner_name = models.CharField(max_length=120)
    contract_title = models.CharField(max_length=120)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    net_minor = MinorField()
    tax_minor = MinorField()
    gross_minor = MinorField()
    tax_category = models.CharField(max_length=2, blank=True)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2)
    issued_at = models.DateTimeField()
    issued_on = models.DateField()
    # The last day on which the partner may object.
    objection_until = models.DateField(null=True)

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "number"], name="settlement_statement_number"),
            models.CheckConstraint(
                condition=Q(gross_minor=F("net_minor") + F("tax_minor")),
                name="settlement_statement_sum",
            ),
            # Without an agreement nothing is invoiced in the partner's name.
            models.CheckConstraint(
                condition=Q(
                    kind="advice", number=None, agreement=None, objection_until=None, tax_minor=0
                )
                | (
                    Q(kind__in=["invoice", "credit"], net_minor__gt=0)
                    & Q(number__isnull=False, agreement__isnull=False)
                    & Q(objection_until__isnull=False)
                ),
                name="settlement_statement_kind",
            ),
        ]  # fmt: skip
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["author", "-issued_at", "-id"], name="settlement_statement_written"),
            models.Index(fields=["partner", "-issued_at", "-id"], name="settlement_statement_got"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The number; an advice has none."""
        return self.number or str(_("advice"))

    @property
    def last_moment(self) -> datetime:
        """A moment of the period's last day."""
        return self.period_end - timedelta(microseconds=1)

    @property
    def sign(self) -> int:
        """-1 for a credit note: what its positive amounts mean to the partner's account."""
        return -1 if self.kind == Statement.Kind.CREDIT_NOTE else 1

    @property
    def signed_net_minor(self) -> int:
        return self.sign * self.net_minor

    @property
    def signed_gross_minor(self) -> int:
        return self.sign * self.gross_minor


class StatementLine(FencedModel):
    """One share on a statement. Each share stands on one at most: one side alone invoices it.

    A sum of a whole period whose lines carry several taxes has a part, and a document, for each.
    """

    prefix = "stl"

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    position = models.IntegerField()
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="statement_lines")
    part = models.SmallIntegerField(default=0)
    net_minor = MinorField()
    # The line's part of the document's tax; for the ledger, on no document.
    tax_minor = MinorField(default=0)

    class Meta:
        ordering = ["statement", "position"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "statement", "position"], name="settlement_statement_position"
            ),
            models.UniqueConstraint(
                fields=["author", "share", "part"], name="settlement_share_on_one_statement"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.position}"
