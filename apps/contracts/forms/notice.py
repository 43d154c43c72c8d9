"""Notice as fields of a contract's terms, and the form that ends a contract in force."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import DateInput
from apps.contracts.domain.notice import ANY_DAY, MOST_DAYS, PERIOD, NoticeTerms
from apps.contracts.models import Contract

TO = ((PERIOD, _("to the end of a billing period")), (ANY_DAY, _("to any day")))


class NoticeFields(forms.Form):
    """Without days neither side ends the contract by itself."""

    notice_days = forms.IntegerField(
        label=_("Notice (days)"), min_value=0, max_value=MOST_DAYS, required=False,
        help_text=_("So long before its end either side says so; empty: only both together."),
    )  # fmt: skip
    notice_to = forms.ChoiceField(label=_("Notice ends it"), choices=TO, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        days = cleaned.get("notice_days")
        to = ANY_DAY if cleaned.get("notice_to") == ANY_DAY else PERIOD
        cleaned["notice"] = None if days is None else NoticeTerms(days, to)  # type: ignore[arg-type]
        return cleaned


def notice_initial(contract: Contract) -> dict[str, Any]:
    """The fields of a stored contract."""
    terms = contract.notice_terms
    return {} if terms is None else {"notice_days": terms.days, "notice_to": terms.to}


class EndForm(forms.Form):
    """The first day that is not covered any more, and what the other side is told."""

    ends_on = forms.DateField(label=_("Ends before"), widget=DateInput)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 2}), help_text=_("The other side reads it."),
    )  # fmt: skip
