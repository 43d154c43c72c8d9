"""Plans, reasons and acts of contracts in words. Billing uses the same words for charges."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from apps.common.money import format_unit_price
from apps.common.quantity import format_quantity
from apps.common.units import UNITS, format_with_unit
from apps.pricing.source import PlanError

ACTS = {
    "contract_drafted": gettext_lazy("Drafted"),
    "contract_changed": gettext_lazy("Draft changed"),
    "clause_written": gettext_lazy("Data clause changed"),
    "contract_offered": gettext_lazy("Offered and signed by the provider"),
    "offer_withdrawn": gettext_lazy("Offer withdrawn"),
    "contract_signed": gettext_lazy("Signed by the customer"),
    "contract_activated": gettext_lazy("In force"),
    "contract_end_set": gettext_lazy("End set"),
    "contract_ended": gettext_lazy("Ended"),
    "contract_cancelled": gettext_lazy("Cancelled before it began"),
    "recipient_left": gettext_lazy("A company it names has left the network"),
    "offer_refused": gettext_lazy("Refused by the customer"),
    "prices_refused": gettext_lazy("New prices refused by the customer"),
    "assets_refused": gettext_lazy("Change of assets refused by the customer"),
    "end_refused": gettext_lazy("Proposed end refused"),
    "notice_given": gettext_lazy("Notice given"),
    "end_proposed": gettext_lazy("Another end proposed and signed"),
    "end_withdrawn": gettext_lazy("Proposed end withdrawn"),
    "end_accepted": gettext_lazy("Proposed end accepted and signed"),
    "plan_proposed": gettext_lazy("New prices proposed and signed by the provider"),
    "plan_withdrawn": gettext_lazy("Proposed prices withdrawn"),
    "plan_accepted": gettext_lazy("New prices accepted and signed by the customer"),
    "plan_adopted": gettext_lazy("New prices agreed"),
    "deposit_noted": gettext_lazy("Deposit step noted"),
    "cost_object_noted": gettext_lazy("Cost object noted"),
    "cover_proposed": gettext_lazy("Change of assets proposed and signed by the provider"),
    "cover_withdrawn": gettext_lazy("Proposed change of assets withdrawn"),
    "cover_accepted": gettext_lazy("Change of assets accepted and signed by the customer"),
    "cover_changed": gettext_lazy("Change of assets agreed"),
    "split_drafted": gettext_lazy("Split drafted"),
    "split_offered": gettext_lazy("Split offered to the partners"),
    "split_withdrawn": gettext_lazy("Split withdrawn"),
    "split_agreed": gettext_lazy("Split agreed by every partner"),
    "price_index_added": gettext_lazy("Price index added"),
    "price_index_values_added": gettext_lazy("Price index values entered"),
    "price_index_value_removed": gettext_lazy("Price index value removed"),
}
PROBLEMS = {
    "missing_text": gettext_lazy("Fill this in."),
    "too_long": gettext_lazy("This is too long."),
    "missing_number": gettext_lazy("Enter a number."),
    "not_a_number": gettext_lazy("This is not a number."),
    "too_large": gettext_lazy("This number is too large."),
    "too_precise": gettext_lazy("At most 12 digits after the point."),
    "exponent_too_large": gettext_lazy("This number is too large."),
    "negative": gettext_lazy("A price is zero or more."),
    "not_positive": gettext_lazy("Enter a number above zero."),
    "above_limit": gettext_lazy("At most {most}."),
    "bad_code": gettext_lazy("Use lower-case letters, digits, hyphens and underscores."),
    "repeated_code": gettext_lazy("Two charges have the same code."),
    "missing_meter": gettext_lazy("Name the meter this charge prices."),
    "meter_not_used": gettext_lazy("A fee has no meter."),
    "unknown_unit": gettext_lazy("Choose a unit."),
    "empty_list": gettext_lazy("Add at least one row."),
    "too_many": gettext_lazy("At most {most}."),
    "edges_must_rise": gettext_lazy("The tiers' edges must rise."),
    "last_tier_has_no_end": gettext_lazy("The last tier, and only the last, has no end."),
    "first_band_from_zero": gettext_lazy("The first band begins at 0."),
    "one_effect": gettext_lazy("Enter a percentage or an amount, where the band has an effect."),
    "not_before": gettext_lazy("A counted charge stands above this one."),
    "fee_in_advance": gettext_lazy("A fee in advance belongs to another period; leave it out."),
    "bad_series": gettext_lazy("Choose a price index."),
    "band_upside_down": gettext_lazy("The highest factor is not below the lowest."),
    "windows_overlap": gettext_lazy("{day} {hour} lies in this window and in “{other}” as well."),
    "windows_leave_a_gap": gettext_lazy("{day} {hour} lies in no window."),
    "two_rests": gettext_lazy("Only one window takes all other hours."),
    "empty_span": gettext_lazy("The window ends when it begins."),
    "missing_days": gettext_lazy("Choose days."),
    "not_within": gettext_lazy("A whole number from {least} to {most}."),
    "not_a_date": gettext_lazy("Write days as 2026-12-25."),
    "unknown_currency": gettext_lazy("This currency is not known."),
    "unit_mismatch": gettext_lazy("The unit of the readings cannot be billed in this unit."),
    "negative_usage": gettext_lazy("The usage is negative."),
    "no_index_value": gettext_lazy("The price index {series} has no value before this month."),
    "nothing_measured": gettext_lazy("No covered channel measures what {charge} prices."),
    "not_a_percentage": gettext_lazy("The availability is more than 100 %."),
}


WEEKDAYS = (
    (1, gettext_lazy("Monday")), (2, gettext_lazy("Tuesday")), (3, gettext_lazy("Wednesday")),
    (4, gettext_lazy("Thursday")), (5, gettext_lazy("Friday")), (6, gettext_lazy("Saturday")),
    (7, gettext_lazy("Sunday")),
)  # fmt: skip


class _Given(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def act_words(action: str) -> str:
    return str(ACTS.get(action, action.replace("_", " ")))


def problem_words(reason: str, params: Mapping[str, Any] | None = None) -> str:
    """A reason code of a plan or a price for people."""
    words = str(PROBLEMS.get(reason, reason.replace("_", " ")))
    given = _Given(params or {})
    if str(given.get("day", "")).isdigit():
        given["day"] = dict(WEEKDAYS).get(int(given["day"]), given["day"])
    return words.format_map(given)


def plan_problem_words(error: PlanError) -> str:
    return problem_words(error.reason, error.params)


def plan_words(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each charge as {title, meter, words}; the plan as its dict."""
    return [
        {
            "title": charge["title"], "meter": charge.get("meter", ""),
            "words": charge_words(charge, plan["currency"], plan["charges"]),
        }
        for charge in plan["charges"]
    ]  # fmt: skip


def charge_words(
    charge: Mapping[str, Any], currency: str, charges: Sequence[Mapping[str, Any]] = ()
) -> list[str]:
    """A charge (its dict) as sentences; `charges` are those of its plan, for their titles."""
    describe = _MODELS.get(str(charge.get("model")))
    if describe is None:
        return [str(charge.get("model"))]
    words = describe(charge, currency)
    return [*words, *_included(charge), *_counted(charge, charges), *_pooling(charge),
            *_index(charge), *_tax(charge)]  # fmt: skip


def _flat_fee(charge: Mapping[str, Any], currency: str) -> list[str]:
    words = {"price": _amount(charge["amount"], currency)}
    if charge.get("timing") == "advance":
        text = _("%(price)s per period in advance, by covered days") % words
        if charge.get("at_end") == "kept":
            text += ", " + _("the period the contract ends in is paid whole")
        return [text]
    return [_("%(price)s per period, by covered days") % words]


def _per_unit(charge: Mapping[str, Any], currency: str) -> list[str]:
    return [_("%(price)s per %(unit)s") % _priced(charge["unit_price"], charge, currency)]


def _tiers(charge: Mapping[str, Any], currency: str) -> list[str]:
    words = []
    for number, tier in enumerate(charge["tiers"], start=1):
        values = {**_priced(tier["unit_price"], charge, currency), "number": number}
        if tier["up_to"] is None:
            text = _("Tier %(number)s, all above: %(price)s per %(unit)s") % values
        else:
            values["edge"] = measured(tier["up_to"], charge["unit"])
            text = _("Tier %(number)s, up to %(edge)s: %(price)s per %(unit)s") % values
        if tier.get("flat"):
            text += " + " + _amount(tier["flat"], currency)
        words.append(text)
    return words


def _volume(charge: Mapping[str, Any], currency: str) -> list[str]:
    whole = _("The whole quantity costs the price of the tier it lies in.")
    return [*_tiers(charge, currency), whole]


def _package(charge: Mapping[str, Any], currency: str) -> list[str]:
    words = {
        "price": _amount(charge["unit_price"], currency),
        "size": measured(charge["size"], charge["unit"]),
    }
    return [_("%(price)s for each begun package of %(size)s") % words]


def _stairstep(charge: Mapping[str, Any], currency: str) -> list[str]:
    words = []
    for step in charge["tiers"]:
        values = {"price": _amount(step["amount"], currency)}
        if step["up_to"] is None:
            words.append(_("All above: %(price)s in all") % values)
        else:
            values["edge"] = measured(step["up_to"], charge["unit"])
            words.append(_("Up to %(edge)s: %(price)s in all") % values)
    return words


def _time_of_use(charge: Mapping[str, Any], currency: str) -> list[str]:
    words = []
    for window in charge["windows"]:
        values = _priced(window["unit_price"], charge, currency)
        values["window"] = charge_title(window)
        values["hours"] = ", ".join(map(_slot, window.get("hours", ()))) or _("all other hours")
        words.append(_("%(window)s (%(hours)s): %(price)s per %(unit)s") % values)
    if charge.get("holidays"):
        days = [date_format(date.fromisoformat(day)) for day in charge["holidays"]]
        words.append(_("Counted as Sundays: %(days)s.") % {"days": ", ".join(days)})
    return words


def _slot(slot: Mapping[str, Any]) -> str:
    """Hours of some weekdays, those that follow each other as from and to."""
    named, runs = dict(WEEKDAYS), [list(slot["days"][:1])]
    for day in slot["days"][1:]:
        if day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    spans = [
        str(named[run[0]]) if len(run) == 1 else f"{named[run[0]]}–{named[run[-1]]}" for run in runs
    ]
    return f"{', '.join(spans)} {slot['from']}:00–{slot['to']}:00"


def _percentage(charge: Mapping[str, Any], currency: str) -> list[str]:
    return [_("%(percent)s of the counted charges") % {"percent": _percent(charge["percent"])}]


def _minimum(charge: Mapping[str, Any], currency: str) -> list[str]:
    return [_limit(charge, currency, _("At least %(price)s per period"))]


def _maximum(charge: Mapping[str, Any], currency: str) -> list[str]:
    return [_limit(charge, currency, _("At most %(price)s per period"))]


def _limit(charge: Mapping[str, Any], currency: str, text: str) -> str:
    part = _("always whole") if charge.get("proration") == "none" else _("by covered days")
    return text % {"price": _amount(charge["amount"], currency)} + f", {part}"


def _yearly(charge: Mapping[str, Any], currency: str) -> list[str]:
    words = {"price": _amount(charge["amount"], currency)}
    return [
        _("At least %(price)s per contract year; what is missing is due in its last period") % words
    ]


def _availability(charge: Mapping[str, Any], currency: str) -> list[str]:
    words = []
    for band in charge["bands"]:
        effect = str(band.get("effect", "none"))
        if effect == "none":
            text = _("no effect")
        else:
            part = _percent(band["percent"]) if band.get("percent") else ""
            value = part or _amount(str(band.get("amount")), currency)
            text = (_("bonus %(value)s") if effect == "bonus" else _("malus %(value)s")) % {
                "value": value
            }
        words.append(_("From %(edge)s: %(effect)s") % {
            "edge": _percent(band["from"]), "effect": text
        })  # fmt: skip
    return words


def _saving(charge: Mapping[str, Any], currency: str) -> list[str]:
    words = {
        **_priced(charge["unit_price"], charge, currency), "share": _percent(charge["share"]),
        "baseline": measured(charge["baseline"], charge["unit"]),
    }  # fmt: skip
    text = _("%(share)s of what less than %(baseline)s is used, at %(price)s per %(unit)s") % words
    floor = _("never below zero") if charge.get("floor", "zero") == "zero" else _("may be negative")
    return [f"{text}, {floor}"]


_MODELS = {
    "flat_fee": _flat_fee, "per_unit": _per_unit, "graduated": _tiers, "volume": _volume,
    "package": _package, "stairstep": _stairstep, "percentage": _percentage, "minimum": _minimum,
    "time_of_use": _time_of_use, "maximum": _maximum, "yearly_minimum": _yearly, "availability": _availability,
    "shared_saving": _saving,
}  # fmt: skip
_NAMING = ("percentage", "minimum", "maximum", "yearly_minimum", "availability")


def _included(charge: Mapping[str, Any]) -> list[str]:
    if not charge.get("included"):
        return []
    words = {"included": measured(charge["included"], charge["unit"])}
    return [_("%(included)s are included per period.") % words]


def _counted(charge: Mapping[str, Any], charges: Sequence[Mapping[str, Any]]) -> list[str]:
    if charge["model"] not in _NAMING:
        return []
    titles = {item["code"]: charge_title(item) for item in charges}
    names = ", ".join(titles.get(code, code) for code in charge.get("of", []))
    if not names:
        return [_("Counted are all charges before it, without fees in advance.")]
    return [_("Counted: %(names)s.") % {"names": names}]


def charge_title(charge: Mapping[str, Any]) -> str:
    title = charge["title"]
    if isinstance(title, str):
        return title
    return str(title.get(_language()[:2]) or next(iter(title.values())))


def _pooling(charge: Mapping[str, Any]) -> list[str]:
    if charge["model"] == "availability":
        pooled = charge.get("pooling", "pooled") == "pooled"
        return [_("The mean over all assets.")] if pooled else [_("Each asset on its own lines.")]
    if charge.get("pooling") == "pooled":
        return [_("The usage of all assets is added up first.")]
    return []


def _tax(charge: Mapping[str, Any]) -> list[str]:
    """What the charge carries instead of the contract's tax."""
    words = {
        "standard": _("Taxed at the standard rate."), "reduced": _("Taxed at the reduced rate."),
        "exempt": _("Exempt from tax."), "outside": _("Outside the scope of tax."),
    }  # fmt: skip
    return [words[charge["tax"]]] if charge.get("tax") else []


def _index(charge: Mapping[str, Any]) -> list[str]:
    index = charge.get("index")
    if not index:
        return []
    words = {
        "series": index["series"], "base": _plain(index["base"]),
        "weight": _plain(index.get("weight", "1")),
    }  # fmt: skip
    text = _("Follows the price index %(series)s: base %(base)s, weight %(weight)s") % words
    if index.get("low"):
        text += _(", factor at least %(low)s") % {"low": _plain(index["low"])}
    if index.get("high"):
        text += _(", factor at most %(high)s") % {"high": _plain(index["high"])}
    return [text]


def _priced(price: str, charge: Mapping[str, Any], currency: str) -> dict[str, Any]:
    unit = UNITS.get(charge["unit"])
    return {
        "price": _amount(price, currency),
        "unit": unit.one(_language()) if unit else charge["unit"],
    }


def _amount(text: str, currency: str) -> str:
    return format_unit_price(Decimal(text), currency, _language())


def _plain(text: str) -> str:
    return format_quantity(Decimal(text), _language())


def _percent(text: str) -> str:
    return f"{_plain(text)}\u00a0%"


def measured(value: object, unit: str) -> str:
    """A quantity with its unit in the reader's language."""
    number = Decimal(str(value))
    if unit in UNITS:
        return format_with_unit(number, unit, _language())
    return f"{format_quantity(number, _language())} {unit}".strip()


def _language() -> str:
    return get_language() or "en"
