"""Invoices with lines and taxes, and the series of their numbers."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.billing.models.corrections import Correction
from apps.common.fields import MinorField, QuantityField
from apps.tenancy.fence import FencedModel

# What a document is called that has no number yet, by its kind.
DRAFTS = {
    "invoice": _("Draft invoice"), "credit": _("Draft credit note"),
    "addition": _("Draft additional invoice"),
}  # fmt: skip


class NumberSeries(FencedModel):
    """The next number of a series of one issuer. Taken last in the issuing transaction."""

    prefix = "nrs"

    series = models.CharField(max_length=20)
    next_number = models.IntegerField(default=1)

    class Meta:
        ordering = ["series"]
        verbose_name_plural = "number series"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "series"], name="billing_series_once"),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.next_number}"


class Invoice(FencedModel):
    """A draft is seen by the issuer alone; an issued one by both, and never changes again.

    A credit note and an additional invoice correct an issued invoice; their amounts are positive.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("invoice")
        CREDIT_NOTE = "credit", _("credit note")
        ADDITIONAL = "addition", _("additional invoice")

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        APPROVED = "approved", _("approved")
        ISSUED = "issued", _("issued")

    prefix = "inv"

    contract = models.ForeignKey(
        "contracts.Contract", on_delete=models.PROTECT, related_name="invoices"
    )
    customer = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.INVOICE)
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="corrected_by"
    )
    correction = models.ForeignKey(
        Correction, on_delete=models.PROTECT, null=True, related_name="documents"
    )
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    series = models.CharField(max_length=20, blank=True)
    number = models.CharField(max_length=40, null=True)
    currency = models.CharField(max_length=3)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    net_minor = MinorField()
    tax_minor = MinorField()
    gross_minor = MinorField()
    # Names, addresses, tax ids and terms of both sides as they were: {issuer, recipient, terms}.
    facts = models.JSONField()
    drafted_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=200, blank=True)
    issued_at = models.DateTimeField(null=True)
    issued_on = models.DateField(null=True)
    due_on = models.DateField(null=True)

    class Meta:
        ordering = ["-drafted_at", "-id"]
        # Each side's list in its order, and how many wait: see `ReachPaginator` and the home page.
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["author", "-drafted_at", "-id"], name="billing_invoice_written"),
            models.Index(
                fields=["customer", "-drafted_at", "-id"], condition=Q(state="issued"),
                name="billing_invoice_received",
            ),
            models.Index(
                fields=["author", "state"], condition=Q(state__in=["draft", "approved"]),
                name="billing_invoice_waiting",
            ),
            # What a month's pictures add up, of years of them.
            models.Index(
                fields=["author", "period_start"], condition=Q(state="issued"),
                name="billing_invoice_month",
            ),
        ]  # fmt: skip
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "number"], name="billing_invoice_number"),
            models.CheckConstraint(
                condition=Q(gross_minor=F("net_minor") + F("tax_minor")),
                name="billing_invoice_sum",
            ),
            models.CheckConstraint(
                condition=~Q(state="issued")
                | Q(number__isnull=False, issued_at__isnull=False, due_on__isnull=False),
                name="billing_issued_is_numbered",
            ),
            models.CheckConstraint(
                condition=Q(kind="invoice", corrects=None, correction=None)
                | (
                    Q(kind__in=["credit", "addition"], net_minor__gt=0)
                    & Q(corrects__isnull=False, correction__isnull=False)
                ),
                name="billing_correcting_kind",
            ),
            models.UniqueConstraint(
                fields=["author", "correction", "kind"], name="billing_correction_document_once"
            ),
        ]

    def __str__(self) -> str:
        return self.number or str(_("Draft"))

    @property
    def heading(self) -> str:
        """“Invoice 2026-0001”, or what a draft of its kind is called."""
        if self.number:
            return f"{capfirst(self.get_kind_display())} {self.number}"
        return str(DRAFTS[self.kind])

    @property
    def sign(self) -> int:
        """-1 for a credit note: what its positive amounts mean to the customer's account."""
        return -1 if self.kind == Invoice.Kind.CREDIT_NOTE else 1

    @property
    def signed_net_minor(self) -> int:
        return self.sign * self.net_minor

    @property
    def signed_gross_minor(self) -> int:
        return self.sign * self.gross_minor


class InvoiceLine(FencedModel):
    """One charge, tier and asset of one billed period. Reached through its invoice (no index)."""

    prefix = "lin"

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    position = models.IntegerField()
    # 0 on the first invoice of the period, else the number of the correction.
    generation = models.SmallIntegerField(default=0)
    # The line a correction takes from or adds to; indexed where there is one.
    corrects = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="corrected_by", db_index=False
    )
    billed_period = models.ForeignKey(
        "metering.BilledPeriod", on_delete=models.PROTECT, related_name="+"
    )
    # Of a fee in advance the period it is for; empty: the billed period itself.
    service_start = models.DateTimeField(null=True)
    service_end = models.DateTimeField(null=True)
    charge = models.CharField(max_length=40)
    tier = models.SmallIntegerField(default=0)
    title = models.JSONField()  # {"en": …, "de": …}
    asset_id = models.UUIDField(null=True)
    asset_label = models.CharField(max_length=120, blank=True)
    meter = models.CharField(max_length=40, blank=True)
    quantity = QuantityField()
    unit = models.CharField(max_length=20)
    unit_price = QuantityField()
    net_minor = MinorField()
    tax_category = models.CharField(max_length=2)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=2)
    # Arithmetic step by step, language-neutral, and the evidence: {steps, usage_records, plan}.
    explanation = models.JSONField()

    class Meta:
        ordering = ["invoice", "position"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "invoice", "position"], name="billing_line_position"
            ),
            # Usage is billed at most once: a charge, tier, asset and service of a period has one line.
            models.UniqueConstraint(
                fields=["author", "billed_period", "charge", "tier", "asset_id", "service_start"],
                condition=Q(generation=0),
                name="billing_line_once",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=[
                    "author", "billed_period", "generation", "invoice", "charge", "tier",
                    "asset_id", "service_start", "corrects",
                ],
                condition=Q(generation__gt=0),
                name="billing_correcting_line_once",
                nulls_distinct=False,
            ),
        ]  # fmt: skip
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["corrects"],
                name="billing_line_corrects",
                condition=Q(corrects__isnull=False),
            ),
        ]

    @property
    def service_last(self) -> datetime | None:
        """A moment of the last day of the service, where it is not the billed period."""
        return self.service_end and self.service_end - timedelta(microseconds=1)

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.position}"


class InvoiceTax(FencedModel):
    """Tax of one category and rate, computed on the sum of its lines."""

    prefix = "tax"

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="taxes")
    category = models.CharField(max_length=2)
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    net_minor = MinorField()
    tax_minor = MinorField()

    class Meta:
        ordering = ["invoice", "category", "percent"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "invoice", "category", "percent"], name="billing_tax_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.percent}"
