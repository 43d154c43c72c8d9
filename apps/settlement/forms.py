"""Forms of settlement."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.billing.models import Receivable
from apps.common.fields import uuid7
from apps.common.forms import AmountField, DateInput
from apps.common.money import Money, format_money
from apps.contracts.models import Contract
from apps.settlement.domain.deposits import Step
from apps.settlement.models import DepositStep, SelfBillingAgreement
from apps.settlement.models.agreements import MOST_DAYS
from apps.settlement.operations import StepFacts
from apps.settlement.queries.deposits import open_documents
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies


class AgreementForm(forms.Form):
    """What a self-billing agreement says."""

    partner = forms.ModelChoiceField(
        label=_("Partner"), queryset=Company.objects.none(), empty_label=_("Choose a partner")
    )
    valid_from = forms.DateField(label=_("Valid from"), widget=DateInput)
    valid_until = forms.DateField(
        label=_("Valid until"), widget=DateInput, required=False,
        help_text=_("The last day. Empty: until it is ended."),
    )  # fmt: skip
    tax_status = forms.ChoiceField(
        label=_("Partner's tax status"), choices=SelfBillingAgreement.TaxStatus.choices
    )
    tax_proof = forms.CharField(
        label=_("Proof of the tax status"), max_length=200,
        help_text=_("Such as the tax office's certificate and its number."),
    )  # fmt: skip
    tax_proof_on = forms.DateField(label=_("Date of the proof"), widget=DateInput)
    objection_days = forms.IntegerField(
        label=_("Days to object"), min_value=1, max_value=MOST_DAYS, initial=14,
        help_text=_("How long the partner may object to a document after it is issued."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: forms.ModelChoiceField = self.fields["partner"]  # type: ignore[assignment]
        choice.queryset = known_companies().exclude(pk=current_company().pk)


def _words(label: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class ObjectionForm(forms.Form):
    """Why the partner objects."""

    reason = _words(_("Reason of the objection"))


class ObjectionAnswerForm(forms.Form):
    """What the provider says to an objection; the button says which way."""

    text = _words(_("Answer"))
    answer = forms.ChoiceField(
        choices=[("reject", ""), ("uphold", "")], widget=forms.HiddenInput, required=True
    )


class DepositForm(forms.Form):
    """The next step of a contract's deposit."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)
    step = forms.ChoiceField(label=_("Step"), choices=DepositStep.Step.choices)
    valued_on = forms.DateField(label=_("Day"), widget=DateInput)
    document = forms.ModelChoiceField(
        label=_("Drawn for"), queryset=Receivable.objects.none(), required=False,
        help_text=_("The open invoice that is paid by drawing."),
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = AmountField(contract.currency)
        self.fields["document"].queryset = open_documents(contract)  # type: ignore[attr-defined]
        self.fields["document"].label_from_instance = _open_label  # type: ignore[attr-defined]

    def facts(self) -> StepFacts:
        given = self.cleaned_data
        step, document = Step(given["step"]), given["document"]
        drawn_for = document.pk if document is not None and step == Step.DRAWN else None
        return StepFacts(step, given["amount"], given["valued_on"], given["note"], drawn_for)

    def place(self, error: ValidationError) -> None:
        """An operation's refusal at its field."""
        found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        for name, texts in found.items():
            self.add_error(name if name in self.fields else None, texts)


def _open_label(row: Receivable) -> str:
    amount = format_money(Money(row.open_minor, row.currency), get_language() or "en")
    return f"{row.invoice.number} · {amount}"
