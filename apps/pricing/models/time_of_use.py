"""A price by window of the week: weekday and local clock time, whole hours, holidays as Sundays.

The usage record gives the quantity in each window; the windows tile the week, so their sum is
the whole quantity, or nothing is priced. Each window that was used is a line, numbered as in
the plan; zero usage makes one line of amount 0 in the first window.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from apps.common.quantity import add, multiply
from apps.pricing.registry import POOLINGS, Charge, PricingContext, charge_model
from apps.pricing.source import Source
from apps.pricing.values import (
    AssetUsage,
    Measure,
    PricedLine,
    PricingError,
    in_unit,
    measures,
    step,
)
from apps.pricing.windows import MOST_HOLIDAYS, Window, WindowCalendar, read_windows, week_of


@charge_model("time_of_use")
@dataclass(frozen=True, slots=True)
class TimeOfUse(Charge):
    indexable: ClassVar[bool] = True
    unit: str
    windows: tuple[Window, ...]
    holidays: tuple[date, ...]
    pooling: str

    @classmethod
    def read(cls, source: Source, head: dict[str, Any]) -> "TimeOfUse":
        return cls(
            **head,
            unit=source.unit("unit"),
            windows=read_windows(source),
            holidays=source.dates("holidays", MOST_HOLIDAYS),
            pooling=source.choice("pooling", POOLINGS, "each"),
        )

    def write(self) -> dict[str, object]:
        written: dict[str, object] = {
            "unit": self.unit, "windows": [window.write() for window in self.windows],
            "pooling": self.pooling,
        }  # fmt: skip
        if self.holidays:
            written["holidays"] = [day.isoformat() for day in self.holidays]
        return written

    @property
    def calendar(self) -> WindowCalendar:
        return WindowCalendar(week_of(self.windows, "windows"), frozenset(self.holidays))

    def price(self, context: PricingContext) -> list[PricedLine]:
        whole = measures(context.usage, self.unit, self.pooling)
        parts = [self._parts(usage) for usage in context.usage]
        if self.pooling == "pooled":
            parts = [self._sum(parts)]
        return [
            line
            for measure, part in zip(whole, parts, strict=True)
            for line in self._lines(measure, part, context)
        ]

    def _parts(self, usage: AssetUsage) -> dict[str, Decimal]:
        """The quantity in each window, in the charge's unit. Raises PricingError."""
        found = None if usage.windows is None else usage.windows.get(self.code)
        if found is None:
            if usage.quantity:
                raise PricingError("no_windows", asset=usage.label, charge=self.code)
            found = {}
        known = {window.code for window in self.windows}
        if add(*found.values()) != usage.quantity or not known >= set(found):
            raise PricingError("windows_do_not_tile", asset=usage.label, charge=self.code)
        for quantity in found.values():
            if quantity < 0:
                raise PricingError(
                    "negative_usage", asset=usage.label, quantity=str(quantity)
                )  # fmt: skip
        return {code: in_unit(quantity, usage, self.unit) for code, quantity in found.items()}

    def _sum(self, parts: list[dict[str, Decimal]]) -> dict[str, Decimal]:
        return {
            window.code: add(*(part.get(window.code, Decimal(0)) for part in parts))
            for window in self.windows
        }

    def _lines(
        self, measure: Measure, parts: Mapping[str, Decimal], context: PricingContext
    ) -> list[PricedLine]:
        used = [number for number, window in enumerate(self.windows) if parts.get(window.code)]
        return [
            self._line(measure, number, parts, context, first=place == 0)
            for place, number in enumerate(used or [0])
        ]

    def _line(
        self,
        measure: Measure,
        number: int,
        parts: Mapping[str, Decimal],
        context: PricingContext,
        first: bool,
    ) -> PricedLine:
        window = self.windows[number]
        quantity = parts.get(window.code, Decimal(0))
        unit_price, how = self.indexed(window.unit_price, context)
        titles = {f"window_{key}": text for key, text in _both(window.title).items()}
        steps = (
            *(measure.steps if first else ()),
            step("window", quantity=quantity, unit=self.unit, **titles),
            *how,
            step("times", quantity=quantity, unit=self.unit, unit_price=unit_price,
                 amount=multiply(quantity, unit_price), currency=context.currency),
        )  # fmt: skip
        return self.line(
            context, steps, quantity=quantity, unit=self.unit, unit_price=unit_price,
            tier=number + 1, measure=measure, title=self._title(window),
        )  # fmt: skip

    def _title(self, window: Window) -> dict[str, str]:
        mine, its = _both(self.title), _both(window.title)
        return {key: f"{mine[key]}, {its[key]}" for key in ("de", "en")}


def _both(title: Mapping[str, str]) -> dict[str, str]:
    other = next(iter(title.values()))
    return {key: title.get(key, other) for key in ("de", "en")}
