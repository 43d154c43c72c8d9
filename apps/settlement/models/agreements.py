"""Self-billing agreements: who writes the documents of a pair of companies, and the partner's answer."""

from datetime import date, timedelta
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.tenancy.fence import FencedModel

MOST_DAYS = 365


def _days() -> models.Func:
    return models.Func(
        F("valid_from"), F("valid_until"), template="daterange(%(expressions)s, '[]')",
        output_field=DateRangeField(),
    )  # fmt: skip


class SelfBillingAgreement(FencedModel):
    """The provider (author) writes the invoices of its partner's supplies, from a day to a day.

    Both days belong to it; without a last day it holds until it is ended. Its content never changes:
    at most it is withdrawn (before the partner's yes) or gets an earlier last day (after it).
    """

    class TaxStatus(models.TextChoices):
        STANDARD = "standard", _("standard rate of the partner's country")
        SMALL = "small", _("small business, no tax shown")
        REVERSE = "reverse", _("reverse charge, the provider owes the tax")
        OUTSIDE = "outside", _("outside the scope of VAT")

    prefix = "sba"

    partner = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    owner_name = models.CharField(max_length=120)
    partner_name = models.CharField(max_length=120)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    tax_status = models.CharField(max_length=8, choices=TaxStatus)
    # What proves the status, such as a tax office's certificate, and its day.
    tax_proof = models.CharField(max_length=200)
    tax_proof_on = models.DateField()
    objection_days = models.SmallIntegerField()
    offered_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-offered_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=~Q(author=F("partner")), name="settlement_agreement_of_two"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="settlement_agreement_days",
            ),
            models.CheckConstraint(
                condition=Q(objection_days__gte=1, objection_days__lte=MOST_DAYS),
                name="settlement_agreement_objection",
            ),
            ExclusionConstraint(
                name="settlement_agreement_one_at_a_time",
                expressions=[
                    ("author", RangeOperators.EQUAL), ("partner", RangeOperators.EQUAL),
                    (_days(), RangeOperators.OVERLAPS),
                ],
                condition=Q(withdrawn_at=None),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.owner_name} – {self.partner_name}"

    @property
    def standing(self) -> str:
        """`accepted` or `refused` as the partner answered, else `withdrawn` or `offered`."""
        if self.withdrawn_at:
            return "withdrawn"
        answer = getattr(self, "answer", None)
        if answer is None:
            return "offered"
        return "accepted" if answer.accepted else "refused"

    def holds_on(self, day: date) -> bool:
        """Whether the partner accepted it and the day is one of its days."""
        begun = self.valid_from <= day
        return (
            self.standing == "accepted"
            and begun
            and (not self.valid_until or day <= self.valid_until)
        )

    def last_day_to_object(self, issued_on: date) -> date:
        """The last day on which the partner may object to a document of that day."""
        return issued_on + timedelta(days=self.objection_days)


class AgreementAnswer(FencedModel):
    """A partner's yes or no to an agreement, written by the partner; frozen."""

    prefix = "sbr"

    agreement = models.OneToOneField(
        SelfBillingAgreement, on_delete=models.PROTECT, related_name="answer"
    )
    accepted = models.BooleanField()
    answered_by = models.CharField(max_length=200)
    answered_at = models.DateTimeField()

    class Meta:
        ordering = ["answered_at", "id"]

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.accepted}"
