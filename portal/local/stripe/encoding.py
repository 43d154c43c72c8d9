"""Stripe's form encoding: `a[b][0][c]=v` and back to nested values."""

import re
from typing import Any
from urllib.parse import parse_qsl

PART = re.compile(r"\[([^\]]*)\]")


def decoded(text: str) -> dict[str, Any]:
    """Nested dicts and lists of strings."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first = name.split("[", 1)[0]
        _put(found, [first, *PART.findall(name)], value)
    return {key: _listed(value) for key, value in found.items()}


def _put(into: dict[str, Any], path: list[str], value: str) -> None:
    """A name that was a value before becomes what is inside of it, as the later word."""
    for part in path[:-1]:
        key = part or str(len(into))
        if not isinstance(into.get(key), dict):
            into[key] = {}
        into = into[key]
    into[path[-1] or str(len(into))] = value


def _listed(value: Any) -> Any:
    """Dicts whose keys are 0, 1, 2 … are lists."""
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(one) for key, one in value.items()}
    if inner and list(inner) == [str(number) for number in range(len(inner))]:
        return list(inner.values())
    return inner
