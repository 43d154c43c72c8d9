"""Money that goes out: a batch that one person drafts and another approves, and its payouts."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.payments.domain.accounts import in_groups
from apps.payments.models.approving import TwoPeople, not_alone
from apps.tenancy.fence import FencedModel


class Way(models.TextChoices):
    SEPA = "sepa", _("bank file")
    STRIPE = "stripe", _("Stripe transfer")


class PayoutBatch(TwoPeople):
    """Payouts of one way and currency that go out together."""

    class State(models.TextChoices):
        DRAFTED = "drafted", _("waits for approval")
        APPROVED = "approved", _("approved")
        SENT = "sent", _("sent")
        DISCARDED = "discarded", _("discarded")

    prefix = "pbt"
    told_asker = _("You drafted this batch; a second person approves it.")

    method = models.CharField(max_length=6, choices=Way)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=9, choices=State, default=State.DRAFTED)
    drafted_by_id = models.BigIntegerField()
    drafted_by = models.CharField(max_length=200)
    drafted_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-drafted_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            not_alone("payments_batch_two_people"),
            models.CheckConstraint(
                condition=Q(state="discarded") | Q(state="drafted", approved_by_id=None)
                | Q(state__in=["approved", "sent"], approved_by_id__isnull=False,
                    approved_at__isnull=False),
                name="payments_batch_approved",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at=None)),
                name="payments_batch_sent",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.method} {self.state}"


class Payout(FencedModel):
    """What a company pays for one reference. The payee sees it once it is sent."""

    class State(models.TextChoices):
        DRAFTED = "drafted", _("drafted")
        APPROVED = "approved", _("approved")
        SENT = "sent", _("sent")
        PAID = "paid", _("paid")
        FAILED = "failed", _("failed")
        DISCARDED = "discarded", _("discarded")

    prefix = "pyo"

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="payouts")
    payee = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    payee_name = models.CharField(max_length=120)
    # Whose money this is, where the author only collected it; empty for the author's own debts.
    held_for = models.ForeignKey(
        "tenancy.Company", on_delete=models.PROTECT, null=True, related_name="+"
    )
    reference = models.CharField(max_length=80)
    title = models.CharField(max_length=120)
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=6, choices=Way)
    state = models.CharField(max_length=9, choices=State, default=State.DRAFTED)
    # As they stood when it was approved: IBAN and BIC, or the connected account.
    holder_name = models.CharField(max_length=70, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    account_id = models.CharField(max_length=60, blank=True)
    # Transfer at Stripe, or the end-to-end id in the bank file.
    provider_ref = models.CharField(max_length=120, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    moved_at = models.DateTimeField()

    class Meta:
        ordering = ["payee_name", "id"]
        constraints: ClassVar[list[Any]] = [
            # A reference is paid out once, however often it is clicked.
            models.UniqueConstraint(
                fields=["author", "reference"],
                condition=~Q(state__in=["failed", "discarded"]), name="payments_payout_once",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payments_payout_positive"),
            models.CheckConstraint(
                condition=Q(held_for=None) | Q(method="stripe"),
                name="payments_others_money_by_provider",
            ),
            models.CheckConstraint(
                condition=~Q(author=F("payee")), name="payments_payout_of_two"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"

    @property
    def shown_account(self) -> str:
        """Where it goes, for people; before the approval empty, unless a query filled it in."""
        return in_groups(self.iban) if self.iban else self.account_id
