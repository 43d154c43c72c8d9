"""Windows of the week as rows of the form: some days, from one hour to another, under a name.

Rows of the same name are one window; a row without days takes all hours the others leave.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from apps.common.forms import point
from apps.contracts.wording import WEEKDAYS

_GROUPS = (
    ((1, 2, 3, 4, 5), _("Monday to Friday")), ((6, 7), _("Saturday and Sunday")),
    ((1, 2, 3, 4, 5, 6, 7), _("every day")),
)  # fmt: skip
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")


def _value(days: Sequence[int]) -> str:
    return "".join(map(str, days))


DAY_CHOICES: tuple[tuple[str, Any], ...] = (
    ("", _("all other hours")),
    *((_value(days), words) for days, words in _GROUPS),
    *((str(day), words) for day, words in WEEKDAYS),
)
_SHOWN = {_value(days) for days, _words in _GROUPS}


def windows_of(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The plan's windows; the plan itself judges them."""
    windows: dict[str, dict[str, Any]] = {}
    for row in rows:
        name = row.get("window_title", "")
        window = windows.setdefault(name, _window(row, name, len(windows) + 1))
        if row.get("window_days"):
            window.setdefault("hours", []).append(_slot(row))
    return list(windows.values())


def _window(row: Mapping[str, str], name: str, number: int) -> dict[str, Any]:
    code = slugify(name)[:40]
    return {
        "code": code if _CODE.fullmatch(code) else f"window-{number}",
        "title": {"en": name, "de": row.get("window_title_de", "") or name},
        "unit_price": point(row.get("window_price", "")) or None,
    }  # fmt: skip


def _slot(row: Mapping[str, str]) -> dict[str, Any]:
    days = [int(day) for day in row["window_days"] if day in "1234567"]
    return {"days": days, "from": _hour(row.get("window_from", ""), 0),
            "to": _hour(row.get("window_to", ""), 24)}  # fmt: skip


def _hour(text: str, empty: int) -> int | str:
    """A whole hour as typed, `22` or `22:00`; anything else is left for the plan to refuse."""
    found = re.fullmatch(r"([0-9]{1,2})(?::00)?", text)
    return int(found[1]) if found else text or empty


def window_row(rows: Sequence[Mapping[str, str]], number: int) -> int:
    """The first row of a window by its place among the plan's windows."""
    names = list(dict.fromkeys(row.get("window_title", "") for row in rows))
    if number >= len(names):
        return 0
    return next(place for place, row in enumerate(rows)
                if row.get("window_title", "") == names[number])  # fmt: skip


def rows_of_windows(windows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The form's rows of a plan's windows."""
    return [
        {**_named(window), "window_price": window["unit_price"], **hours}
        for window in windows
        for hours in _rows_of(window.get("hours", ()))
    ]


def _named(window: Mapping[str, Any]) -> dict[str, str]:
    title = window["title"]
    if isinstance(title, str):
        title = {"en": title, "de": title}
    english = title.get("en") or title["de"]
    return {"window_title": english, "window_title_de": title.get("de", "")}


def _rows_of(hours: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    rows = [
        {"window_days": days, "window_from": str(slot["from"]), "window_to": str(slot["to"])}
        for slot in hours
        for days in _day_values(slot["days"])
    ]
    return rows or [{"window_days": "", "window_from": "", "window_to": ""}]


def _day_values(days: Sequence[int]) -> list[str]:
    value = _value(sorted(days))
    return [value] if value in _SHOWN else list(value)
