"""Forms of a channel's page and of devices."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.common.forms import ExactField, MomentField
from apps.telemetry.models import Channel, Declaration


class DeclarationForm(forms.Form):
    """A counter's reset or exchange."""

    kind = forms.ChoiceField(
        label=_("What happened"),
        choices=[
            (Declaration.Kind.RESET, _("The counter began again at zero")),
            (Declaration.Kind.EXCHANGE, _("The counter was exchanged")),
        ],
    )
    measured_at = MomentField(label=_("When"))
    closing = ExactField(
        label=_("Last value of the old counter"),
        required=False,
        help_text=_("Only on an exchange."),
    )
    opening = ExactField(
        label=_("First value of the new counter"), required=False,
        help_text=_("Only on an exchange."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("kind") == Declaration.Kind.EXCHANGE:
            for name in ("closing", "opening"):
                if name not in self.errors and found.get(name) is None:
                    self.add_error(name, _("An exchange needs this value."))
        elif found.get("kind") == Declaration.Kind.RESET:
            found["closing"] = found["opening"] = None
        return found


class CorrectionForm(forms.Form):
    """An amount added to (or taken from) a counter's usage."""

    measured_at = MomentField(
        label=_("When"),
        help_text=_("In your time zone. It counts with the first reading at or after this moment."),
    )
    amount = ExactField(
        label=pgettext_lazy("quantity", "Amount"),
        help_text=_("Added to the usage; less than zero takes away."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Why the counter is not right.")
    )


class WithdrawalForm(forms.Form):
    """Taking a declaration back."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class LimitForm(forms.Form):
    """Above which amount a correction needs a second person, and from which change on a factor."""

    limit = ExactField(
        label=_("Limit of corrections"), required=False,
        help_text=_("Zero: every correction. Empty: none."),
    )  # fmt: skip
    factor_limit = ExactField(
        label=_("Limit of factors (%)"), required=False,
        help_text=_("By how much a meter's factor may change. Zero: not at all. Empty: by any."),
    )  # fmt: skip

    def __init__(self, *args: Any, channel: Channel | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if channel is None:
            return
        if channel.kind != "counter":
            del self.fields["limit"]
        for field in self.fields.values():
            field.help_text = _("Empty: as the company says.")

    def clean_limit(self) -> Any:
        return _not_negative(self.cleaned_data["limit"])

    def clean_factor_limit(self) -> Any:
        return _not_negative(self.cleaned_data["factor_limit"])


def _not_negative(limit: Decimal | None) -> Decimal | None:
    if limit is not None and limit < 0:
        raise forms.ValidationError(_("A limit is zero or more."))
    return limit


class DeviceForm(forms.Form):
    """A new device of an asset."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("Such as “Gateway hall 2”."),
    )  # fmt: skip
    firmware = forms.CharField(label=_("Firmware"), max_length=40, required=False)
