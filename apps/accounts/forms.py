"""Forms of sign-in, profile, people, keys and partners."""

import zoneinfo
from datetime import datetime, time
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.password_validation import (
    password_validators_help_text_html,
    validate_password,
)
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import ApiKey, Membership, User
from apps.common.forms import DateInput


class ProfileForm(forms.ModelForm):
    """Name, language and time zone of the person."""

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    class Meta:
        model = User
        fields = ("name", "language", "time_zone")
        labels = {"name": _("Name"), "language": _("Language")}
        widgets = {"language": forms.Select(choices=settings.LANGUAGES)}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones: forms.ChoiceField = self.fields["time_zone"]  # type: ignore[assignment]
        zones.choices = [("", _("as the company")), *((zone, zone) for zone in time_zones())]

    def clean_language(self) -> str:
        language = str(self.cleaned_data["language"])
        if language not in dict(settings.LANGUAGES):
            raise forms.ValidationError(_("The portal does not speak this language."))
        return language


@cache
def time_zones() -> tuple[str, ...]:
    """Names of time zones with a place in them, and UTC."""
    return ("UTC", *sorted(z for z in zoneinfo.available_timezones() if "/" in z and z[0] < "a"))


class PasswordForm(PasswordChangeForm):
    """The old password and a new one; stands below other fields, so it does not take the focus."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].widget.attrs.pop("autofocus", None)


class InvitationForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(label=_("E-mail"))
    position = forms.ChoiceField(
        label=_("Position"), choices=Membership.Position.choices,
        initial=Membership.Position.VIEWER,
        help_text=_(
            "Directors may do everything; finance bills; operations drafts contracts; technicians "
            "look after assets and readings; viewers look."
        ),
    )  # fmt: skip


class PositionForm(forms.Form):
    """Another position of a member."""

    position = forms.ChoiceField(label=_("Position"), choices=Membership.Position.choices)


class NewPersonForm(forms.Form):
    """Name and password of an invited person whom the portal does not know yet."""

    name = forms.CharField(label=_("Your name"), max_length=120)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    password = forms.CharField(
        label=_("Choose a password"), strip=False, max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )  # fmt: skip

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if password := data.get("password"):
            person = User(email=self.email, name=data.get("name", ""))
            try:
                validate_password(password, person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class KeyForm(forms.Form):
    """A new API key."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Who uses it, such as “line 3 gateway”.")
    )
    scope = forms.ChoiceField(label=_("May"), choices=ApiKey.Scope.choices)
    expires_on = forms.DateField(
        label=_("Last day"), required=False, widget=DateInput(),
        help_text=_("Empty: until it is revoked."),
    )  # fmt: skip

    def clean_expires_on(self) -> datetime | None:
        """The end of that day in the reader's zone."""
        day = self.cleaned_data["expires_on"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError(_("This day has passed already."))
        return timezone.make_aware(datetime.combine(day, time.max))


class PartnerForm(forms.Form):
    """The address name of another company's portal."""

    slug = forms.CharField(
        label=_("Address of the other portal"), max_length=40,
        help_text=_("The first part of its address; ask your partner for it."),
    )  # fmt: skip

    def clean_slug(self) -> str:
        """Also takes a pasted address such as https://alpha.example.org/."""
        text = str(self.cleaned_data["slug"]).strip().lower()
        return text.removeprefix("https://").removeprefix("http://").split(".")[0].strip("/")
