"""Rows of a table page: found by their keys first, counted within reach, written as text at once.

django-tables2 keeps sorting, paging and columns; it would ask each cell anew what its renderer
takes and each field whether it has choices. Here both are asked once a page.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import django_tables2
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Page, Paginator
from django.db.models import Model, Q, QuerySet
from django.utils.formats import localize
from django.utils.functional import cached_property
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django_tables2.rows import BoundRows
from django_tables2.utils import A as Accessor
from django_tables2.utils import signature

from apps.common.cards import is_empty, marks

COUNTED = 1_000
FARTHEST = 1_000_000
MOST_PER_PAGE = 200


class ReachPaginator(Paginator):
    """Pages of a table's rows whose cost does not grow with the rows beyond reach.

    Counts COUNTED rows, or as many as the asked page needs for a next one; `more` says that there
    are further rows. A page's keys are found first, so that only its own rows are joined.

    `sides` are conditions of which each row fulfils exactly one and each has an index in the
    rows' usual order: one alone is read from there, where all together would be sorted.
    """

    reach = COUNTED
    more = False

    def __init__(self, rows: Any, per_page: int, sides: Sequence[Q] = (), **options: Any) -> None:
        self.sides = sides or (Q(),)
        super().__init__(rows, max(1, min(per_page, MOST_PER_PAGE)), **options)

    def validate_number(self, number: Any) -> int:
        wanted = str(number)
        if wanted.isascii() and wanted.isdigit() and len(wanted) < len(str(FARTHEST)):
            self.reach = max(COUNTED, min((int(wanted) + 2) * self.per_page, FARTHEST))
        return super().validate_number(number)

    @cached_property
    def count(self) -> int:
        rows = self._queryset()
        if rows is None:
            return len(self.object_list)
        # Sides are read from their index; without an order the planner may look through all rows.
        order = rows.model._meta.ordering if len(self.sides) > 1 else ()
        found = _together(rows.order_by(*order), self.sides, self.reach + 1).count()
        self.more = found > self.reach
        return min(found, self.reach)

    def page(self, number: Any) -> Page:
        rows = self._queryset()
        if rows is None:
            return super().page(number)
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        near = rows
        if len(self.sides) > 1:
            near = rows.filter(pk__in=_together(rows, self.sides, start + self.per_page))
        keys = near.values("pk")[start : start + self.per_page]
        found = BoundRows(data=rows.filter(pk__in=keys), table=self.object_list.table)  # type: ignore[attr-defined]
        return Page(found, number, self)

    def _queryset(self) -> "QuerySet[Any] | None":
        rows = getattr(self.object_list.data, "data", None)  # type: ignore[attr-defined]
        return rows if isinstance(rows, QuerySet) else None


def _together(rows: QuerySet[Any], sides: Sequence[Q], most: int) -> QuerySet[Any]:
    """The keys of the first `most` rows of each side."""
    first, *others = [rows.filter(side).values("pk")[:most] for side in sides]
    return first.union(*others, all=True) if others else first


class Cells:
    """One column's cells of one page: `<td>` with what the column renders.

    `head` names the column that heads a row's card; None where rows are no cards.
    """

    def __init__(self, bound: Any, head: str | None) -> None:
        self.bound, self.accessor = bound, Accessor(bound.accessor)
        own = bound.attrs["td"].as_html()
        self.opening = self.empty = f"<td {own}>"
        if head is not None:
            label, is_head = str(bound.header), bound.name == head
            self.opening = f"<td {own}{marks(label, 'x', is_head=is_head)}>"
            self.empty = f"<td {own}{marks(label, '', is_head=is_head)}>"
        self.wanted, self.takes_all = signature(bound.render)
        self._texts: dict[Any, str] | None = None

    def text(self, row: Any) -> str:
        value = self._value(row.record)
        if value in self.bound.column.empty_values:
            shown = self.bound.default
        else:
            shown = self._rendered(row, value)
        if not isinstance(shown, str):
            shown = localize(shown)
        shown = conditional_escape(shown)
        return f"{self.empty if is_empty(shown) else self.opening}{shown}</td>"

    def _rendered(self, row: Any, value: Any) -> Any:
        given = {
            "value": value, "record": row.record, "bound_row": row, "bound_column": self.bound,
            "column": self.bound.column, "table": row.table,
        }  # fmt: skip
        wanted = given if self.takes_all else {name: given[name] for name in self.wanted}
        shown = self.bound.render(**wanted)
        return self.bound.link(shown, **given) if self.bound.link else shown

    def _value(self, record: Any) -> Any:
        if self._texts is None:
            self._texts = _texts_of(self.accessor, record)
        value = self.accessor.resolve(record, quiet=True)
        return self._texts.get(value, value) if self._texts else value


def _texts_of(accessor: Any, record: Any) -> dict[Any, str]:
    """What a field with choices shows for each of its values; nothing for any other cell."""
    holder, name = accessor.penultimate(record, quiet=True)
    if not isinstance(holder, Model) or not hasattr(holder, f"get_{name}_display"):
        return {}
    try:
        choices = getattr(accessor.get_field(record), "flatchoices", None)
    except FieldDoesNotExist:
        return {}
    return {value: str(text) for value, text in choices or ()}


def body_of(table: django_tables2.Table, head: str | None = None) -> SafeString:
    """All rows of the shown page as `<tr>` elements, every value escaped.

    `head` names the column that heads a row's card; None where rows are no cards.
    """
    return mark_safe("\n".join(_rows(table, head)))  # noqa: S308 (cells are escaped one by one)


def _rows(table: django_tables2.Table, head: str | None) -> Iterator[str]:
    columns = [Cells(bound, head) for bound in table.columns]
    role = "" if head is None else ' role="row"'
    for row in table.paginated_rows:
        cells = "".join([column.text(row) for column in columns])
        yield f"<tr {row.attrs.as_html()}{role}>{cells}</tr>"
