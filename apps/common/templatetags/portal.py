"""What the portal's templates share: icons, pills, money, quantities, times, charts, progress.

Money and quantities come as text of the reader's language; times as `<time>` in the reader's zone
with the UTC instant on hover.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import lucide
from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from django.template.loader import render_to_string
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.urls import get_urlconf
from django.utils import dateformat, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.common import navigation, units
from apps.common.cards import NOTHING, carded
from apps.common.money import Money, UnknownCurrency, format_money, format_unit_price
from apps.common.quantity import BadValue, format_quantity
from apps.common.rows import COUNTED
from apps.common.sides import sides_at

register = template.Library()

COLOURS = {
    "draft": "secondary", "waiting": "secondary", "uploaded": "secondary", "discarded": "secondary",
    "ended": "secondary", "already": "secondary", "withdrawn": "secondary", "revoked": "secondary",
    "dry": "azure", "offered": "azure", "running": "azure", "metering": "azure", "invited": "azure",
    "approved": "indigo", "provisional": "yellow", "provisioning": "yellow", "conflict": "yellow",
    "open": "yellow", "parked": "orange", "stopped": "orange", "silent": "orange", "disbelieved": "orange",
    "active": "green", "issued": "green", "done": "green", "billed": "green", "accepted": "green",
    "released": "green", "agreed": "green", "live": "green", "counts": "green",
    "refused": "red", "failed": "red", "suspended": "red", "unmatched": "yellow", "pending": "yellow",
    "drafted": "yellow", "sent": "azure", "succeeded": "green", "matched": "green", "completed": "green",
    "paid": "green", "made": "green", "credited": "green", "part_paid": "azure", "written_off": "secondary",
    "taken": "azure", "undoing": "azure", "undone": "secondary", "not_believed": "orange", "replaced": "secondary",
    "delivered": "green", "given_up": "red", "paused": "orange", "removed": "secondary",
}  # fmt: skip


def _language() -> str:
    return get_language() or "en"


@register.simple_tag
def icon(name: str, size: int = 20, css: str = "") -> SafeString:
    """A Lucide icon, hidden from screen readers: the text beside it says the same."""
    return _icon(str(name), int(size), str(css))


@lru_cache(maxsize=512)
def _icon(name: str, size: int, css: str) -> SafeString:
    classes = f"icon {css}".strip()
    drawing = lucide._render_icon(name, size, **{"class": classes, "aria-hidden": "true"})
    return mark_safe(drawing)  # noqa: S308 (drawn from the package's own files)


@register.simple_tag
def pill(state: Any, label: str = "") -> SafeString:
    """A status pill of a state and its text, or of an object with a `state` field."""
    if isinstance(state, Model):
        state, label = state.state, label or state.get_state_display()  # type: ignore[attr-defined]
    text = str(label or getattr(state, "label", "") or state).strip()
    colour = COLOURS.get(str(getattr(state, "value", state)), "secondary")
    return format_html(
        '<span class="status status-{}"><span class="status-dot"></span>{}</span>',
        colour, text[:1].upper() + text[1:],
    )  # fmt: skip


@register.simple_tag
def provisional() -> SafeString:
    """The pill beside a figure that may still change."""
    return format_html(
        '<span class="badge badge-outline provisional" title="{}">{}</span>',
        _("Readings that are still to come can change this figure."), _("provisional"),
    )  # fmt: skip


@register.filter
def money(minor: Any, currency: str) -> str:
    """Minor units of a currency as the reader's language writes them; `–` for None."""
    if minor is None or minor == "":
        return NOTHING
    if isinstance(minor, Money):
        return format_money(minor, _language())
    try:
        return format_money(Money(int(minor), currency), _language())
    except (UnknownCurrency, TypeError, ValueError):
        return f"{minor} {currency}"


@register.filter
def unit_price(value: Any, currency: str) -> str:
    """A price per unit with its currency, at least its minor digits; `–` for None."""
    if value is None or value == "":
        return NOTHING
    try:
        return format_unit_price(Decimal(str(value)), currency, _language())
    except (UnknownCurrency, InvalidOperation, BadValue):
        return f"{value} {currency}"


@register.filter
def quantity(value: Any, unit: str = "") -> str:
    """A decimal (or its text) with the symbol of its unit; `–` for None."""
    if value is None or value == "":
        return NOTHING
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
        if not unit:
            return format_quantity(number, _language())
        return units.format_with_unit(number, unit, _language())
    except BadValue:
        return f"{value} {unit}"
    except InvalidOperation:
        return str(value)


@register.filter
def counted(number: int) -> str:
    """A count that went no further than one beyond COUNTED: `1,000+` there."""
    return f"{quantity(COUNTED)}+" if number > COUNTED else quantity(number)


@register.filter
def one_of_unit(code: str) -> str:
    """A single one of this unit: `1 kWh`, `1 pulse`."""
    try:
        return f"1\u00a0{units.unit(code).one(_language())}"
    except BadValue:
        return f"1\u00a0{code}"


@register.filter
def unit_symbol(code: str) -> str:
    """What stands behind a number of this unit: `kWh`, `cycles`."""
    try:
        unit = units.unit(code)
    except BadValue:
        return str(code)
    return unit.symbol(_language()) or unit.name(_language())


@register.filter
def instant(value: datetime | str | None) -> str:
    """A moment to the minute in the reader's zone."""
    return _moment(value, timezone.get_current_timezone(), seconds=False)


@register.filter
def instant_exact(value: datetime | str | None) -> str:
    """A moment to the second in the reader's zone."""
    return _moment(value, timezone.get_current_timezone(), seconds=True)


@register.filter
def instant_in(value: datetime | None, zone: str) -> str:
    """A moment in a named zone, such as a contract's."""
    return _moment(value, ZoneInfo(zone), seconds=False)


def _moment(value: datetime | str | None, zone: tzinfo, *, seconds: bool) -> str:
    if not value:
        return NOTHING
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    pattern = ("d.m.Y H:i" if _german() else "j M Y H:i") + (":s" if seconds else "")
    universal = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        universal.isoformat(), f"{universal:%Y-%m-%d %H:%M:%S} UTC",
        dateformat.format(value.astimezone(zone), pattern),
    )  # fmt: skip


@register.filter
def day(value: date | datetime | str | None) -> str:
    """A calendar day (or its ISO text); of a moment, the day it falls on in the reader's zone."""
    if not value:
        return NOTHING
    if isinstance(value, str):
        value = date.fromisoformat(value)
    if isinstance(value, datetime):
        value = timezone.localdate(value)
    return dateformat.format(value, "d.m.Y" if _german() else "j M Y")


@register.filter
def day_in(value: datetime | None, zone: str) -> str:
    """The calendar day a moment falls on in a named zone."""
    return day(value.astimezone(ZoneInfo(zone)).date()) if value else NOTHING


@register.filter
def ago(value: datetime | None) -> str:
    """How long ago in the largest unit, the moment on hover."""
    if not value:
        return NOTHING
    universal = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        universal.isoformat(), f"{universal:%Y-%m-%d %H:%M:%S} UTC", _ago(timezone.now() - value),
    )  # fmt: skip


def _ago(passed: timedelta) -> str:
    # Loaded at first use. Django's own words have no dative: "vor 3 Tage".
    from babel.dates import format_timedelta

    if passed < timedelta(minutes=1):
        return _("just now")
    return format_timedelta(
        -passed, granularity="minute", threshold=1, add_direction=True, locale=_language()[:2]
    )


def _german() -> bool:
    return _language().startswith("de")


@register.filter
def translated(texts: Any) -> str:
    """The reader's text of a value such as {"en": …, "de": …}."""
    if isinstance(texts, Mapping):
        return str(texts.get(_language()[:2]) or texts.get("en") or next(iter(texts.values()), ""))
    return str(texts)


@register.filter
def display(record: Any, field: str) -> str:
    """`record.get_FIELD_display()`."""
    return str(getattr(record, f"get_{field}_display")())


@register.filter
def as_json(value: Any) -> str:
    """For a data attribute that a static script reads; escaped like any text."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.simple_block_tag
def cards(content: str) -> SafeString:
    """Around a `<table>` of four columns or more: a phone shows each of its rows as a card."""
    return carded(content)


@register.simple_tag
def copyable(text: str, label: str = "") -> SafeString:
    """An id in fixed-width letters with a button that copies it."""
    return format_html(
        '<span class="copyable"><code>{}</code>'
        '<button type="button" class="btn btn-action btn-sm" data-copy="{}" aria-label="{}">{}'
        "</button></span>",
        label or text, text, _("Copy"), icon("copy", 16),
    )  # fmt: skip


@register.simple_tag
def sparkline(values: Iterable[Any], title: str = "") -> SafeString:
    """A small line of the values, oldest first; nothing for less than two values."""
    numbers = [float(value) for value in values if value is not None]
    if len(numbers) < 2:
        return format_html('<span class="text-secondary">{}</span>', NOTHING)
    return format_html(
        '<svg class="sparkline" viewBox="0 0 100 28" preserveAspectRatio="none" role="img" '
        'aria-label="{}"><polyline points="{}"/></svg>',
        title or _("recent course"), _points(numbers),
    )  # fmt: skip


def _points(numbers: Sequence[float]) -> str:
    low, high = min(numbers), max(numbers)
    step, span = 100 / (len(numbers) - 1), (high - low) or 1
    return " ".join(
        f"{index * step:.1f},{26 - (number - low) / span * 24:.1f}"
        for index, number in enumerate(numbers)
    )


@register.simple_tag
def chart(url: str, title: str, css: str = "") -> SafeString:
    """A chart whose plotly figure (a dict with `data` and `layout`) the address answers as JSON."""
    return format_html(
        '<div class="chart {}" data-chart-url="{}" role="img" aria-label="{}">'
        '<div class="chart-wait"><span class="spinner-border spinner-border-sm"></span></div></div>',
        css, url, title,
    )  # fmt: skip


@register.inclusion_tag("components/progress.html")
def progress(job: Any, reload: bool = False) -> dict[str, Any]:
    """How far a job is; asks again each second until it ends (`reload`: then reloads the page)."""
    return {"job": job, "reload": reload}


@register.inclusion_tag("components/empty.html")
def empty(icon: str, title: str, text: str = "", url: str = "", label: str = "") -> dict[str, Any]:
    """A calm note where a list has nothing, with the next step as a button."""
    return {"icon_name": icon, "title": title, "text": text, "url": url, "label": label}


@register.inclusion_tag("components/time_range.html", takes_context=True)
def time_range(context: template.Context, span: Any) -> dict[str, Any]:
    """The page's time range picker; keeps the other parts of the address."""
    others = context["request"].GET.copy()
    for key in ("from", "to", "range", "page"):
        others.pop(key, None)
    return {"span": span, "others": list(others.items()), "query": others.urlencode()}


@register.simple_tag(takes_context=True)
def navigation_menu(context: template.Context) -> SafeString:
    """The left menu as this person sees it on this page."""
    request = context["request"]
    capabilities = frozenset(getattr(request, "capabilities", ()))
    current = navigation.current(capabilities, request.path)
    return _menu(capabilities, current, sides_at(request), _language(), get_urlconf())


@lru_cache(maxsize=1024)
def _menu(
    capabilities: frozenset[str],
    current: str,
    sides: frozenset[str],
    _language: str,
    _urlconf: str | None,
) -> SafeString:
    """Remembered, because it is on every page and knows no company, only what a position may do and
    what a company is."""
    sections = list(navigation.links_at(capabilities, current, sides))
    return render_to_string("components/navigation.html", {"sections": sections})


@register.simple_tag
def page_url(url_name: str) -> str:
    """The address of a page without arguments, empty where this site has no such page."""
    return navigation.address(url_name)


@register.simple_tag(takes_context=True)
def may(context: template.Context, capability: str) -> bool:
    """Whether the person may do this: `{% may "run_billing" as may_bill %}`."""
    return capability in getattr(context["request"], "capabilities", frozenset())


@register.simple_tag(takes_context=True)
def has_side(context: template.Context, side: str) -> bool:
    """Whether the company's business has this side: `{% has_side "provides" as sells %}`."""
    return side in sides_at(context["request"])


@register.simple_tag(takes_context=True)
def block_text(context: template.Context, name: str) -> SafeString:
    """A block of the page rendered once more, such as its title as heading; empty when undefined."""
    block = context.render_context[BLOCK_CONTEXT_KEY].get_block(name)
    rendered = block.render(context).strip() if block is not None else ""
    return mark_safe(rendered)  # noqa: S308 (the block has escaped its values)
