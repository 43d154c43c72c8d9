"""Forms of sign-up."""

from typing import Any

from babel import Locale
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.accounts.domain.company_facts import is_vat_id
from apps.accounts.domain.zones import zone_of_country
from apps.accounts.forms import NewPersonForm, time_zones
from apps.subscriptions.models import Plan
from apps.subscriptions.operations.signing_up import must_be_free
from apps.subscriptions.queries import participant_plan, plans_on_sale

# Of the list of territories (CLDR) these are no countries.
NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


def countries() -> list[tuple[str, str]]:
    """Codes (ISO 3166) with their names in the reader's language, in its order."""
    territories = Locale.parse((get_language() or "en")[:2]).territories
    names = {str(code): str(name) for code, name in territories.items()}
    codes = [code for code in names if len(code) == 2 and code.isalpha()]
    found = [(code, names[code]) for code in codes if code not in NO_COUNTRIES]
    return sorted(found, key=lambda pair: pair[1])


class AddressForm(forms.Form):
    """To where the link is mailed."""

    email = forms.EmailField(label=_("Your e-mail address at work"))


class CompanyForm(forms.Form):
    """The company that is to be set up."""

    name = forms.CharField(label=_("Company"), max_length=120)
    country = forms.ChoiceField(label=_("Country"), choices=countries)
    street = forms.CharField(label=_("Street"), max_length=120)
    postcode = forms.CharField(label=_("Postcode"), max_length=20)
    city = forms.CharField(label=_("City"), max_length=80)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False,
        help_text=_("Days and months begin in it. It stays from the first contract or document on."),
    )  # fmt: skip
    vat_id = forms.CharField(
        label=_("VAT id"), max_length=20, required=False,
        help_text=_("Inside the EU it decides about the tax on your plan."),
    )  # fmt: skip
    slug = forms.CharField(
        label=_("Address of your portal"), max_length=40,
        help_text=_("Its first part: 2 to 40 lower-case letters, digits and single hyphens."),
    )  # fmt: skip
    plan = forms.ChoiceField(label=_("Plan"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].initial = settings.PERUSE_OPERATOR["country"]
        zones: forms.ChoiceField = self.fields["time_zone"]  # type: ignore[assignment]
        zones.choices = [("", _("that of the country")), *((name, name) for name in time_zones())]
        self.plans = {plan.pk: plan for plan in [participant_plan(), *plans_on_sale()]}
        self.fields["plan"].choices = [  # type: ignore[attr-defined]
            (key, plan.title) for key, plan in self.plans.items()
        ]

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"]).strip().lower()
        try:
            must_be_free(slug)
        except ValidationError as error:
            raise forms.ValidationError(error.messages) from None
        return slug

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        vat_id = "".join(str(data.get("vat_id", "")).split()).upper()
        if vat_id and "country" in data and not is_vat_id(vat_id, data["country"]):
            self.add_error("vat_id", _("This is no VAT id of that country: check it."))
        data["vat_id"] = vat_id
        data["time_zone"] = data.get("time_zone") or zone_of_country(data.get("country", ""))
        if not data["time_zone"] and not self.errors.keys() & {"time_zone", "country"}:
            self.add_error("time_zone", _("This country has several time zones: choose yours."))
        return data

    def chosen(self) -> Plan:
        """The plan of a valid form."""
        return self.plans[self.cleaned_data["plan"]]

    def facts(self, email: str, language: str) -> dict[str, str]:
        """What a new company is made of. Call it on a valid form."""
        names = ("name", "country", "street", "postcode", "city", "vat_id", "time_zone")
        return {
            **{name: str(self.cleaned_data[name]).strip() for name in names},
            "email": email, "language": language, "currency": settings.PERUSE_OPERATOR["currency"],
        }  # fmt: skip


PersonForm = NewPersonForm
