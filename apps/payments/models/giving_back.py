"""Money of a payment that a person wants to give back, through the provider or by bank transfer."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.payments.domain.accounts import in_groups
from apps.payments.models.approving import TwoPeople, not_alone
from apps.payments.models.bank import BankFile
from apps.payments.models.money import Payment


class RefundRequest(TwoPeople):
    """One person asks, another approves; its public id is the key at the provider, or comes back on
    the bank's statement."""

    class State(models.TextChoices):
        ASKED = "asked", _("waits for approval")
        APPROVED = "approved", _("approved")
        MADE = "made", _("refunded")
        FAILED = "failed", _("failed")
        DISCARDED = "discarded", _("discarded")

    prefix = "rfq"
    asker = "asked_by_id"
    told_asker = _("You asked for this refund; a second person approves it.")

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refund_requests")
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    asked_by_id = models.BigIntegerField()
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    failure = models.CharField(max_length=200, blank=True)
    # Of a bank transfer: where the money came from, as the bank said, and the file that returns it.
    holder_name = models.CharField(max_length=70, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    file = models.OneToOneField(
        BankFile, on_delete=models.PROTECT, null=True, related_name="refund_request"
    )

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "payment"], condition=Q(state__in=["asked", "approved"]),
                name="payments_refund_request_open_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="payments_refund_request_positive"
            ),
            not_alone("payments_refund_two_people", "asked_by_id"),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "discarded"], approved_by_id=None)
                | Q(state__in=["approved", "made", "failed"], approved_by_id__isnull=False,
                    approved_at__isnull=False),
                name="payments_refund_request_approved",
            ),
            # A bank transfer is approved with its file, and only such a one has a file.
            models.CheckConstraint(
                condition=Q(iban="", file=None) | Q(state__in=["asked", "discarded"], file=None)
                | (~Q(iban="") & Q(state__in=["approved", "made", "failed"], file__isnull=False)),
                name="payments_refund_request_file",
            ),
        ]  # fmt: skip

    @property
    def grouped_iban(self) -> str:
        return in_groups(self.iban)

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency} {self.state}"
