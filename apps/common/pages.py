"""List pages: search, filters, sorting and pages in the address, CSV export, htmx partial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import django_filters
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from django_filters.conf import settings as filter_settings
from django_tables2 import RequestConfig

from apps.common import ids, navigation
from apps.common.rows import ReachPaginator
from apps.common.sides import ALL, sides_at
from apps.common.tables import Table, csv_text

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty list says, and its next step (a url name, shown to who has the capability, of
    companies whose business has one of the sides)."""

    icon: str
    title: Text
    text: Text = ""
    url_name: str = ""
    label: Text = ""
    capability: str = ""
    sides: frozenset[str] = ALL


@dataclass(frozen=True, slots=True)
class Action:
    """A button of the page's header; of companies whose business has one of the sides."""

    url_name: str
    label: Text
    icon: str = "plus"
    capability: str = ""
    primary: bool = True
    sides: frozenset[str] = ALL

    @property
    def url(self) -> str:
        return navigation.address(self.url_name)


class ListPage(TemplateView):
    """A list of one model.

    Subclasses name `model` (or override `get_queryset`), `table_class`, `title`, `empty`, and as
    wanted `search_fields` (looked up by icontains), `filter_fields` (or a whole `filterset_class`),
    `actions`, `intro_template` (shown above the table), `sides` (see ReachPaginator) and `annotate_rows(rows)`, which receives
    the records of the page shown, to attach what a query per row would cost.
    """

    template_name = "components/list_page.html"
    model: type[Model]
    table_class: type[Table]
    title: Text
    pretitle: Text = ""
    search_fields: Sequence[str] = ()
    search_hint: Text = _("Search …")
    filter_fields: Sequence[str] = ()
    filterset_class: type[django_filters.FilterSet] | None = None
    empty: Empty
    actions: Sequence[Action] = ()
    export_name: str = "list"
    intro_template: str = ""
    per_page: ClassVar[int] = 25

    def get_queryset(self) -> QuerySet[Any]:
        return self.model._default_manager.all()

    def sides(self) -> Sequence[Q]:
        """Conditions of which each row fulfils exactly one, each with an index in list order."""
        return ()

    def annotate_rows(self, rows: Sequence[Any]) -> None:
        """Attach to the shown records what their cells need."""

    def table_arguments(self) -> dict[str, Any]:
        """Further arguments of the table, such as {"exclude": ("customer",)}."""
        return {}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.filters = self._filters()
        self.found = self._searched(self._filtered())
        if request.GET.get("export") == "csv":
            return self._export()
        response = self.render_to_response(self.get_context_data(**kwargs))
        response.headers["Vary"] = "HX-Request, Cookie"
        return response

    def get_template_names(self) -> list[str]:
        htmx = getattr(self.request, "htmx", None)
        if htmx and htmx.target == "list" and not htmx.history_restore_request:
            return ["components/list.html"]
        return [self.template_name]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        table = self._table()
        paging = {
            "per_page": self.per_page, "paginator_class": ReachPaginator, "sides": self.sides(),
        }  # fmt: skip
        RequestConfig(self.request, paginate=paging).configure(table)
        self._prepare(table)
        return super().get_context_data(
            **kwargs, page=self, table=table, filters=self.filters, search=self.search_text,
            total=table.paginator.count, more=table.paginator.more,
            nothing_yet=self._nothing_yet(table.paginator.count),
            empty=self.empty, empty_url=self._empty_url(), export_query=self._export_query(),
            actions=[action for action in self.actions if self._offers(action)],
        )  # fmt: skip

    @property
    def search_text(self) -> str:
        return self.request.GET.get("q", "").replace("\0", "").strip()[:200]

    @property
    def narrowed(self) -> bool:
        """Whether a search or a filter hides rows."""
        names = set(self.filters.filters) if self.filters is not None else set()
        return bool(self.search_text) or any(self.request.GET.get(name) for name in names)

    def _filters(self) -> django_filters.FilterSet | None:
        filterset = self.filterset_class
        if filterset is None and self.filter_fields:
            meta = type("Meta", (), {"model": self.model, "fields": list(self.filter_fields)})
            filterset = type("Filters", (django_filters.FilterSet,), {"Meta": meta})
        if filterset is None:
            return None
        filters = filterset(self.request.GET, queryset=self.get_queryset(), request=self.request)
        for found in filters.filters.values():
            _name_the_empty_choice(found)
        return filters

    def _filtered(self) -> QuerySet[Any]:
        if self.filters is None:
            return self.get_queryset()
        return self.filters.qs if self.filters.is_valid() else self.filters.queryset.none()

    def _searched(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        text = self.search_text
        if not text or not self.search_fields:
            return rows
        condition = Q()
        for field in self.search_fields:
            condition |= Q(**{f"{field}__icontains": text})
        return rows.filter(condition | _named_by_id(rows.model, text))

    def _table(self) -> Table:
        arguments = self.table_arguments()
        return self.table_class(data=self.found, **arguments)

    def _prepare(self, table: Table) -> None:
        """Read the page's rows once and let the subclass attach what they need."""
        rows = table.paginated_rows
        self.annotate_rows([row.record for row in rows])

    def _nothing_yet(self, shown: int) -> bool:
        return not shown and not (self.narrowed and self.get_queryset().exists())

    def _empty_url(self) -> str:
        offered = self.empty.url_name and self._offers(self.empty)
        return navigation.address(self.empty.url_name) if offered else ""

    def _offers(self, step: Action | Empty) -> bool:
        """Whether this is the person's to do, and the company's."""
        own = sides_at(self.request)
        return self._may(step.capability) and not step.sides.isdisjoint(own)

    def _may(self, capability: str) -> bool:
        return not capability or capability in getattr(self.request, "capabilities", ())

    def _export_query(self) -> str:
        query = self.request.GET.copy()
        query.pop("page", None)
        query["export"] = "csv"
        return query.urlencode()

    def _export(self) -> HttpResponse:
        """The complete filtered list. Built at once: the company's context ends with the view."""
        table = self._table()
        RequestConfig(self.request, paginate=False).configure(table)
        return csv_response(csv_text(table), self.export_name)


def _name_the_empty_choice(found: django_filters.Filter) -> None:
    """“State: all” instead of dashes, unless the filter names it itself; labels in the reader's language."""
    found.label = gettext(str(found.label))
    if not isinstance(found, django_filters.ChoiceFilter | django_filters.ModelChoiceFilter):
        return
    dashes = filter_settings.EMPTY_CHOICE_LABEL
    if found.extra.get("empty_label", dashes) == dashes:
        label = gettext("%(field)s: all") % {"field": found.label}
        found.extra["empty_label"] = label


def csv_response(text: str, name: str) -> HttpResponse:
    """A CSV file to download."""
    headers: Mapping[str, str] = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=dict(headers))


def _named_by_id(model: type[Model], text: str) -> Q:
    """The record a pasted public id names."""
    prefix = getattr(model, "prefix", "")
    try:
        model._meta.get_field("id")
        return Q(pk=ids.decode(prefix, text.lower())) if prefix else Q(pk__in=[])
    except (ids.BadId, FieldDoesNotExist):
        return Q(pk__in=[])
