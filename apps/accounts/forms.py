"""Forms of sign-in, profile, people, keys and partners."""

import logging
import zoneinfo
from datetime import datetime, time
from functools import cache
from typing import Any

from allauth.account.forms import ResetPasswordForm
from django import forms
from django.conf import settings
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.password_validation import (
    password_validators_help_text_html,
    validate_password,
)
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.domain.company_facts import SCHEMES
from apps.accounts.limits import MAILS_OF_ACCOUNT, give_back, person_buckets, take
from apps.accounts.models import ApiKey, Membership, User
from apps.accounts.wording import WEBHOOK_EVENTS
from apps.common.forms import DateInput, MomentField
from apps.events.domain.public import NAMES

_log = logging.getLogger(__name__)
# EN 16931 as XRechnung has it (BR-DE-27).
_FEWEST_DIGITS = 3


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

    def clean_old_password(self) -> str:
        buckets = person_buckets(self.user)
        take(buckets, timezone.now())
        given: str = super().clean_old_password()
        give_back(buckets)
        return given


class ForgottenPasswordForm(ResetPasswordForm):
    """Whom to send a link to; to one address only so many."""

    def clean_email(self) -> str:
        email: str = super().clean_email()
        bucket = ("mail", email.lower(), MAILS_OF_ACCOUNT)
        take([bucket], timezone.now())
        if not mail_server_answers():
            give_back([bucket])
            raise forms.ValidationError(
                _("No mail can be sent just now. Try again in some minutes.")
            )
        return email

    def save(self, request: Any, **kwargs: Any) -> str:
        """A server that goes away meanwhile changes no answer: it would tell who is known here."""
        try:
            saved: str = super().save(request, **kwargs)
        except OSError:
            _log.exception("a mail with a new way in could not be sent")
            return str(self.cleaned_data["email"])
        return saved


def mail_server_answers() -> bool:
    """Asked for known and unknown addresses alike, before anybody is looked up."""
    server = get_connection()
    if not isinstance(server, EmailBackend):
        return True  # a file or a list: there is no server
    try:
        server.open()
    except OSError:
        return False
    server.close()
    return True


class CompanyForm(forms.Form):
    """What stands on the company's documents."""

    street = forms.CharField(label=_("Street"), max_length=120, required=False)
    postcode = forms.CharField(label=_("Postcode"), max_length=20, required=False)
    city = forms.CharField(label=_("City"), max_length=80, required=False)
    vat_id = forms.CharField(label=_("VAT id"), max_length=20, required=False)
    tax_number = forms.CharField(
        label=_("Tax number"), max_length=30, required=False,
        help_text=_("Of your tax office; it or the VAT id stands on every invoice."),
    )  # fmt: skip
    register_entry = forms.CharField(
        label=_("Register entry"),
        max_length=80,
        required=False,
        help_text=_("Such as HRB 4711, Amtsgericht Kiel."),
    )
    contact_name = forms.CharField(label=_("Contact"), max_length=80, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES,
        help_text=_("Documents to you are written in it."),
    )  # fmt: skip
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_(
            "Days and months begin in it. It stays from the first contract or document on."
        ),
    )
    scheme = forms.ChoiceField(
        label=_("E-invoices go to"), required=False,
        choices=[("", _("the e-mail address")), *SCHEMES.items()],
    )  # fmt: skip
    e_address = forms.CharField(
        label=_("Identifier"),
        max_length=50,
        required=False,
        help_text=_("Such as the Leitweg-ID 04011000-12345-03 of a public customer."),
    )

    def __init__(self, *args: Any, zone_stays: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone: forms.ChoiceField = self.fields["time_zone"]  # type: ignore[assignment]
        own = str(self.initial.get("time_zone", ""))
        zone.choices = [(name, name) for name in sorted({own, *time_zones()} - {""})]
        # A disabled field keeps its initial value, whatever is sent.
        zone.disabled = zone_stays
        if zone_stays:
            zone.help_text = _("Contracts or documents count their days in it: it stays.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("scheme")) != bool(data.get("e_address")) and not self.errors:
            self.add_error("e_address", _("Choose a kind and enter its identifier, or neither."))
        return data

    def clean_phone(self) -> str:
        phone = str(self.cleaned_data["phone"]).strip()
        if phone and sum(character.isdigit() for character in phone) < _FEWEST_DIGITS:
            raise forms.ValidationError(
                _("This is no phone number: it has fewer than three digits.")
            )
        return phone

    def facts(self) -> dict[str, str]:
        """What was typed, as the operation takes it. Call it on a valid form."""
        data = {name: str(value).strip() for name, value in self.cleaned_data.items()}
        scheme, identifier = data.pop("scheme"), data["e_address"]
        vat_id = "".join(data["vat_id"].split()).upper()
        address = f"{scheme}:{identifier}" if identifier else ""
        return {**data, "vat_id": vat_id, "e_address": address}


class InvitationForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(label=_("E-mail"))
    position = forms.ChoiceField(
        label=pgettext_lazy("person", "Position"), choices=Membership.Position.choices,
        initial=Membership.Position.VIEWER,
        help_text=_(
            "Directors may do everything; finance bills; operations drafts contracts; technicians "
            "look after assets and readings; viewers look."
        ),
    )  # fmt: skip


class PositionForm(forms.Form):
    """Another position of a member."""

    position = forms.ChoiceField(
        label=pgettext_lazy("person", "Position"), choices=Membership.Position.choices
    )


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


class WebhookForm(forms.Form):
    """Where events are sent, and which."""

    url = forms.CharField(
        label=_("Address"), max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://hooks.example.com/peruse"}),
        help_text=_("https with the name of a host in the public Internet; port 443 or 8443."),
    )  # fmt: skip
    description = forms.CharField(
        label=_("Description"), max_length=120, required=False,
        help_text=_("Such as “bookkeeping”."),
    )  # fmt: skip
    events = forms.MultipleChoiceField(
        label=_("Events"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(name, WEBHOOK_EVENTS[name]) for name in NAMES],
    )  # fmt: skip


class SignOnForm(forms.Form):
    """A company's identity provider."""

    issuer = forms.CharField(
        label=_("Issuer"), max_length=300,
        widget=forms.URLInput(attrs={"placeholder": "https://login.company.example"}),
        help_text=_("As the provider calls itself, letter by letter."),
    )  # fmt: skip
    client_id = forms.CharField(label=_("Client id"), max_length=200)
    secret = forms.CharField(
        label=_("Client secret"), max_length=500, required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Kept encrypted. Empty: the one there is."),
    )  # fmt: skip
    domains = forms.CharField(
        label=_("Domains of addresses"), max_length=500,
        help_text=_("Such as company.example; several apart by spaces. Others cannot be linked."),
    )  # fmt: skip

    def facts(self) -> dict[str, Any]:
        """What was typed, as the operation takes it. Call it on a valid form."""
        domains = str(self.cleaned_data["domains"]).replace(",", " ").split()
        return {**self.cleaned_data, "domains": domains}


class ReplayForm(forms.Form):
    """From when on what was not taken is sent again."""

    since = MomentField(label=_("Not taken since"))


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
