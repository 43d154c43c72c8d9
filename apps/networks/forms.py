"""Forms of networks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.networks.models import CompanyProfile, Role
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies


class NetworkForm(forms.Form):
    """A new network and what the founder does in it."""

    name = forms.CharField(label=_("Name"), max_length=120)
    purpose = forms.CharField(
        label=_("Purpose"), max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the companies do together; who is invited reads it."),
    )  # fmt: skip
    roles = forms.MultipleChoiceField(
        label=_("Our roles"), choices=Role.choices, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one role your company plays.")},
    )  # fmt: skip
    members_meet = forms.BooleanField(
        label=_("Members see each other"), required=False,
        help_text=_(
            "Otherwise each member sees your company alone. It is told before joining and cannot be "
            "changed later."
        ),
    )  # fmt: skip


class InviteForm(forms.Form):
    """A partner company and the role it is asked to play."""

    company = forms.ModelChoiceField(
        label=_("Company"), queryset=Company.objects.none(), empty_label=_("Choose a partner"),
        help_text=_("A company that is missing here is added under Partners first."),
    )  # fmt: skip
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: forms.ModelChoiceField = self.fields["company"]  # type: ignore[assignment]
        choice.queryset = known_companies()


class ProfileForm(forms.Form):
    """What partners read about the company."""

    about = forms.CharField(
        label=_("About us"), max_length=1000, required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("What you make, do or need; partners read it."),
    )  # fmt: skip
    website = forms.URLField(
        label=_("Website"), max_length=200, required=False, assume_scheme="https"
    )
    shown = forms.MultipleChoiceField(
        label=_("Partners also see"), choices=CompanyProfile.Fact.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
