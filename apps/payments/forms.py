"""Forms of payments."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.payments.domain.statements import MOST_BYTES
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


class PasswordForm(forms.Form):
    """The own password, once more."""

    password = forms.CharField(
        label=_("Your password"), strip=False, max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
