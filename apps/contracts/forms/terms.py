"""The contract's own terms."""

from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import DateInput, MonthInput
from apps.common.money import CURRENCIES
from apps.common.period import parse_month
from apps.common.quantity import BadValue
from apps.contracts.domain.facts import ContractFacts
from apps.contracts.forms.commercial import CommercialFields, commercial_initial
from apps.contracts.forms.notice import NoticeFields, notice_initial
from apps.contracts.forms.opening import OpeningFields, opening_initial
from apps.contracts.forms.service import ServiceFields, service_initial
from apps.contracts.models import Contract, PlanVersion
from apps.contracts.wording import charge_title
from apps.networks.models import ValueNetwork
from apps.networks.queries import networks_of_member
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies

_PLAIN = (
    "title", "starts_on", "ends_on", "period_kind", "time_zone", "currency", "tax_category",
    "payment_days", "corrections", "buyer_reference", "order_number",
)  # fmt: skip
_AGREED = ("dunning", "deposit_minor", "credit_limit_minor", "notice", "service")


class TermsForm(CommercialFields, NoticeFields, ServiceFields, OpeningFields):
    """Facts of a contract, as `ContractFacts`."""

    title = forms.CharField(label=_("Title"), max_length=120)
    customer = forms.ModelChoiceField(label=_("Customer"), queryset=Company.objects.none())
    network = forms.ModelChoiceField(
        label=_("Network"), queryset=ValueNetwork.objects.none(), required=False,
        empty_label=_("outside of any network"),
        help_text=_("The contract ends when one of you leaves it."),
    )  # fmt: skip
    starts_on = forms.DateField(label=_("First day"), widget=DateInput)
    ends_on = forms.DateField(
        label=_("Ends before"), widget=DateInput, required=False,
        help_text=_("The first day that is not covered any more; empty: until further notice."),
    )  # fmt: skip
    period_kind = forms.ChoiceField(label=_("Billed by"), choices=Contract.PeriodKind.choices)
    time_zone = forms.ChoiceField(label=_("Time zone"), help_text=_("Days begin at its midnight."))
    currency = forms.ChoiceField(label=_("Currency"))
    tax_category = forms.ChoiceField(label=_("Tax"), choices=Contract.TaxCategory.choices)
    payment_days = forms.IntegerField(label=_("Payable within (days)"), min_value=0, max_value=365)
    corrections = forms.ChoiceField(
        label=_("Corrections"), choices=Contract.Corrections.choices,
        help_text=_("When a difference found after an invoice is billed or credited."),
    )  # fmt: skip
    buyer_reference = forms.CharField(label=_("Buyer reference"), max_length=80, required=False)
    order_number = forms.CharField(label=_("Order number"), max_length=80, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        partners = known_companies().exclude(pk=current_company().pk)
        self.fields["customer"].queryset = partners  # type: ignore[attr-defined]
        self.fields["network"].queryset = networks_of_member()  # type: ignore[attr-defined]
        zones = [*sorted(zone for zone in available_timezones() if "/" in zone), "UTC"]
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined]
        self.fields["currency"].choices = [(code, code) for code in CURRENCIES]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = cleaned.get("starts_on"), cleaned.get("ends_on")
        if start and end and end <= start:
            self.add_error("ends_on", _("The end lies after the start."))
        return cleaned

    def facts(self) -> ContractFacts:
        values = {name: self.cleaned_data[name] for name in (*_PLAIN, *_AGREED)}
        network = self.cleaned_data["network"]
        return ContractFacts(
            customer_id=self.cleaned_data["customer"].pk, opening=self.opening(),
            network_id=network and network.pk, **values,
        )  # fmt: skip


def terms_initial(contract: Contract | None, today: date) -> dict[str, Any]:
    """What the form shows first: the draft, or the company's own habits."""
    if contract is not None:
        return {
            **{name: getattr(contract, name) for name in _PLAIN},
            "customer": contract.customer_id,
            "network": contract.network_id,
            **commercial_initial(contract),
            **notice_initial(contract),
            **service_initial(contract),
            **opening_initial(contract.opening_balances, contract.currency, _titles(contract)),
        }
    company = current_company()
    return {
        "starts_on": today.replace(day=1), "time_zone": company.time_zone,
        "currency": company.currency, "payment_days": 30, "period_kind": "month",
        "tax_category": "S", "corrections": "at_once", "notice_days": 30, "notice_to": "period",
    }  # fmt: skip


def _titles(contract: Contract) -> dict[str, str]:
    """The charges' titles in the reader's language, where something is named by them."""
    if contract.opening is None:
        return {}
    version = PlanVersion.objects.filter(contract=contract).order_by("number").first()
    charges = [] if version is None else version.plan["charges"]
    return {charge["code"]: charge_title(charge) for charge in charges}


class PreviewMonthForm(forms.Form):
    """The month whose real usage the preview prices."""

    preview_month = forms.CharField(label=_("Usage of"), widget=MonthInput, required=False)

    def clean_preview_month(self) -> date | None:
        text = self.cleaned_data["preview_month"]
        try:
            return parse_month(text) if text else None
        except BadValue:
            raise forms.ValidationError(_("A month is written as 2026-03.")) from None
