"""Form fields of the portal."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.quantity import BadValue, canonical, parse_decimal


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
        return canonical(value) if isinstance(value, Decimal) else value


class MomentField(forms.DateTimeField):
    """A moment to the second in the reader's time zone, by the browser's own picker."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1})
        )
        kwargs.setdefault("help_text", _("In your time zone."))
        formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
        super().__init__(input_formats=formats, **kwargs)
