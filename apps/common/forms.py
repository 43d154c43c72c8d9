"""Form fields of the portal."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.common.money import Money, format_money, minor_digits, round_half_up
from apps.common.quantity import BadValue, canonical, parse_decimal

_PLAIN = re.compile(r"-?\d+\.\d+")


class DateInput(forms.DateInput):
    """The browser's own date picker, which speaks ISO dates in every language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class MonthInput(forms.DateInput):
    """The browser's own month picker: `2026-03`."""

    input_type = "month"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m")


class ExactField(forms.Field):
    """A quantity as text, taken exactly: 1204.5 or 1204,5."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "maxlength": 64}
        kwargs.setdefault("widget", forms.TextInput(attrs=attrs))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip().replace(",", ".")
        if not text:
            return None
        try:
            return parse_decimal(text)
        except BadValue:
            raise forms.ValidationError(_("Enter a number such as 1204.5.")) from None

    def prepare_value(self, value: Any) -> Any:
        """As the page's language writes it; what somebody typed otherwise stays as it was typed."""
        text = canonical(value) if isinstance(value, Decimal) else value
        if isinstance(text, str) and _PLAIN.fullmatch(text) and get_language() == "de":
            return text.replace(".", ",")
        return text


class MomentField(forms.DateTimeField):
    """A moment to the second in the reader's time zone, by the browser's own picker."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1})
        )
        kwargs.setdefault("help_text", _("In your time zone."))
        formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
        super().__init__(input_formats=formats, **kwargs)


class AmountField(ExactField):
    """Money in the main unit of one currency, above 0; cleaned to minor units. 12.50 or 12,50."""

    def __init__(self, currency: str, *, most_minor: int = 10**15, **kwargs: Any) -> None:
        self.currency, self.most = currency, Money(most_minor, currency)
        label = kwargs.pop("label", _("Amount"))
        super().__init__(label=f"{label} ({currency})", **kwargs)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        return f"{value:.{minor_digits(self.currency)}f}"

    def clean(self, value: Any) -> Any:
        amount = super().clean(value)
        if amount is None:
            return None
        money = round_half_up(amount, self.currency)
        if money.to_decimal() != amount:
            text = _("%(currency)s has %(digits)s decimals.")
            digits = minor_digits(self.currency)
            raise forms.ValidationError(text % {"currency": self.currency, "digits": digits})
        if not 0 < money.minor <= self.most.minor:
            text = _("Enter an amount above 0 and up to %(most)s.")
            most = format_money(self.most, get_language() or "en")
            raise forms.ValidationError(text % {"most": most})
        return money.minor


def point(text: str) -> str:
    """A number as people type it: 0,067 as 0.067; one with both signs is left to be refused."""
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
