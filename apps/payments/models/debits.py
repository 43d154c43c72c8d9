"""A run of direct debits: one person drafts it, another approves it, and a bank file is made."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.fields import MinorField
from apps.payments.domain.accounts import in_groups
from apps.payments.models.approving import TwoPeople, not_alone
from apps.payments.models.bank import BankFile
from apps.tenancy.fence import FencedModel


class DebitRun(TwoPeople):
    """What is collected on a day, in euros. The approval makes the file, or has the provider asked,
    and ends the run."""

    class State(models.TextChoices):
        DRAFTED = "drafted", _("waits for approval")
        APPROVED = "approved", _("approved")
        DISCARDED = "discarded", _("discarded")

    class Method(models.TextChoices):
        SEPA = "sepa", _("bank file")
        STRIPE = "stripe", "Stripe"

    prefix = "dbr"
    told_asker = _("You drafted this run; a second person approves it.")

    method = models.CharField(max_length=6, choices=Method, default=Method.SEPA)
    collected_on = models.DateField()
    state = models.CharField(max_length=9, choices=State, default=State.DRAFTED)
    drafted_by_id = models.BigIntegerField()
    drafted_by = models.CharField(max_length=200)
    drafted_at = models.DateTimeField()
    file = models.OneToOneField(
        BankFile, on_delete=models.PROTECT, null=True, related_name="debit_run"
    )

    class Meta:
        ordering = ["-drafted_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            not_alone("payments_debits_two_people"),
            models.CheckConstraint(
                condition=(
                    Q(state="approved", approved_by_id__isnull=False, approved_at__isnull=False)
                    & (Q(method="sepa", file__isnull=False) | Q(method="stripe", file=None))
                )
                | (~Q(state="approved") & Q(approved_by_id=None, file=None)),
                name="payments_debits_approved",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.collected_on} {self.state}"

    @property
    def currency(self) -> str:
        """SEPA direct debits carry euros alone."""
        return "EUR"


class Debit(FencedModel):
    """What a run collects from whom for which document, in cents; frozen as it was drafted."""

    prefix = "dbt"

    run = models.ForeignKey(DebitRun, on_delete=models.PROTECT, related_name="debits")
    payer = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    payer_name = models.CharField(max_length=120)
    reference = models.CharField(max_length=80)
    title = models.CharField(max_length=120)
    amount_minor = MinorField()
    mandate_reference = models.CharField(max_length=35)
    # Of a mandate that is saved with the provider no account number is known.
    iban = models.CharField(max_length=34, blank=True)
    saved_mandate = models.ForeignKey(
        "payments.SavedMandate", on_delete=models.PROTECT, null=True, related_name="debits"
    )

    class Meta:
        ordering = ["payer_name", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "run", "reference"], name="payments_debit_once"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payments_debit_positive"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.title} {self.amount_minor}"

    @property
    def shown_account(self) -> str:
        return (
            in_groups(self.iban) if self.saved_mandate is None else self.saved_mandate.shown_account
        )
