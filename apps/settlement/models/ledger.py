"""The ledger: accounts per pair of companies, purpose and currency, and one frozen row per transfer."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.settlement.domain.ledger import Purpose as PurposeCode
from apps.tenancy.fence import FencedModel


class Account(FencedModel):
    """What a company (author) has with a partner for one purpose, in one currency.

    The balance is credits less debits and moves with its transfers alone.
    """

    class Purpose(models.TextChoices):
        COST = PurposeCode.COST, _("shared revenue")
        TAX = PurposeCode.TAX, _("tax of self-billed documents")
        OWED = PurposeCode.OWED, _("recognised, not payable yet")
        PAYABLE = PurposeCode.PAYABLE, _("payable")
        DUE_BACK = PurposeCode.DUE_BACK, _("to be given back")
        IN_PAYOUT = PurposeCode.IN_PAYOUT, _("being paid out")
        PAID = PurposeCode.PAID, _("paid out")
        DEPOSIT = PurposeCode.DEPOSIT, _("deposit of the customer")
        CUSTODY = PurposeCode.CUSTODY, _("money of deposits")

    prefix = "acc"

    partner = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    partner_name = models.CharField(max_length=120)
    owner_name = models.CharField(max_length=120)
    purpose = models.CharField(max_length=9, choices=Purpose)
    currency = models.CharField(max_length=3)
    balance_minor = MinorField(default=0)

    class Meta:
        ordering = ["partner_name", "currency", "purpose"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "partner", "purpose", "currency"], name="settlement_account_once"
            ),
            models.UniqueConstraint(fields=["id", "currency"], name="settlement_account_currency"),
            models.CheckConstraint(
                condition=~Q(author=F("partner")), name="settlement_account_of_two"
            ),
            # A payout never exceeds what is payable; what was paid too much is owed back.
            models.CheckConstraint(
                condition=Q(purpose__in=["cost", "owed", "tax"])
                | Q(purpose__in=["payable", "in_payout", "paid", "deposit"], balance_minor__gte=0)
                | Q(purpose__in=["due_back", "custody"], balance_minor__lte=0),
                name="settlement_account_balance",
            ),
            models.CheckConstraint(
                condition=Q(balance_minor__gte=-(10**15), balance_minor__lte=10**15),
                name="settlement_account_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_name} {self.purpose} {self.currency}"


class Transfer(FencedModel):
    """An amount from one account to another, for one reason; balanced by construction, frozen."""

    class Cause(models.TextChoices):
        SHARE = "share", _("share")
        TAX = "tax", _("tax of a self-billed document")
        PAYMENT = "payment", _("customer's payment")
        PAYOUT = "payout", _("payout")
        PAID_OUT = "paid_out", _("paid out")
        PAYOUT_FAILED = "failed", _("payout returned")
        DEPOSIT = "deposit", _("deposit")

    prefix = "trf"

    # In the database both refer to key and currency together: two currencies never meet.
    debit = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="debits", db_constraint=False
    )
    credit = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="credits", db_constraint=False
    )
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    cause = models.CharField(max_length=8, choices=Cause)
    # The share, the statement, the customer's document, the payout or the deposit's step.
    cause_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0) & ~Q(debit=F("credit")),
                name="settlement_transfer_amount",
            ),
            models.UniqueConstraint(
                fields=["author", "cause", "cause_id", "debit", "credit"],
                condition=~Q(cause="payment"), name="settlement_transfer_once",
            ),
        ]  # fmt: skip
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["cause_id"], name="settlement_transfer_cause"),
            models.Index(fields=["author", "-at", "-id"], name="settlement_transfer_written"),
            models.Index(fields=["debit", "-at", "-id"], name="settlement_transfer_of"),
        ]

    def __str__(self) -> str:
        return f"{self.cause} {self.amount_minor} {self.currency}"
