"""What a charge's form shows for each model: names, one line of help, fields and rows."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.contracts.forms.charge_windows import DAY_CHOICES

# model -> (name, one line of what it does)
MODELS: dict[str, tuple[Any, Any]] = {
    "flat_fee": (_("Fee per period"), _("An amount per period, by covered days.")),
    "per_unit": (_("Price per unit"), _("One price for every unit.")),
    "graduated": (
        _("Graduated price"), _("Each part of the quantity costs the price of its tier."),
    ),
    "volume": (_("Volume price"), _("The whole quantity costs the price of the tier it lies in.")),
    "time_of_use": (
        _("Price by time of day"), _("A price for each window of the week, by local clock time."),
    ),
    "package": (_("Packages"), _("A price for every begun package.")),
    "stairstep": (_("Steps"), _("A fixed amount by the step that the quantity reaches.")),
    "percentage": (_("Percentage"), _("A part of the net of the chosen charges above.")),
    "minimum": (_("Minimum per period"), _("What the chosen charges miss is a line of its own.")),
    "maximum": (
        _("Maximum per period"), _("What the chosen charges have too much is taken off."),
    ),
    "yearly_minimum": (
        _("Minimum per contract year"), _("What is missing is due in the year's last period."),
    ),
    "availability": (
        _("Availability"), _("Bonus or malus by bands of a measured percentage."),
    ),
    "shared_saving": (
        _("Shared saving"), _("A share of what was used less than a baseline."),
    ),
}  # fmt: skip
TIMINGS = (("arrears", _("at the period's end")), ("advance", _("in advance")))
AT_END = (
    ("credited", _("days after the end are credited")), ("kept", _("the whole period is kept")),
)  # fmt: skip
POOLINGS = (("each", _("each asset by itself")), ("pooled", _("all assets together")))
PRORATIONS = (("days", _("by covered days")), ("none", _("always whole")))
TAXES = (
    ("", _("as the contract says")), ("standard", _("standard rate")),
    ("reduced", _("reduced rate")), ("exempt", _("exempt")),
    ("outside", _("outside the scope of tax")),
)  # fmt: skip
FLOORS = (("zero", _("never below zero")), ("none", _("may be negative")))
EFFECTS = (("none", _("no effect")), ("bonus", _("bonus")), ("malus", _("malus")))

TIERED = ("graduated", "volume", "stairstep")
TIMED = ("time_of_use",)
QUANTITY = ("per_unit", "graduated", "volume", "package", "stairstep")
METERED = (*QUANTITY, "time_of_use", "availability", "shared_saving")
NAMING = ("percentage", "minimum", "maximum", "yearly_minimum", "availability")
INDEXED = (
    "flat_fee", *QUANTITY, "time_of_use", "shared_saving", "minimum", "maximum", "yearly_minimum",
)  # fmt: skip
# field -> the models that have it, in the order of the form
FIELDS: dict[str, tuple[str, ...]] = {
    "amount": ("flat_fee", "minimum", "maximum", "yearly_minimum"),
    "timing": ("flat_fee",),
    "at_end": ("flat_fee",),
    "meter": METERED,
    "unit": (*QUANTITY, "time_of_use", "shared_saving"),
    "pooling": METERED,
    "unit_price": ("per_unit",),
    "size": ("package",),
    "package_price": ("package",),
    "included": QUANTITY,
    "percent": ("percentage",),
    "baseline": ("shared_saving",),
    "saved_price": ("shared_saving",),
    "share": ("shared_saving",),
    "floor": ("shared_saving",),
    "proration": ("minimum", "maximum"),
    "holidays": ("time_of_use",),
    "tax": tuple(MODELS),
}
# form field -> key in the plan's dict, where they differ
KEYS = {"package_price": "unit_price", "saved_price": "unit_price"}
CHOSEN = ("timing", "at_end", "pooling", "proration", "floor", "meter", "unit", "holidays", "tax")
INDEX = ("series", "base", "weight", "low", "high")


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of a charge's rows: the posted name, the plan's key, its label and models."""

    name: str
    key: str
    label: Any
    models: tuple[str, ...]
    choices: tuple[tuple[str, Any], ...] = ()
    mode: str = "decimal"


# list in the plan -> its columns
ROWS: dict[str, tuple[Cell, ...]] = {
    "tiers": (
        Cell("up_to", "up_to", _("Up to (empty: without end)"), TIERED),
        Cell("tier_price", "unit_price", _("Price per unit"), ("graduated", "volume")),
        Cell("tier_flat", "flat", _("Fixed amount of the tier"), ("graduated", "volume")),
        Cell("tier_amount", "amount", _("Amount of the step"), ("stairstep",)),
    ),
    "windows": (
        Cell("window_title", "title", _("Window"), TIMED, mode="text"),
        Cell("window_title_de", "title_de", _("in German"), TIMED, mode="text"),
        Cell("window_price", "unit_price", _("Price per unit"), TIMED),
        Cell("window_days", "hours", _("Days"), TIMED, DAY_CHOICES),
        Cell("window_from", "from", _("From hour"), TIMED),
        Cell("window_to", "to", _("To hour"), TIMED),
    ),
    "bands": (
        Cell("band_from", "from", _("From (%)"), ("availability",)),
        Cell("band_effect", "effect", _("Effect"), ("availability",), EFFECTS),
        Cell("band_percent", "percent", _("Percent of the charges"), ("availability",)),
        Cell("band_amount", "amount", _("or fixed amount"), ("availability",)),
    ),
}
ROW_WORDS = {
    "tiers": _("Another tier"), "bands": _("Another band"), "windows": _("More hours"),
}  # fmt: skip
