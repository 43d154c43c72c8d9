"""Forms of payments."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import AmountField, DateInput
from apps.common.money import Money
from apps.payments.domain.statements import MOST_BYTES
from apps.payments.models import Payment, Payout, PayoutBatch
from apps.payments.operations import Wish
from apps.payments.queries.money import sent_of
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies


class AccountForm(forms.Form):
    """A bank account of the own company."""

    holder_name = forms.CharField(label=_("Account holder"), max_length=70)
    iban = forms.CharField(
        label=_("IBAN"), max_length=50, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    creditor_id = forms.CharField(
        label=_("Creditor identifier"), max_length=40, required=False,
        help_text=_("Only for direct debits; your central bank issues it."),
    )  # fmt: skip


class MandateForm(forms.Form):
    """The partner that may collect."""

    creditor = forms.ModelChoiceField(
        label=_("Partner"), queryset=Company.objects.none(), empty_label=_("Choose a partner")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: forms.ModelChoiceField = self.fields["creditor"]  # type: ignore[assignment]
        choice.queryset = known_companies().exclude(pk=current_company().pk)


class StatementForm(forms.Form):
    """A bank statement as the bank gives it."""

    file = forms.FileField(
        label=_("Bank statement (camt.053)"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xml,application/xml,text/xml"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 10 MB."))
        return file


class DebitForm(forms.Form):
    """The day on which a run of direct debits collects."""

    collected_on = forms.DateField(
        label=_("Collected on"), widget=DateInput(),
        help_text=_("Your bank needs the file a banking day before."),
    )  # fmt: skip


class RefundForm(forms.Form):
    """How much of a payment goes back, and why."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("It is kept with the refund.")
    )

    def __init__(self, payment: Payment, *args: Any, **kwargs: Any) -> None:
        left = payment.amount_minor - payment.refunded_minor
        kwargs.setdefault("initial", {"amount": Money(left, payment.currency).to_decimal()})
        super().__init__(*args, **kwargs)
        self.fields["amount"] = AmountField(payment.currency, label=_("Amount"), most_minor=left)
        self.order_fields(("amount", "reason"))

    def wish(self) -> Wish:
        """What was typed. Call it on a valid form."""
        return Wish(self.cleaned_data["amount"], self.cleaned_data["reason"].strip())


class LossForm(forms.Form):
    """Which payout of a sent batch did not arrive, and how that is known."""

    payout = forms.ModelChoiceField(
        label=_("Payout"), queryset=Payout.objects.none(), empty_label=_("Choose a payout")
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=180,
        help_text=_("What the bank said, or why the file did not reach it."),
    )  # fmt: skip

    def __init__(self, batch: PayoutBatch, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: forms.ModelChoiceField = self.fields["payout"]  # type: ignore[assignment]
        choice.queryset = sent_of(batch)
        choice.label_from_instance = lambda obj: f"{obj.payee_name}, {obj.title}"  # type: ignore[method-assign]


class ReasonForm(forms.Form):
    """Why a person closes what waits."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("It is kept in the history.")
    )
