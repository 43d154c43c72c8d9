"""Late payment, deposit and credit limit as fields of a contract's terms."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import ExactField
from apps.common.money import CURRENCIES, minor_digits
from apps.common.quantity import canonical
from apps.contracts.domain.commercial import (
    MOST_DAYS,
    MOST_REMINDERS,
    DunningTerms,
    ReminderTerms,
)
from apps.contracts.models import Contract

REMINDERS = tuple(range(1, MOST_REMINDERS + 1))
LUMPS = (("", _("with none")), *((str(n), _("with reminder %(n)s") % {"n": n}) for n in REMINDERS))


class CommercialFields(forms.Form):
    """All empty: late payment as the law has it, no deposit, no limit."""

    late_points = ExactField(
        label=_("Late interest above the base rate (% a year)"), required=False,
        help_text=_("Empty, or below it: the rate of the law."),
    )  # fmt: skip
    lump_with = forms.ChoiceField(
        label=_("Lump sum of the law"), choices=LUMPS, required=False,
        help_text=_("With which of the reminders above."),
    )  # fmt: skip
    deposit = ExactField(
        label=_("Deposit"), required=False,
        help_text=_("In the contract's currency; it stays the customer's money."),
    )  # fmt: skip
    credit_limit = ExactField(
        label=_("Credit limit"), required=False,
        help_text=_("For what is open, overdue or not billed yet. Running machines are never stopped."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for n in REMINDERS:
            self.fields[f"reminder_{n}_days"] = forms.IntegerField(
                label=_("Reminder %(n)s, days after the due date") % {"n": n},
                min_value=1, max_value=MOST_DAYS, required=False,
            )  # fmt: skip
            self.fields[f"reminder_{n}_fee"] = ExactField(
                label=_("Fee of reminder %(n)s") % {"n": n}, required=False
            )

    @property
    def reminders(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"reminder_{n}_days"], self[f"reminder_{n}_fee"]) for n in REMINDERS]

    @property
    def has_late_terms(self) -> bool:
        """Whether something was entered or is wrong, so that the fields are shown."""
        names = ["late_points", "lump_with", "deposit", "credit_limit"]
        fields = [
            *(self[name] for name in names),
            *(one for pair in self.reminders for one in pair),
        ]
        return any(field.errors or field.value() for field in fields)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for name in ("deposit", "credit_limit"):
            cleaned[f"{name}_minor"] = self._minor(name)
        levels = tuple(level for n in REMINDERS if (level := self._reminder(n)) is not None)
        cleaned["dunning"] = DunningTerms(cleaned.get("late_points"), levels)
        return cleaned

    def _reminder(self, n: int) -> ReminderTerms | None:
        days, fee = self.cleaned_data.get(f"reminder_{n}_days"), self._minor(f"reminder_{n}_fee")
        lump = self.cleaned_data.get("lump_with") == str(n)
        if days is None:
            if fee is not None or lump:
                self.add_error(f"reminder_{n}_days", _("Say after how many days."))
            return None
        return ReminderTerms(days, fee or 0, lump)

    def _minor(self, name: str) -> int | None:
        value, currency = self.cleaned_data.get(name), str(self.cleaned_data.get("currency"))
        if value is None:
            return None
        minor = value.scaleb(minor_digits(currency) if currency in CURRENCIES else 2)
        if minor != minor.to_integral_value():
            self.add_error(name, _("The currency has no such small unit."))
            return None
        return int(minor)


def commercial_initial(contract: Contract) -> dict[str, Any]:
    """The fields of a stored contract."""

    def money(minor: int | None) -> str:
        digits = minor_digits(contract.currency)
        return "" if minor is None else f"{Decimal(minor).scaleb(-digits):.{digits}f}"

    agreed = contract.dunning_terms
    found = {
        "late_points": "" if agreed.points is None else canonical(agreed.points),
        "deposit": money(contract.deposit_minor), "credit_limit": money(contract.credit_limit_minor),
    }  # fmt: skip
    for n, level in enumerate(agreed.levels, start=1):
        found |= {
            f"reminder_{n}_days": str(level.after_days),
            f"reminder_{n}_fee": money(level.fee_minor or None),
        }
        if level.with_lump:
            found["lump_with"] = str(n)
    return found
