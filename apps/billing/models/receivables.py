"""What is owed on issued documents, and how payments, credits and write-offs moved it."""

from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.billing.domain.receivables import Standing
from apps.billing.models.documents import Invoice
from apps.common.fields import MinorField
from apps.tenancy.fence import FencedModel, FencedQuerySet


class ReceivableQuerySet(FencedQuerySet):
    def unsettled(self) -> "ReceivableQuerySet":
        return self.filter(open_minor__gt=0)

    def of_documents(self) -> "ReceivableQuerySet":
        """Without what is charged for late payment."""
        return self.filter(reminder=None)

    def overdue(self, today: date) -> "ReceivableQuerySet":
        """Something is open after its day; `today` in the issuer's zone."""
        return self.unsettled().filter(due_on__lt=today)


ReceivableManager = models.Manager.from_queryset(ReceivableQuerySet)


class Receivable(FencedModel):
    """Beside an issued invoice or additional invoice, or a reminder's fee and interest, with its
    key. Whether it is overdue is a question of the day, not a state."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        PART_PAID = "part_paid", _("part paid")
        PAID = "paid", _("paid")
        CREDITED = "credited", _("credited")
        WRITTEN_OFF = "written_off", _("written off")

    prefix = "rcv"

    # The document itself, or the one whose lateness is charged for.
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="receivables")
    # Of what is charged for late payment: the reminder that asked for it first.
    reminder = models.OneToOneField(
        "billing.Reminder", on_delete=models.PROTECT, null=True, related_name="charge"
    )
    customer = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    gross_minor = MinorField()
    paid_minor = MinorField(default=0)
    credited_minor = MinorField(default=0)
    written_off_minor = MinorField(default=0)
    open_minor = MinorField()
    # Of what is open, as much as open disputes of its lines come to, tax included.
    disputed_minor = MinorField(default=0)
    state = models.CharField(max_length=11, choices=State, default=State.OPEN)
    # How often the customer was reminded: the level of the last reminder.
    level = models.SmallIntegerField(default=0)
    issued_on = models.DateField()
    due_on = models.DateField()
    moved_at = models.DateTimeField()

    objects: ClassVar[Any] = ReceivableManager()

    class Meta:
        ordering = ["due_on", "id"]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["author", "due_on", "id"], name="billing_receivable_ours"),
            models.Index(fields=["customer", "due_on", "id"], name="billing_receivable_theirs"),
            models.Index(
                fields=["author", "customer"], condition=Q(open_minor__gt=0),
                name="billing_receivable_unsettled",
            ),
            models.Index(
                fields=["author", "due_on"], condition=Q(open_minor__gt=0),
                name="billing_receivable_late",
            ),
            models.Index(
                fields=["customer", "due_on"], condition=Q(open_minor__gt=0),
                name="billing_receivable_to_pay",
            ),
        ]  # fmt: skip
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(reminder=None, id=F("invoice_id")) | Q(id=F("reminder_id")),
                name="billing_receivable_of_invoice",
            ),
            models.CheckConstraint(
                condition=Q(
                    open_minor=F("gross_minor") - F("paid_minor") - F("credited_minor")
                    - F("written_off_minor"),
                )
                & Q(open_minor__gte=0, paid_minor__gte=0, credited_minor__gte=0,
                    written_off_minor__gte=0, gross_minor__gte=0),
                name="billing_receivable_sum",
            ),
            models.CheckConstraint(
                condition=Q(open_minor__gt=0, state__in=["open", "part_paid"])
                | Q(open_minor=0, state__in=["paid", "credited", "written_off"]),
                name="billing_receivable_state",
            ),
            models.CheckConstraint(
                condition=Q(disputed_minor__gte=0, disputed_minor__lte=F("open_minor")),
                name="billing_receivable_disputed",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.state}"

    @property
    def paper(self) -> Any:
        """The invoice, or the reminder, that has its number and is named by payments."""
        return self.invoice if self.reminder_id is None else self.reminder

    @property
    def standing(self) -> Standing:
        return Standing(
            self.gross_minor, self.paid_minor, self.credited_minor, self.written_off_minor
        )

    def stand(self, standing: Standing) -> None:
        """Take over what an allocation made of it (not saved)."""
        self.paid_minor, self.credited_minor = standing.paid, standing.credited
        self.written_off_minor, self.open_minor = standing.written_off, standing.open
        self.state, self.disputed_minor = standing.state, min(self.disputed_minor, standing.open)


class Allocation(FencedModel):
    """A frozen step of a receivable. What is taken back is a negative one of its own."""

    class Source(models.TextChoices):
        PAYMENT = "payment", _("payment")
        REFUND = "refund", _("refund")
        REVERSAL = "reversal", _("returned payment")
        CREDIT = "credit", _("customer's credit")
        CREDIT_NOTE = "credit_note", _("credit note")
        WRITE_OFF = "write_off", _("write-off")
        RECOVERY = "recovery", _("paid after a write-off")

    prefix = "alc"

    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="allocations")
    source = models.CharField(max_length=11, choices=Source)
    # The payment, refund, credit note, write-off or move of a credit.
    source_id = models.UUIDField()
    # Of a negative one: the step it takes from.
    takes_back = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="taken_back_by"
    )
    amount_minor = MinorField()
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()
    # The day it counts for late interest, where that is not the day of `at`.
    valued_on = models.DateField(null=True)

    class Meta:
        ordering = ["at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "source", "source_id", "receivable"],
                name="billing_allocation_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    source__in=["payment", "credit_note", "write_off", "credit"],
                    amount_minor__gt=0,
                    takes_back=None,
                )
                | Q(source="recovery", amount_minor__lt=0, takes_back=None)
                | Q(
                    source__in=["refund", "reversal", "credit"],
                    amount_minor__lt=0,
                    takes_back__isnull=False,
                ),
                name="billing_allocation_sign",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.amount_minor}"


class CustomerCredit(FencedModel):
    """What a customer has with the issuer: an overpayment, or what is over of a credit note."""

    class Source(models.TextChoices):
        OVERPAYMENT = "overpayment", _("overpayment")
        CREDIT_NOTE = "credit_note", _("credit note")

    prefix = "ccr"

    customer = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=11, choices=Source)
    # The payment or the credit note.
    source_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    amount_minor = MinorField()
    left_minor = MinorField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["made_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "source", "source_id"], name="billing_credit_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, left_minor__gte=0, left_minor__lte=F("amount_minor")),
                name="billing_credit_bounds",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.left_minor} {self.currency}"


class CreditMove(FencedModel):
    """A frozen step of a customer's credit: what was taken from it; negative: what came back."""

    class Kind(models.TextChoices):
        USED = "used", _("used for a document")
        REFUNDED = "refunded", _("refunded")
        TAKEN_BACK = "taken_back", _("taken back with its payment")

    prefix = "crm"

    credit = models.ForeignKey(CustomerCredit, on_delete=models.PROTECT, related_name="moves")
    kind = models.CharField(max_length=10, choices=Kind)
    # What it was used for.
    receivable = models.ForeignKey(
        Receivable, on_delete=models.PROTECT, null=True, related_name="credit_moves"
    )
    # The refund or return it was taken back with, or the refund paid out.
    cause_id = models.UUIDField(null=True)
    amount_minor = MinorField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "credit", "kind", "receivable", "cause_id"],
                condition=Q(cause_id__isnull=False),
                nulls_distinct=False,
                name="billing_credit_move_once",
            ),
            models.CheckConstraint(
                condition=(Q(kind="used", receivable__isnull=False) & ~Q(amount_minor=0))
                | Q(kind__in=["refunded", "taken_back"], receivable=None, amount_minor__gt=0),
                name="billing_credit_move_kind",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"
