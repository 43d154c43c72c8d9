"""Reads a plan's dict: every value is asked for by name, refused with its path and reason."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from apps.common.quantity import BadValue, parse_decimal
from apps.common.units import unit

_CODE = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class PlanError(ValueError):
    """A plan is refused: the path of the value, a reason code and its parameters."""

    def __init__(self, path: str, reason: str, **params: str) -> None:
        self.path = path
        self.reason = reason
        self.params = params
        details = ", ".join(f"{name} {value}" for name, value in params.items())
        super().__init__(f"{path or 'plan'}: {reason}" + (f" ({details})" if details else ""))


class Source:
    """Reads a dict of a plan, remembers where it is, and refuses keys nobody asked for."""

    def __init__(self, data: object, path: str) -> None:
        if not isinstance(data, Mapping):
            raise PlanError(path, "not_an_object")
        self.data = data
        self.path = path
        self.asked: set[str] = set()

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def get(self, key: str, default: object = None) -> object:
        self.asked.add(key)
        return self.data.get(key, default)

    def text(self, key: str, longest: int = 200) -> str:
        value = self.get(key)
        if not isinstance(value, str) or not value.strip():
            raise PlanError(self.at(key), "missing_text")
        if len(value) > longest:
            raise PlanError(self.at(key), "too_long", characters=str(longest))
        return value

    def code(self, key: str) -> str:
        """A short name that people and programs use: lower case, digits, hyphen, underscore."""
        code = self.text(key)
        if not _CODE.fullmatch(code):
            raise PlanError(self.at(key), "bad_code", code=code[:40])
        return code

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        value = self.get(key, default)
        if value not in choices:
            raise PlanError(self.at(key), "unknown_choice", choices=", ".join(choices))
        return str(value)

    def price(self, key: str, default: Decimal | None = None) -> Decimal:
        """A decimal of zero or more, at most 12 decimals; floats are refused."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if value is None:
            raise PlanError(self.at(key), "missing_number")
        try:
            number = parse_decimal(value)
        except BadValue as problem:
            raise PlanError(self.at(key), problem.reason, **problem.params) from None
        if number < 0:
            raise PlanError(self.at(key), "negative")
        return number

    def unit(self, key: str) -> str:
        try:
            return unit(self.text(key)).code
        except BadValue as problem:
            raise PlanError(self.at(key), problem.reason, **problem.params) from None

    def titles(self, key: str) -> Mapping[str, str]:
        """{'de': …, 'en': …}; plain text stands for both languages."""
        value = self.get(key)
        if isinstance(value, str) and value.strip():
            value = {"de": value, "en": value}
        source = Source(value, self.at(key))
        if not source.data or set(source.data) - {"de", "en"}:
            raise PlanError(self.at(key), "unknown_choice", choices="de, en")
        return {language: source.text(language) for language in sorted(source.data)}

    def share(self, key: str, default: Decimal | None = None) -> Decimal:
        """A part of the whole from 0 to 1."""
        return self._within(key, self.price(key, default), 1)

    def percent(self, key: str) -> Decimal:
        """0 to 100."""
        return self._within(key, self.price(key), 100)

    def positive(self, key: str) -> Decimal:
        number = self.price(key)
        if not number:
            raise PlanError(self.at(key), "not_positive")
        return number

    def _within(self, key: str, number: Decimal, most: int) -> Decimal:
        if number > most:
            raise PlanError(self.at(key), "above_limit", most=str(most))
        return number

    def whole(self, key: str, least: int, most: int) -> int:
        value = self.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise PlanError(self.at(key), "not_within", least=str(least), most=str(most))
        return value

    def dates(self, key: str, most: int) -> tuple[date, ...]:
        """Calendar days as 2026-12-25, in order, each once; a missing list is empty."""
        value = self.get(key) or []
        if not isinstance(value, (list, tuple)) or len(value) > most:
            raise PlanError(self.at(key), "too_many", most=str(most))
        try:
            return tuple(sorted({date.fromisoformat(item) for item in value}))
        except (TypeError, ValueError):
            raise PlanError(self.at(key), "not_a_date") from None

    def codes(self, key: str, most: int) -> tuple[str, ...]:
        """Codes as a list of text; a missing list is empty."""
        value = self.get(key) or []
        if not isinstance(value, (list, tuple)) or len(value) > most:
            raise PlanError(self.at(key), "too_many", most=str(most))
        if not all(isinstance(item, str) for item in value):
            raise PlanError(self.at(key), "missing_text")
        return tuple(dict.fromkeys(value))

    def items(self, key: str, most: int) -> list["Source"]:
        value = self.get(key)
        if not isinstance(value, (list, tuple)) or not value:
            raise PlanError(self.at(key), "empty_list")
        if len(value) > most:
            raise PlanError(self.at(key), "too_many", most=str(most))
        return [Source(item, f"{self.at(key)}[{index}]") for index, item in enumerate(value)]

    def finish(self) -> None:
        for key in self.data:
            if key not in self.asked:
                raise PlanError(self.at(str(key)[:40]), "unknown_key")
