"""Forms of settlement."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import DateInput
from apps.settlement.models import SelfBillingAgreement
from apps.settlement.models.agreements import MOST_DAYS
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
