"""What differs between two wordings of a contract, side by side, in words."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from apps.contracts.models import Contract
from apps.contracts.wording import charge_words
from apps.contracts.wording.commercial import commercial_words
from apps.contracts.wording.notice import notice_words
from apps.contracts.wording.service import service_words

FACTS: dict[str, str | Promise] = {
    "title": gettext_lazy("Title"), "provider_name": gettext_lazy("Provider"),
    "customer_name": gettext_lazy("Customer"), "starts_on": gettext_lazy("First day"),
    "ends_on": gettext_lazy("Ends before"), "period_kind": gettext_lazy("Billed by"),
    "time_zone": gettext_lazy("Time zone"), "currency": gettext_lazy("Currency"),
    "tax_category": gettext_lazy("Tax"), "payment_days": gettext_lazy("Payable within (days)"),
    "corrections": gettext_lazy("Corrections"),
    "buyer_reference": gettext_lazy("Buyer reference"),
    "order_number": gettext_lazy("Order number"),
}  # fmt: skip
_CHOICES: dict[str, Callable[[str], Any]] = {
    "period_kind": Contract.PeriodKind, "tax_category": Contract.TaxCategory,
    "corrections": Contract.Corrections,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is worded otherwise; an empty side: it is not there."""

    label: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return self.before != self.after


def plan_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every charge of two plans, in the later one's order, those that went at the end."""
    old, new = _charges(before), _charges(after)
    codes = [*new, *(code for code in old if code not in new)]
    return [
        Change(_title(new.get(code) or old[code]), _words(old, code, before), _words(new, code, after))
        for code in codes
    ]  # fmt: skip


def content_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs between two contents (`queries.content_of`): facts, covered channels, charges."""
    facts = [
        Change(str(label), _fact(before, name), _fact(after, name)) for name, label in FACTS.items()
    ]
    old, new = _items(before), _items(after)
    items = [Change(key, old.get(key, ()), new.get(key, ())) for key in {**old, **new}]
    charges = plan_changes(before["plan"] or {}, after["plan"] or {})
    agreed = Change(_("Late payment, deposit and credit limit"), _agreed(before), _agreed(after))
    notice = Change(_("Notice"), _noticed(before), _noticed(after))
    service = Change(_("Service levels"), _promised(before), _promised(after))
    changes = [*facts, agreed, notice, service, *items, *charges]
    return [change for change in changes if change.differs]


def _noticed(content: Mapping[str, Any]) -> tuple[str, ...]:
    return (notice_words(Contract(notice=content.get("notice"))),)


def _promised(content: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(service_words(Contract(service=content.get("service"))))


def _agreed(content: Mapping[str, Any]) -> tuple[str, ...]:
    names = ("dunning", "deposit_minor", "credit_limit_minor", "currency")
    return tuple(commercial_words(Contract(**{n: content[n] for n in names if n in content})))


def _charges(plan: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {str(charge["code"]): charge for charge in plan.get("charges", ())}


def _title(charge: Mapping[str, Any]) -> str:
    title = charge["title"]
    if isinstance(title, str):
        return title
    return str(title.get(get_language() or "en") or next(iter(title.values()), ""))


def _words(
    charges: Mapping[str, Mapping[str, Any]], code: str, plan: Mapping[str, Any]
) -> tuple[str, ...]:
    if code not in charges:
        return ()
    return tuple(charge_words(charges[code], plan["currency"], plan["charges"]))


def _fact(content: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = content.get(name)
    if value in (None, ""):
        return ()
    if name in _CHOICES:
        return (str(_CHOICES[name](str(value)).label),)
    if name in ("starts_on", "ends_on"):
        return (date_format(date.fromisoformat(str(value)), "DATE_FORMAT"),)
    return (str(value),)


def _items(content: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """By asset and channel what is said of it, apart from its meter the raw terms as signed."""
    return {
        f"{item['asset_label']} · {item['channel']}": tuple(_item_words(item))
        for item in content["items"]
    }


def _item_words(item: Mapping[str, Any]) -> Iterable[str]:
    yield _("as %(meter)s") % {"meter": item["meter"]}
    for name, text in (
        ("starts_on", _("covered from %s")),
        ("ends_on", _("covered until before %s")),
    ):
        if item.get(name):
            yield text % date_format(date.fromisoformat(str(item[name])), "DATE_FORMAT")
    for name in ("measure", "counting", "group", "meter_terms"):
        for key, value in (item.get(name) or {}).items():
            if value not in (None, "", [], {}):
                yield f"{key}: {value}"
