"""The console's site, its dashboard, and the base of its lists."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.sites import UnfoldAdminSite

from apps.accounts.addresses import local_path
from apps.accounts.confirming import confirmed
from apps.accounts.middleware import SESSION_ROOT
from apps.accounts.queries import root_stands
from apps.console.admin.dashboard import dashboard
from apps.console.navigation import title_of
from apps.console.operations import note_act

ENTERED = "entered_console"
View = Callable[..., HttpResponseBase]


def column(name: str, title: Any, *, order: str | None = "") -> Any:
    """A column or fact of a row's own field under a title people know, sorted by the field.

    `order` names the field to sort by of what is no field itself; None: it is not sorted.
    """

    @display(description=title, ordering=name if order == "" else order, empty_value="–")
    def shown(self: Any, row: Any) -> Any:
        value = getattr(row, name)
        return _shown(value() if callable(value) else value)

    return shown


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        shown = date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
        return shown.replace(" ", "\xa0")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return None if value == "" else value


class ConsoleSite(UnfoldAdminSite):
    """Only staff, only here, while the sign-in they came from stands."""

    site_header = site_title = _("Peruse console")
    index_title = _("Platform")
    index_template = "console/dashboard.html"

    def has_permission(self, request: HttpRequest) -> bool:
        person = request.user
        if not (person.is_active and getattr(person, "is_staff", False)):
            return False
        return root_stands(request.session.get(SESSION_ROOT, ""), timezone.now())

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Every page; the first one of a session leaves a row in the operator's audit."""
        shown = super().admin_view(view, cacheable)

        @wraps(shown)
        def noted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if ENTERED not in request.session and self.has_permission(request):
                request.session[ENTERED] = True
                note_act(action="console.entered", by=request.user, now=timezone.now())
            return shown(request, *args, **kwargs)

        return noted

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """No password is typed here; the sign-in host sends the person back with a code."""
        wanted = urlencode({"path": local_path(request.GET.get("next"))})
        return redirect(f"{reverse('enter_start')}?{wanted}")

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        shown = dashboard(timezone.now()) if self.has_permission(request) else {}
        return super().index(request, {**(extra_context or {}), **shown})


site = ConsoleSite(name="admin")


class ReadOnly(ModelAdmin):
    """Shows, never edits: acts are forms of their own, each audited.

    `acts` are (path after the object's address, name of the method): `method(request, row) -> text`
    does it on POST and says what was done; a ValidationError is said instead. `pages` are of the same
    shape, for GET: `method(request, row) -> response`.
    """

    list_per_page = 50
    show_full_result_count = False
    acts: tuple[tuple[str, str], ...] = ()
    pages: tuple[tuple[str, str], ...] = ()
    # Of these the acts and pages before which the operator shows anew who they are.
    asking: frozenset[str] = frozenset()
    # Where an act leads that is refused, after the object's address.
    refused_to = "change"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Under the name that the side bar has for it; Django's says “Select … to view”."""
        name = title_of(request)
        shown: HttpResponse = super().changelist_view(
            request, {**({"title": name} if name else {}), **(extra_context or {})}
        )
        return shown

    def get_actions(self, request: HttpRequest) -> Any:
        """Unfold shows actions only to who may change rows; these change none by hand."""
        return super(ModelAdmin, self).get_actions(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All of `fields`: some of them are columns."""
        return tuple(self.fields or ())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        manager = getattr(self.model, "all_parties", self.model._default_manager)
        rows = manager.all()
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_urls(self) -> list[URLPattern]:
        own = [self._url(noun, self._act(getattr(self, name))) for noun, name in self.acts]
        own += [self._url(noun, self._page(getattr(self, name))) for noun, name in self.pages]
        return [*own, *super().get_urls()]

    def _url(self, noun: str, view: View) -> URLPattern:
        shown = confirmed(view) if noun in self.asking else view
        name = f"{self.opts.app_label}_{self.opts.model_name}_{noun}"
        return path(f"<path:object_id>/{noun}/", self.admin_site.admin_view(shown), name=name)

    def _page(self, page: Callable[[HttpRequest, Any], HttpResponse]) -> View:
        @wraps(page)
        def view(request: HttpRequest, object_id: str) -> HttpResponseBase:
            if request.method not in ("GET", "HEAD"):
                return HttpResponseNotAllowed(["GET", "HEAD"])
            row = self.get_object(request, object_id)
            if row is None:
                raise Http404
            return page(request, row)

        return view

    def _act(self, act: Callable[[HttpRequest, Any], str | HttpResponse]) -> View:
        @wraps(act)
        def view(request: HttpRequest, object_id: str) -> HttpResponseBase:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            row = self.get_object(request, object_id)
            if row is None:
                raise Http404
            try:
                done = act(request, row)
            except ValidationError as refusal:
                messages.error(request, " ".join(refusal.messages))
                return redirect(f"../{self.refused_to}/")
            if isinstance(done, HttpResponse):
                return done
            messages.success(request, done)
            return redirect("../change/")

        return view
