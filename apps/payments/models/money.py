"""Money that comes in: what is expected, asked for at Checkout, received and given back."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.payments.models.failures import told
from apps.tenancy.fence import FencedModel


class ExpectedPayment(FencedModel):
    """What a document asks for, so that a bank statement's entry finds it; written by the payee."""

    prefix = "exp"

    # The document's public id, and its number as people write it on a transfer.
    reference = models.CharField(max_length=80)
    label = models.CharField(max_length=80)
    payer = models.ForeignKey(
        "tenancy.Company", on_delete=models.PROTECT, null=True, related_name="+"
    )
    payer_name = models.CharField(max_length=120)
    amount_minor = MinorField()
    # Of it what the payer disputes, and is not collected.
    disputed_minor = MinorField(default=0)
    currency = models.CharField(max_length=3)
    due_on = models.DateField()
    is_open = models.BooleanField(default=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "reference"], name="payments_expected_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0) | Q(is_open=False), name="payments_expected_positive"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.label

    @property
    def collectable_minor(self) -> int:
        return max(0, self.amount_minor - self.disputed_minor)


class CheckoutRequest(FencedModel):
    """A payer's visit to the provider's Checkout page. The page's address is never stored."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        COMPLETED = "completed", _("completed")
        EXPIRED = "expired", _("expired")

    prefix = "ckr"

    payee = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    payee_name = models.CharField(max_length=120)
    reference = models.CharField(max_length=80)
    title = models.CharField(max_length=120)
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    session_id = models.CharField(max_length=120, blank=True)
    # A path in the payer's portal to go back to.
    return_path = models.CharField(max_length=300, default="/")
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    started_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            # Clicking twice is clicking once.
            models.UniqueConstraint(
                fields=["author", "payee", "reference", "amount_minor", "currency"],
                condition=Q(state="open"), name="payments_checkout_open_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="payments_checkout_positive"
            ),
            models.CheckConstraint(
                condition=~Q(author=F("payee")), name="payments_checkout_of_two"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None)
                | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="payments_checkout_closed",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"


class Payment(FencedModel):
    """Money from a payer to the author, whatever the way. What it is for is a reference."""

    class Method(models.TextChoices):
        CHECKOUT = "checkout", _("online payment")
        CARD = "card", _("card")
        SEPA_DEBIT = "sepa_debit", _("direct debit")
        BANK_TRANSFER = "bank_transfer", _("bank transfer")
        NOTED = "noted", _("noted by hand")

    class State(models.TextChoices):
        PENDING = "pending", _("under way")
        SUCCEEDED = "succeeded", _("received")
        FAILED = "failed", _("failed")
        REFUNDED = "refunded", _("refunded")

    prefix = "pay"

    payer = models.ForeignKey(
        "tenancy.Company", on_delete=models.PROTECT, null=True, related_name="+"
    )
    payer_name = models.CharField(max_length=120)
    # The public id of the document it is for; empty where it names none.
    reference = models.CharField(max_length=80, blank=True)
    title = models.CharField(max_length=120, blank=True)
    amount_minor = MinorField()
    refunded_minor = MinorField(default=0)
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=13, choices=Method)
    # Payment intent, end-to-end id of a direct debit, or the bank's reference of an entry.
    provider_ref = models.CharField(max_length=120)
    state = models.CharField(max_length=9, choices=State)
    # The mandate of a direct debit and the day it is collected.
    mandate_reference = models.CharField(max_length=35, blank=True)
    collected_on = models.DateField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    noted_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-noted_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "provider_ref"], name="payments_payment_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_minor__gt=0, refunded_minor__gte=0,
                    refunded_minor__lte=F("amount_minor"),
                ),
                name="payments_payment_bounds",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "failed"], settled_at=None, refunded_minor=0)
                | Q(state="succeeded", settled_at__isnull=False, refunded_minor__lt=F("amount_minor"))
                | Q(state="refunded", settled_at__isnull=False, refunded_minor=F("amount_minor")),
                name="payments_payment_state",
            ),
            # One collection of a document at a time.
            models.UniqueConstraint(
                fields=["author", "reference"],
                condition=Q(state="pending", method="sepa_debit") & ~Q(reference=""),
                name="payments_collection_once",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.provider_ref} {self.state}"

    @property
    def told_failure(self) -> str:
        return told(self.failure)


class Refund(FencedModel):
    """Money of a payment that went back; appended, never changed."""

    class Kind(models.TextChoices):
        REFUND = "refund", _("refund")
        RETURN = "return", _("returned by the bank")

    prefix = "rfd"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    kind = models.CharField(max_length=6, choices=Kind)
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    provider_ref = models.CharField(max_length=120)
    reason = models.CharField(max_length=200, blank=True)
    refunded_at = models.DateTimeField()

    class Meta:
        ordering = ["refunded_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "provider_ref"], name="payments_refund_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="payments_refund_positive"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.provider_ref
