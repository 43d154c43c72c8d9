"""Where a company's money comes in and goes out: bank accounts, mandates, accounts at Stripe."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.payments.domain.accounts import in_groups
from apps.tenancy.fence import FencedModel

IBAN = r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$"


class BankAccount(FencedModel):
    """A company's own account. Its bank details never change: another account is another row."""

    prefix = "bac"

    holder_name = models.CharField(max_length=70)
    iban = models.CharField(max_length=34)
    bic = models.CharField(max_length=11, blank=True)
    # The creditor's identifier for direct debits (SEPA: "Gläubiger-Identifikationsnummer").
    creditor_id = models.CharField(max_length=35, blank=True)
    # Where others pay to; one of the company's accounts at most.
    is_main = models.BooleanField(default=False)
    # When others were last told to pay here: payouts wait until it has been so for a while.
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-is_main", "changed_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "iban"], condition=Q(closed_at=None),
                name="payments_bank_account_once",
            ),
            models.UniqueConstraint(
                fields=["author"], condition=Q(is_main=True), name="payments_main_account_once"
            ),
            models.CheckConstraint(condition=Q(iban__regex=IBAN), name="payments_bank_account_iban"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(is_main=False), name="payments_main_account_open"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.holder_name} {self.iban}"

    @property
    def grouped_iban(self) -> str:
        return in_groups(self.iban)


class Mandate(FencedModel):
    """The debtor lets the creditor collect by SEPA direct debit; written by the debtor."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        REVOKED = "revoked", _("revoked")

    prefix = "mdt"

    creditor = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    creditor_name = models.CharField(max_length=120)
    debtor_name = models.CharField(max_length=70)
    iban = models.CharField(max_length=34)
    bic = models.CharField(max_length=11, blank=True)
    # SEPA allows 35 characters; unique per creditor.
    reference = models.CharField(max_length=35)
    signed_on = models.DateField()
    signed_by = models.CharField(max_length=200)
    state = models.CharField(max_length=7, choices=State, default=State.ACTIVE)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-signed_on", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "creditor"], condition=Q(state="active"),
                name="payments_mandate_once",
            ),
            models.UniqueConstraint(
                fields=["author", "reference"], name="payments_mandate_reference"
            ),
            models.CheckConstraint(condition=Q(iban__regex=IBAN), name="payments_mandate_iban"),
            models.CheckConstraint(
                condition=~Q(author=F("creditor")), name="payments_mandate_of_two"
            ),
            models.CheckConstraint(
                condition=Q(state="active", revoked_at=None)
                | Q(state="revoked", revoked_at__isnull=False),
                name="payments_mandate_state",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference


class StripeAccount(FencedModel):
    """The company's connected account at Stripe, which holds what is collected for it."""

    prefix = "sac"

    account_id = models.CharField(max_length=60)
    charges_enabled = models.BooleanField(default=False)
    payouts_enabled = models.BooleanField(default=False)
    details_submitted = models.BooleanField(default=False)
    connected_at = models.DateTimeField()
    # By Stripe's clock: what it told later is not overwritten by what it told before.
    told_at = models.DateTimeField()

    class Meta:
        ordering = ["connected_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author"], name="payments_stripe_account_once"),
        ]

    def __str__(self) -> str:
        return self.account_id
