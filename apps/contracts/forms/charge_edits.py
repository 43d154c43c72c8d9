"""Adding, moving and removing charges and their rows in what was typed, without judging it."""

import re
from collections.abc import Callable

from django.http import QueryDict

from apps.contracts.forms.charge_models import ROWS

PREFIX = "charges"
MOST_CHARGES = 100
MOST_ROWS = 100
_COMMAND = re.compile(r"(?:(\d{1,3}):)?(?:([a-z]+):)?(add|remove|up|down)(?::(\d{1,3}))?")

Row = dict[str, list[str]]


def edited(data: QueryDict, command: str) -> QueryDict:
    """The typed form after `add`, `2:up`, `2:down`, `2:remove`, `2:tiers:add`, `2:tiers:remove:1`.

    Everything typed stays; a command that fits nothing changes nothing.
    """
    found = _COMMAND.fullmatch(command)
    rows = charge_rows(data)
    if found is not None:
        place, part, act, number = found.groups()
        if place is None:
            rows = added(rows) if act == "add" and part is None else rows
        elif int(place) < len(rows) and part in ROWS:
            rows[int(place)] = _edited_row(rows[int(place)], str(part), act, int(number or 0))
        elif int(place) < len(rows) and part is None:
            rows = _moves[act](rows, int(place)) if act in _moves else rows
    return with_rows(data, rows)


def charge_rows(data: QueryDict) -> list[Row]:
    """What was typed for each charge, by field."""
    total = data.get(f"{PREFIX}-TOTAL_FORMS", "0")
    count = min(int(total), MOST_CHARGES) if total.isascii() and total.isdigit() else 0
    rows: list[Row] = [{} for _ in range(count)]
    for name in data:
        parts = name.split("-", 2)
        if len(parts) == 3 and parts[0] == PREFIX and parts[1].isascii() and parts[1].isdigit():
            place = int(parts[1])
            if place < count:
                rows[place][parts[2]] = [str(value) for value in data.getlist(name)]
    return rows


def with_rows(data: QueryDict, rows: list[Row]) -> QueryDict:
    """The same form with other charges."""
    changed = data.copy()
    for name in data:
        if name.startswith(f"{PREFIX}-") and not name.endswith("_FORMS"):
            del changed[name]
    for place, row in enumerate(rows):
        for name, values in row.items():
            changed.setlist(f"{PREFIX}-{place}-{name}", values)
    changed[f"{PREFIX}-TOTAL_FORMS"] = str(len(rows))
    return changed


def free_code(taken: set[str]) -> str:
    """A code no charge has: charge-1, charge-2 …"""
    number = 1
    while f"charge-{number}" in taken:
        number += 1
    return f"charge-{number}"


def added(rows: list[Row]) -> list[Row]:
    """One more charge, with a code of its own."""
    if len(rows) >= MOST_CHARGES:
        return rows
    taken = {row.get("code", [""])[0] or f"charge-{place}" for place, row in enumerate(rows, 1)}
    return [*rows, {"code": [free_code(taken)], "model": ["per_unit"]}]


def _removed(rows: list[Row], place: int) -> list[Row]:
    return [row for number, row in enumerate(rows) if number != place]


def _swapped(rows: list[Row], place: int, other: int) -> list[Row]:
    if 0 <= other < len(rows):
        rows[place], rows[other] = rows[other], rows[place]
    return rows


_moves: dict[str, Callable[[list[Row], int], list[Row]]] = {
    "remove": _removed,
    "up": lambda rows, place: _swapped(rows, place, place - 1),
    "down": lambda rows, place: _swapped(rows, place, place + 1),
}


def _edited_row(row: Row, part: str, act: str, number: int) -> Row:
    """A tier or band more or less; the columns stay side by side."""
    names = [cell.name for cell in ROWS[part]]
    length = max((len(row.get(name, [])) for name in names), default=0)
    columns = {name: [*row.get(name, []), *[""] * length][:length] for name in names}
    if act == "add" and length < MOST_ROWS:
        columns = {name: [*values, ""] for name, values in columns.items()}
    elif act == "remove":
        columns = {
            name: [value for place, value in enumerate(values) if place != number]
            for name, values in columns.items()
        }
    # A place that is kept although it is empty, so that a new row is shown.
    kept = {f"{part}_shown": [str(max(len(next(iter(columns.values()))), 1))]}
    return {**row, **columns, **kept}
