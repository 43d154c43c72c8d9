"""Forms of billing."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.billing.models import InvoiceLine, LineDispute, Receivable
from apps.billing.operations import OrderFacts, SeenPayment
from apps.common.fields import uuid7
from apps.common.forms import AmountField, DateInput, MonthInput
from apps.common.money import Money
from apps.common.period import parse_month
from apps.common.quantity import BadValue


class RunForm(forms.Form):
    """Which month is billed, and whether for real."""

    month = forms.CharField(
        label=_("Month"),
        max_length=7,
        widget=MonthInput(),
        help_text=_("Every finished period that ends in this month, and older ones still open."),
    )
    dry = forms.BooleanField(
        label=_("Dry run"),
        required=False,
        help_text=_("Calculates everything and writes no invoice."),
    )

    def clean_month(self) -> str:
        month: str = self.cleaned_data["month"]
        try:
            parse_month(month)
        except BadValue:
            raise forms.ValidationError(_("Enter a month such as 2026-03.")) from None
        return month


class IncomingForm(forms.Form):
    """A file that was received from outside."""

    file = forms.FileField(
        label=_("E-invoice"),
        max_length=200,
        help_text=_("XML (CII or UBL, also XRechnung) or a PDF with XML (Factur-X, ZUGFeRD)."),
    )


class RefusalForm(forms.Form):
    """Why a received document is not taken."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The sender reads this."),
    )


class PaymentForm(forms.Form):
    """A payment as the bank statement has it; the key makes a second click the same payment."""

    key = forms.UUIDField(widget=forms.HiddenInput())
    received_on = forms.DateField(label=_("Received on"), widget=DateInput())
    bank = forms.CharField(label=_("Bank account"), max_length=80, required=False)
    reference = forms.CharField(label=_("Payer's reference"), max_length=140, required=False)

    field_order = ("amount", "received_on", "bank", "reference", "key")

    def __init__(self, owed: Receivable, *args: Any, **kwargs: Any) -> None:
        open_amount = Money(owed.open_minor, owed.currency).to_decimal()
        kwargs.setdefault("initial", {"amount": open_amount or None, "key": uuid7()})
        super().__init__(*args, **kwargs)
        self.fields["amount"] = AmountField(owed.currency, label=_("Amount"))
        self.order_fields(self.field_order)

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        if day > timezone.localdate() + timedelta(days=1):
            raise forms.ValidationError(_("A payment cannot come in the future."))
        return day

    def seen(self) -> SeenPayment:
        """What was typed. Call it on a valid form."""
        data = self.cleaned_data
        return SeenPayment(
            data["key"], data["amount"], data["received_on"], data["bank"], data["reference"]
        )


class WriteOffForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is kept with the write-off; the customer sees it too."),
    )  # fmt: skip


class DisputeForm(forms.Form):
    """By the customer: how much of a line's net is not owed."""

    reason = forms.CharField(
        label=_("Why?"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What the issuer should know: what you measured, when the machine stood still."),
    )  # fmt: skip

    def __init__(self, line: InvoiceLine, *args: Any, **kwargs: Any) -> None:
        currency = line.invoice.currency
        whole = Money(line.net_minor, currency).to_decimal()
        kwargs.setdefault("initial", {"amount": whole})
        super().__init__(*args, **kwargs)
        self.fields["amount"] = AmountField(
            currency, label=_("Disputed, net"), most_minor=line.net_minor
        )
        self.order_fields(("amount", "reason"))


class AnswerForm(forms.Form):
    """By the issuer: what is credited of the disputed amount; nothing lets the line stand."""

    outcome = forms.ChoiceField(
        label=_("Answer"),
        choices=[
            ("accept", _("Credit it")), ("reject", _("Let it stand")),
        ],
        widget=forms.RadioSelect(),
    )  # fmt: skip
    text = forms.CharField(
        label=_("Your answer"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, dispute: LineDispute, *args: Any, **kwargs: Any) -> None:
        whole = Money(dispute.net_minor, dispute.currency).to_decimal()
        kwargs.setdefault("initial", {"amount": whole})
        super().__init__(*args, **kwargs)
        self.fields["amount"] = AmountField(
            dispute.currency, label=_("Credited, net"), most_minor=dispute.net_minor,
            required=False, help_text=_("Only where it is credited."),
        )  # fmt: skip
        self.order_fields(("outcome", "amount", "text"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("outcome") == "accept" and not data.get("amount") and not self.errors:
            self.add_error("amount", _("Enter how much is credited."))
        return data

    @property
    def granted(self) -> int:
        """In minor units; 0 lets the line stand."""
        accepted = self.cleaned_data["outcome"] == "accept"
        return int(self.cleaned_data["amount"]) if accepted else 0


class OrderForm(forms.Form):
    """A customer's purchase order for a contract."""

    number = forms.CharField(label=_("Order number"), max_length=80)
    valid_from = forms.DateField(label=_("First day"), widget=DateInput())
    valid_until = forms.DateField(
        label=_("Last day"), widget=DateInput(), required=False,
        help_text=_("Empty: until further notice."),
    )  # fmt: skip

    def __init__(self, currency: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = AmountField(
            currency, label=_("Up to, net"), required=False,
            help_text=_("Empty: as much as there is."),
        )  # fmt: skip

    def facts(self) -> OrderFacts:
        """What was typed. Call it on a valid form."""
        data = self.cleaned_data
        return OrderFacts(data["number"], data["valid_from"], data["valid_until"], data["amount"])
