"""Columns of the portal's tables, and how the same cells are written to CSV.

A column shows a cell by `render` and exports it by `export`, a list of one or two texts under
`export_headers` (an amount and its currency, a quantity and its unit).
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import django_tables2
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django_tables2.utils import A as Accessor

from apps.common.cards import MOST_BESIDE, NOTHING
from apps.common.money import Money
from apps.common.quantity import canonical
from apps.common.rows import body_of
from apps.common.spreadsheets import sheet_text
from apps.common.templatetags import portal

NUMBER = {"td": {"class": "text-end number"}, "th": {"class": "text-end"}}
WHOLE = {"td": {"class": "whole"}}
# What only a broad screen has room for, or a card.
BROAD_NUMBER = {"td": {"class": "text-end number broad"}, "th": {"class": "text-end broad"}}
LOOK = "table table-vcenter card-table"


class Column(django_tables2.Column):
    """A plain cell."""

    def export_headers(self, header: str) -> list[str]:
        return [header]

    def export(self, value: Any, record: Any) -> list[str]:
        return ["" if value is None else str(value)]


class LinkColumn(Column):
    """A text that opens the record's page `url` (a url name that takes the public id).

    `id_of` says which object's id: an accessor such as `contract.public_id`.
    """

    def __init__(self, url: str, *args: Any, id_of: str = "public_id", **kwargs: Any) -> None:
        self.url, self.id_of = url, Accessor(id_of)
        super().__init__(*args, **kwargs)

    def render(self, value: Any, record: Any) -> str:
        target = self.id_of.resolve(record, quiet=True)
        if not target:
            return str(value)
        return format_html('<a href="{}">{}</a>', reverse(self.url, args=[target]), value)


class TwoLineColumn(LinkColumn):
    """A link with a second text below it, so that a wide table fits; exported as two cells.

    `below` gives the second text of a record, `below_code` what is exported of it.
    """

    def __init__(
        self, url: str, *args: Any, below: Callable[[Any], Any], below_name: Any,
        below_code: Callable[[Any], Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        self.below, self.below_name = below, below_name
        self.below_code = below_code or below
        super().__init__(url, *args, **kwargs)

    def render(self, value: Any, record: Any) -> str:
        first = super().render(value, record)
        return format_html('{}<div class="text-secondary">{}</div>', first, self.below(record))

    def export_headers(self, header: str) -> list[str]:
        return [header, str(self.below_name)]

    def export(self, value: Any, record: Any) -> list[str]:
        return [*super().export(value, record), str(self.below_code(record))]


class MoneyColumn(Column):
    """Minor units, right-aligned; the currency stands in the record under `currency`."""

    def __init__(self, *args: Any, currency: str = "currency", **kwargs: Any) -> None:
        self.currency = Accessor(currency)
        kwargs.setdefault("attrs", NUMBER)
        super().__init__(*args, **kwargs)

    def render(self, value: Any, record: Any) -> str:
        return portal.money(value, self.currency.resolve(record))

    def export_headers(self, header: str) -> list[str]:
        return [header, _("Currency")]

    def export(self, value: Any, record: Any) -> list[str]:
        currency = str(self.currency.resolve(record))
        if value is None:
            return ["", currency]
        money = value if isinstance(value, Money) else Money(int(value), currency)
        return [f"{money.to_decimal():f}", currency]


class SignedMoneyColumn(MoneyColumn):
    """A credit note's amounts with a minus, as the sums above the list count them."""

    def render(self, value: Any, record: Any) -> str:
        return super().render(value * record.sign, record)

    def export(self, value: Any, record: Any) -> list[str]:
        return super().export(value * record.sign, record)


class QuantityColumn(Column):
    """A decimal with its unit, right-aligned; the unit's code is an accessor or a fixed text."""

    def __init__(
        self, *args: Any, unit: str = "unit", fixed_unit: str | None = None, **kwargs: Any
    ) -> None:
        self.unit, self.fixed_unit = Accessor(unit), fixed_unit
        kwargs.setdefault("attrs", NUMBER)
        super().__init__(*args, **kwargs)

    def unit_of(self, record: Any) -> str:
        return self.fixed_unit if self.fixed_unit is not None else str(self.unit.resolve(record))

    def render(self, value: Any, record: Any) -> str:
        return portal.quantity(value, self.unit_of(record))

    def export_headers(self, header: str) -> list[str]:
        return [header, _("Unit")]

    def export(self, value: Any, record: Any) -> list[str]:
        number = "" if value is None else canonical(Decimal(value))
        return [number, portal.unit_symbol(self.unit_of(record))]


class NumberColumn(Column):
    """A count, right-aligned."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", NUMBER)
        super().__init__(*args, **kwargs)

    def render(self, value: Any) -> str:
        return portal.quantity(value)


class PillColumn(Column):
    """A state as a coloured pill; the text is the field's display value, or a given function's."""

    def __init__(
        self, *args: Any, label: Callable[[Any], str] | None = None, **kwargs: Any
    ) -> None:
        self.label = label
        super().__init__(*args, **kwargs)

    def label_of(self, value: Any, record: Any, name: str) -> str:
        if self.label is not None:
            return str(self.label(record))
        shown = getattr(record, f"get_{name}_display", None)
        return str(shown() if shown else value)

    def render(self, value: Any, record: Any, bound_column: Any) -> str:
        # `value` is the display text of a choice already; the pill's colour needs its code.
        state = bound_column.accessor.resolve(record, quiet=True)
        return portal.pill(state, str(self.label(record) if self.label is not None else value))


class InstantColumn(Column):
    """A moment in the reader's zone, UTC on hover; exported as ISO 8601 in UTC."""

    def render(self, value: datetime) -> str:
        return portal.instant(value)

    def export_headers(self, header: str) -> list[str]:
        return [f"{header} (UTC)"]

    def export(self, value: Any, record: Any) -> list[str]:
        return ["" if value is None else value.astimezone(UTC).isoformat()]


class DayColumn(Column):
    """A calendar day, on one line where the page is wide."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", WHOLE)
        super().__init__(*args, **kwargs)

    def render(self, value: Any) -> str:
        return portal.day(value)

    def export(self, value: Any, record: Any) -> list[str]:
        return ["" if value is None else value.isoformat()]


class SparklineColumn(Column):
    """A small line of numbers, oldest first; not exported."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("orderable", False)
        kwargs.setdefault("attrs", {"td": {"class": "w-sparkline"}})
        super().__init__(*args, **kwargs)

    def render(self, value: Any) -> str:
        return portal.sparkline(value)

    def export_headers(self, header: str) -> list[str]:
        return []

    def export(self, value: Any, record: Any) -> list[str]:
        return []


class Table(django_tables2.Table):
    """Base of the portal's tables; their look does not depend on how a subclass writes its Meta.

    A phone shows three columns beside each other; of a table with more, each row as a card.
    """

    class Meta:
        attrs = {"class": LOOK}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("template_name", "components/table.html")
        kwargs.setdefault("attrs", {"class": LOOK, **(self._meta.attrs or {})})
        kwargs.setdefault("default", NOTHING)
        super().__init__(*args, **kwargs)

    @property
    def body(self) -> SafeString:
        """The shown page's rows as HTML."""
        return body_of(self, self.head)

    @cached_property
    def head(self) -> str | None:
        """The column that heads a row's card: the one that opens its page, or else the first with
        a name. None where rows are no cards."""
        shown = [bound for bound in self.columns if bound.header]
        if len(shown) <= MOST_BESIDE:
            return None
        links = [bound for bound in shown if isinstance(bound.column, LinkColumn)]
        return str((links or shown)[0].name)

    @property
    def sorts(self) -> list[Any]:
        """The columns that rows can be sorted by."""
        return [bound for bound in self.columns if bound.orderable]


def csv_text(table: django_tables2.Table) -> str:
    """All rows of the table as CSV for spreadsheets: UTF-8 with a byte order mark."""
    return sheet_text([_headers(table), *map(_cells, table.rows)])


def _headers(table: django_tables2.Table) -> Iterable[str]:
    for bound in table.columns:
        header = str(bound.header)
        column = bound.column
        yield from column.export_headers(header) if isinstance(column, Column) else [header]


def _cells(row: Any) -> Iterable[str]:
    for bound in row.table.columns:
        value = bound.accessor.resolve(row.record, quiet=True)
        column = bound.column
        if isinstance(column, PillColumn):
            yield column.label_of(value, row.record, bound.accessor)
        elif isinstance(column, Column):
            yield from column.export(value, row.record)
        else:
            yield str(value)
