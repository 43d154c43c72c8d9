"""Opening balances in words, for the sheet."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.common.money import Money, format_money
from apps.contracts.domain.opening import OpeningBalances
from apps.contracts.wording import charge_title, measured


def opening_words(opening: OpeningBalances, plan: Mapping[str, Any] | None) -> list[str]:
    """A sentence each; `plan`: the contract's first, as its dict."""
    if plan is None or not opening:
        return []
    charges = {charge["code"]: charge for charge in plan["charges"]}
    words = []
    if opening.year_from is not None:
        day = date_format(opening.year_from, "DATE_FORMAT")
        words.append(_("Contract year under way since %(day)s.") % {"day": day})
    for code, minor in opening.charged.items():
        given = {"charge": _title(charges, code), "amount": _money(minor, plan["currency"])}
        words.append(_("%(charge)s: %(amount)s of this contract year were charged before.") % given)
    for code, used in opening.included_used.items():
        unit = str(charges.get(code, {}).get("unit", ""))
        given = {"charge": _title(charges, code), "used": measured(used, unit)}
        words.append(
            _("%(charge)s: %(used)s of the first period's included quantity are used.") % given
        )
    for item in opening.open_items:
        given = {
            "number": item.number, "amount": _money(item.open_minor, plan["currency"]),
            "day": date_format(item.due_on, "DATE_FORMAT"),
        }  # fmt: skip
        words.append(_("Open from before: %(number)s, %(amount)s, due on %(day)s.") % given)
    return words


def _title(charges: Mapping[str, Mapping[str, Any]], code: str) -> str:
    return charge_title(charges[code]) if code in charges else code


def _money(minor: int, currency: str) -> str:
    return format_money(Money(minor, currency), get_language() or "en")
