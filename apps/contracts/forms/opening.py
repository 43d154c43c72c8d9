"""Opening balances as fields of a contract's terms: a line for each charge or open item."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.common.forms import DateInput, point
from apps.common.money import CURRENCIES, minor_digits
from apps.common.quantity import BadValue, canonical, parse_decimal
from apps.contracts.domain.opening import OpeningBalances, OpenItem

Value = TypeVar("Value")


def _lines(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


class OpeningFields(forms.Form):
    """All empty: the contract begins here."""

    opening_year_from = forms.DateField(
        label=_("Contract year under way since"), widget=DateInput, required=False,
        help_text=_("Where a minimum per contract year began before the first day."),
    )  # fmt: skip
    opening_charged = _lines(
        _("Charged before in this contract year"),
        _("A line each: name of the charge; net amount. It counts towards the yearly minimum."),
    )
    opening_included = _lines(
        _("Used of the first period's included quantity"),
        _("A line each: name of the charge; quantity."),
    )
    opening_items = _lines(
        _("Open items from before"),
        _("A line each: invoice number; due date as 2026-09-30; open amount."),
    )

    @property
    def has_opening(self) -> bool:
        """Whether something was entered or is wrong, so that the fields are shown."""
        names = ("opening_year_from", "opening_charged", "opening_included", "opening_items")
        return any(self[name].errors or self[name].value() for name in names)

    def opening(self) -> OpeningBalances:
        found: OpeningBalances = self.cleaned_data["opening"]
        return found

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        currency = str(cleaned.get("currency") or "EUR")
        cleaned["opening"] = OpeningBalances(
            cleaned.get("opening_year_from"),
            dict(self._read("opening_charged", 2, lambda row: (row[0], _minor(row[1], currency)))),
            dict(self._read("opening_included", 2, lambda row: (row[0], _number(row[1])))),
            tuple(self._read("opening_items", 3, lambda row: OpenItem(
                row[0][:60], date.fromisoformat(row[1]), _minor(row[2], currency)
            ))),
        )  # fmt: skip
        return cleaned

    def _read(self, name: str, width: int, take: Callable[[list[str]], Value]) -> Iterator[Value]:
        for number, line in enumerate(str(self.cleaned_data.get(name, "")).splitlines(), start=1):
            cells = [cell.strip() for cell in line.split(";")]
            if not any(cells):
                continue
            try:
                if len(cells) != width or not cells[0]:
                    raise ValueError(line)
                yield take(cells)
            except ValueError:
                text = _("Line %(line)s cannot be read.") % {"line": number}
                self.add_error(name, text)


def _number(text: str) -> Decimal:
    value = parse_decimal(point(text))
    if value < 0:
        raise BadValue("negative")
    return value


def _minor(text: str, currency: str) -> int:
    value = _number(text).scaleb(minor_digits(currency) if currency in CURRENCIES else 2)
    if value != value.to_integral_value():
        raise BadValue("too_precise")
    return int(value)


def opening_initial(
    opening: OpeningBalances, currency: str, titles: Mapping[str, str]
) -> dict[str, Any]:
    """The fields of a stored contract; `titles`: of its charges by code."""

    def money(minor: int) -> str:
        return canonical(Decimal(minor).scaleb(-minor_digits(currency)))

    return {
        "opening_year_from": opening.year_from,
        "opening_charged": _text(
            (titles.get(code, code), money(net)) for code, net in opening.charged.items()
        ),
        "opening_included": _text(
            (titles.get(code, code), canonical(used))
            for code, used in opening.included_used.items()
        ),
        "opening_items": _text(
            (item.number, item.due_on.isoformat(), money(item.open_minor))
            for item in opening.open_items
        ),
    }


def _text(rows: Any) -> str:
    return "\n".join("; ".join(row) for row in rows)
