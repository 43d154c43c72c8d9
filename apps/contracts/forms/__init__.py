"""Forms of contracts: terms, covered channels, charges."""

from apps.contracts.forms.charge_edits import edited
from apps.contracts.forms.charge_plans import (
    charge_formset,
    place_plan_error,
    plan_of,
    without_errors,
)
from apps.contracts.forms.items import (
    MOST_CHOICES,
    ItemFormSet,
    covered_choices,
    item_initial,
    items_of,
)
from apps.contracts.forms.terms import PreviewMonthForm, TermsForm, terms_initial

__all__ = [
    "MOST_CHOICES", "ItemFormSet", "PreviewMonthForm", "TermsForm",
    "charge_formset", "covered_choices", "edited", "item_initial", "items_of",
    "place_plan_error", "plan_of", "terms_initial", "without_errors",
]  # fmt: skip
