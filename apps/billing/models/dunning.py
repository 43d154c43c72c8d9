"""Reminders of what is overdue, and the reference rates their interest rests on."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from apps.billing.models.receivables import Receivable
from apps.common.fields import MinorField
from apps.tenancy.fence import FencedModel


class ReferenceRate(models.Model):
    """A reference rate in percent a year from a day on. Data, read-mostly, exempt from the fence."""

    id = models.AutoField(primary_key=True)
    # DE: base rate of § 247 BGB; ECB: main refinancing rate on the half-year's first day.
    series = models.CharField(max_length=3)
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    valid_from = models.DateField()

    class Meta:
        ordering = ["series", "valid_from"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["series", "valid_from"], name="billing_reference_rate_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.percent} {self.valid_from}"


class Reminder(FencedModel):
    """What was asked for on a day, frozen: one of each level for a document."""

    prefix = "rem"

    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="reminders")
    customer = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    level = models.SmallIntegerField()
    # Empty on reminders from before they had numbers.
    number = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    # What is open and not disputed.
    asked_minor = MinorField()
    disputed_minor = MinorField(default=0)
    # Of this reminder, and of all reminders up to this one.
    fee_minor = MinorField()
    fees_minor = MinorField()
    # Of all days from the day after it was due up to the day before `sent_on`.
    interest_minor = MinorField()
    # Of `interest_minor` what no earlier reminder charged; with `fee_minor` the charge of this one.
    new_interest_minor = MinorField(default=0)
    # What is open of the charges of earlier reminders.
    earlier_minor = MinorField(default=0)
    # Statute, points, reference rates and accruals: {statute, series, points, accruals: […]}.
    facts = models.JSONField()
    sent_on = models.DateField()
    # By when it is to be paid now.
    pay_by = models.DateField()
    sent_at = models.DateTimeField()
    sent_by = models.CharField(max_length=200)

    class Meta:
        ordering = ["-sent_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "receivable", "level"], name="billing_reminder_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    level__gte=1, asked_minor__gt=0, disputed_minor__gte=0, fee_minor__gte=0,
                    fees_minor__gte=models.F("fee_minor"), earlier_minor__gte=0,
                    new_interest_minor__gte=0,
                    interest_minor__gte=models.F("new_interest_minor"),
                ),
                name="billing_reminder_amounts",
            ),
            models.UniqueConstraint(
                fields=["author", "number"], condition=~Q(number=""), name="billing_reminder_number"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.receivable_id} {self.level}"

    @property
    def total_minor(self) -> int:
        """All that is asked for: the document, what is open of earlier charges, and this one's."""
        return self.asked_minor + self.earlier_minor + self.charge_minor

    @property
    def charge_minor(self) -> int:
        """What this reminder charges for being late: a receivable of its own."""
        return self.fee_minor + self.new_interest_minor
