"""Files to and from the bank, and the entries of its statements."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.payments.domain.accounts import in_groups
from apps.payments.models.money import Payment
from apps.payments.models.payouts import Payout, PayoutBatch
from apps.tenancy.fence import FencedModel


class BankFile(FencedModel):
    """A stored file by its content; seen by its company alone."""

    class Kind(models.TextChoices):
        TRANSFERS = "transfers", _("transfers (pain.001)")
        DEBITS = "debits", _("direct debits (pain.008)")
        STATEMENT = "statement", _("statement (camt.053)")

    prefix = "bkf"

    kind = models.CharField(max_length=9, choices=Kind)
    batch = models.ForeignKey(
        PayoutBatch, on_delete=models.PROTECT, null=True, related_name="files"
    )
    path = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.IntegerField()
    entry_count = models.IntegerField()
    total_minor = MinorField()
    currency = models.CharField(max_length=3)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "kind", "sha256"], name="payments_bank_file_once"
            ),
            models.UniqueConstraint(
                fields=["author", "batch"], condition=Q(batch__isnull=False),
                name="payments_bank_file_of_batch",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.path


class BankStatement(FencedModel):
    """A statement that was read from a file."""

    prefix = "bst"

    file = models.ForeignKey(BankFile, on_delete=models.PROTECT, related_name="statements")
    statement_id = models.CharField(max_length=70)
    iban = models.CharField(max_length=34)
    currency = models.CharField(max_length=3)
    opening_minor = MinorField(null=True)
    closing_minor = MinorField(null=True)
    entry_count = models.IntegerField()
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ["-imported_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "file", "statement_id", "iban"], name="payments_statement_once"
            ),
        ]

    def __str__(self) -> str:
        return self.statement_id


class BankEntry(FencedModel):
    """A booking on the account: positive came in, negative went out."""

    class State(models.TextChoices):
        UNMATCHED = "unmatched", _("to assign")
        MATCHED = "matched", _("assigned")
        IGNORED = "ignored", _("set aside")

    prefix = "bke"

    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="entries")
    # The bank's own reference, or a hash of what the entry says where it gives none.
    entry_ref = models.CharField(max_length=120)
    booked_on = models.DateField()
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    other_name = models.CharField(max_length=140, blank=True)
    other_iban = models.CharField(max_length=34, blank=True)
    text = models.CharField(max_length=500, blank=True)
    end_to_end_id = models.CharField(max_length=70, blank=True)
    is_return = models.BooleanField(default=False)
    state = models.CharField(max_length=9, choices=State, default=State.UNMATCHED)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="bank_entries"
    )
    payout = models.ForeignKey(
        Payout, on_delete=models.PROTECT, null=True, related_name="bank_entries"
    )
    # Of a return: what the bank took beyond what the payment had left (its charges, or what had been
    # refunded before).
    rest_minor = MinorField(default=0)
    # Who decided it; empty where reference and amount did.
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-booked_on", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["author", "entry_ref"], name="payments_entry_once"),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="payments_entry_not_zero"),
            models.CheckConstraint(
                condition=Q(state="unmatched", payment=None, payout=None, decided_at=None)
                | Q(state="matched", decided_at__isnull=False)
                | Q(state="ignored", payment=None, payout=None, decided_at__isnull=False),
                name="payments_entry_state",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount_minor}"

    @property
    def grouped_iban(self) -> str:
        return in_groups(self.other_iban)
