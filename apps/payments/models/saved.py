"""Mandates that customers save with the payment provider, and what is collected by them."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.payments.models.debits import Debit
from apps.payments.models.failures import told
from apps.payments.models.money import Payment
from apps.tenancy.fence import FencedModel


class SavedMandate(FencedModel):
    """A debtor lets a creditor collect through the provider; written by the debtor.

    The provider keeps the account: here stand its names there and the IBAN's last four characters.
    """

    class State(models.TextChoices):
        OPEN = "open", _("to be given")
        ACTIVE = "active", _("active")
        REVOKED = "revoked", _("revoked")
        EXPIRED = "expired", _("expired")

    prefix = "smd"

    creditor = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    creditor_name = models.CharField(max_length=120)
    debtor_name = models.CharField(max_length=120)
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    # At the provider: page, customer, payment method and mandate.
    session_id = models.CharField(max_length=120, blank=True)
    customer_ref = models.CharField(max_length=120, blank=True)
    method_ref = models.CharField(max_length=120, blank=True)
    mandate_ref = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=200)
    signed_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            # Clicking twice is clicking once; and one is in force at a time.
            models.UniqueConstraint(
                fields=["author", "creditor"], condition=Q(state="open"),
                name="payments_saved_open_once",
            ),
            models.UniqueConstraint(
                fields=["author", "creditor"], condition=Q(state="active"),
                name="payments_saved_active_once",
            ),
            models.CheckConstraint(
                condition=~Q(author=F("creditor")), name="payments_saved_of_two"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "expired"], signed_at=None, revoked_at=None)
                | (Q(state="active", signed_at__isnull=False, revoked_at=None) & ~Q(method_ref=""))
                | Q(state="revoked", signed_at__isnull=False, revoked_at__isnull=False),
                name="payments_saved_state",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """As it stands on debits and payments; SEPA allows 35 characters."""
        return self.public_id.upper().replace("_", "-")

    @property
    def shown_account(self) -> str:
        return f"{self.country}•• •••• {self.last4}" if self.last4 else ""


class OnlineDebit(FencedModel):
    """What became of one debit of an approved run through the provider; its public id is the key there."""

    class State(models.TextChoices):
        ASKED = "asked", _("being asked for")
        MADE = "made", _("under way")
        FAILED = "failed", _("failed")

    prefix = "odb"

    debit = models.OneToOneField(Debit, on_delete=models.PROTECT, related_name="online")
    reference = models.CharField(max_length=80)
    state = models.CharField(max_length=6, choices=State, default=State.ASKED)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="online_debits"
    )
    failure = models.CharField(max_length=200, blank=True)
    moved_at = models.DateTimeField()

    class Meta:
        ordering = ["-moved_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "reference"], condition=Q(state="asked"),
                name="payments_online_debit_once",
            ),
            models.CheckConstraint(
                condition=Q(state="asked", payment=None, failure="")
                | Q(state="made", payment__isnull=False, failure="")
                | (Q(state="failed", payment=None) & ~Q(failure="")),
                name="payments_online_debit_state",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"

    @property
    def told_failure(self) -> str:
        return told(self.failure)
