"""Splits and partners' terms in words."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from apps.common.money import format_unit_price
from apps.common.quantity import format_quantity
from apps.contracts.domain.split import SplitRefused

KINDS = {
    "per_unit": gettext_lazy("Per unit of a line"),
    "percent": gettext_lazy("Percent of what remains of a line"),
    "fixed": gettext_lazy("Fixed amount a period"),
    "floor": gettext_lazy("At least, a period"),
    "cap": gettext_lazy("At most, a period"),
    "reserve": gettext_lazy("Reserve: percent of what is left, at most an amount"),
    "bearer": gettext_lazy("Bears a charge"),
}
PROBLEMS = {
    "missing_party": gettext_lazy("Choose one company."),
    "party_twice": gettext_lazy("A company stands twice."),
    "measured_or_weighted": gettext_lazy("Measured parts have no weights."),
    "nothing_left": gettext_lazy("A step before it takes everything; nothing is left here."),
    "takes_the_rest": gettext_lazy("Who takes the rest has no fixed sum, floor or cap."),
    "floor_above_cap": gettext_lazy("The least is more than the most."),
    "finer_than_currency": gettext_lazy("{currency} has no such small unit."),
    "named_twice": gettext_lazy("“{name}” stands twice."),
    "above_limit": gettext_lazy("At most {most}."),
    "not_positive": gettext_lazy("Enter a number above zero."),
    "missing_number": gettext_lazy("Enter a number."),
    "not_a_number": gettext_lazy("This is not a number."),
    "missing_text": gettext_lazy("Choose one charge."),
    "empty_list": gettext_lazy("Choose at least one company."),
}


def refusal_words(error: SplitRefused) -> list[str]:
    """Every error of a split with the step it is about."""
    return [f"{_place(item.path)}: {_reason(item.reason, item.params)}" for item in error.errors]


def _reason(reason: str, params: Mapping[str, str]) -> str:
    return str(PROBLEMS.get(reason, reason.replace("_", " "))).format_map({**_NOTHING, **params})


_NOTHING = {"most": "", "currency": "", "name": ""}


def _place(path: str) -> str:
    section, _bracket, rest = path.partition("[")
    names = {
        "line_steps": _("Step on lines"), "contract_steps": _("Step once a period"),
        "bearers": _("Bearer"), "terms": _("Payment terms"), "residual": _("Who takes the rest"),
    }  # fmt: skip
    name = names.get(section, section)
    number = rest.partition("]")[0]
    return f"{name} {int(number) + 1}" if number.isdigit() else name


def terms_words(terms: Mapping[str, Any], charges: Mapping[str, Mapping[str, str]]) -> list[str]:
    """A partner's own terms as sentences, in their order."""
    currency = str(terms["currency"])
    words = [_step_words(step, charges, currency) for step in terms["line_steps"]]
    words += [_once_words(step, currency) for step in terms["contract_steps"]]
    words += [
        _("Bears “%(charge)s”%(part)s.") % {
            "charge": _names([item["charge"]], charges), "part": _part(item),
        }
        for item in terms["bears"]
    ]  # fmt: skip
    if terms["takes_the_rest"]:
        words.append(_("Takes what all steps leave over."))
    return [*words, *_paid_words(terms["terms"])]


def _step_words(
    step: Mapping[str, Any], charges: Mapping[str, Mapping[str, str]], currency: str
) -> str:
    given = {"charges": _names(step.get("charges", []), charges), "part": _part(step)}
    if step["kind"] == "percent":
        text = _("%(percent)s of what remains of %(charges)s%(part)s.")
        return text % {**given, "percent": _percent(step["percent"])}
    text = _("%(price)s per unit of %(charges)s%(part)s.")
    return text % {**given, "price": _amount(step["rate"], currency)}


def _once_words(step: Mapping[str, Any], currency: str) -> str:
    amount = _amount(step["amount"], currency)
    if step["kind"] == "reserve":
        text = _("%(percent)s of what is left, at most %(amount)s a period.")
        return text % {"percent": _percent(step["percent"]), "amount": amount}
    texts = {
        "fixed": _("%(amount)s a period; what is lacking is paid later."),
        "floor": _("At least %(amount)s a period."), "cap": _("At most %(amount)s a period."),
    }  # fmt: skip
    return texts[step["kind"]] % {"amount": amount}


def _part(step: Mapping[str, Any]) -> str:
    if step["divided"] == "measured":
        return _(", divided by what is measured on each maker's assets (%(key)s)") % {
            "key": step.get("key", "")
        }
    if step["divided"] == "by_parts":
        return _(", of it %(own)s parts of %(of)s") % {"own": step["own"], "of": step["of"]}
    return ""


def _paid_words(terms: Mapping[str, Any]) -> list[str]:
    paid = (
        _("Payable with the invoice.") if terms["payable"] == "invoiced"
        else _("Payable as the customer pays, in proportion.") if not terms["rank"]
        else _("Payable as the customer pays, in rank %(rank)s.") % {"rank": terms["rank"]}
    )  # fmt: skip
    held = _("Disputed lines are held back.") if terms["held_by_disputes"] else ""
    return [text for text in (paid, held) if text]


def _names(codes: Sequence[str], charges: Mapping[str, Mapping[str, str]]) -> str:
    language = (get_language() or "en")[:2]
    titles = [charges.get(code, {}).get(language, code) for code in codes]
    return ", ".join(titles) or _("all charges")


def _percent(text: str) -> str:
    return f"{format_quantity(Decimal(text), get_language() or 'en')}\u00a0%"


def _amount(text: str, currency: str) -> str:
    return format_unit_price(Decimal(text), currency, get_language() or "en")
