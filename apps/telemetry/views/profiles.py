"""Pages of import profiles."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.access import Lacking, requires
from apps.common.pages import Action, Empty, ListPage
from apps.telemetry.forms.imports import (
    PREFIX,
    ColumnForm,
    ColumnFormSet,
    ProfileForm,
    column_initial,
    profile_initial,
)
from apps.telemetry.models import ImportProfile
from apps.telemetry.operations.imports import save_profile
from apps.telemetry.tables_imports import ProfileTable

_MOST_ROWS = 100


class ProfileList(ListPage):
    """How files are read."""

    model = ImportProfile
    table_class = ProfileTable
    title = gettext_lazy("Import profiles")
    pretitle = gettext_lazy("File imports")
    search_fields = ("name",)
    export_name = "import-profiles"
    actions = (Action("profile_new", gettext_lazy("New profile"), capability="import_readings"),)
    empty = Empty(
        "file-cog",
        gettext_lazy("No profiles yet"),
        gettext_lazy("A profile says once how a kind of file is read."),
        "profile_new",
        gettext_lazy("Make a profile"),
        "import_readings",
    )

    def get_queryset(self) -> Any:
        return ImportProfile.objects.annotate(run_count=Count("runs"))


@require_http_methods(["GET", "POST"])
@requires("import_readings")
def new_profile(request: HttpRequest) -> HttpResponse:
    """Say how a kind of file is read."""
    form = ProfileForm(request.POST or None)
    columns = ColumnFormSet(request.POST or None, prefix=PREFIX)
    columns.extra = 0 if request.method == "POST" else 1
    return _answer(request, form, columns, None)


@require_http_methods(["GET", "POST"])
@requires("view_readings")
def edit_profile(request: HttpRequest, profile_id: UUID) -> HttpResponse:
    """See how a kind of file is read, and change it; finished imports stay as they are."""
    if request.method == "POST" and "import_readings" not in request.capabilities:  # type: ignore[attr-defined]
        raise Lacking("import_readings")
    profile = get_object_or_404(ImportProfile, pk=profile_id)
    form = ProfileForm(request.POST or None, initial=profile_initial(profile))
    columns = ColumnFormSet(request.POST or None, prefix=PREFIX, initial=column_initial(profile))
    return _answer(request, form, columns, profile)


def _answer(
    request: HttpRequest, form: ProfileForm, columns: Any, profile: ImportProfile | None
) -> HttpResponse:
    if request.method == "POST" and form.is_valid() & columns.is_valid():
        saved = _saved(form, columns, profile)
        if saved is not None:
            messages.success(request, _("The profile %(name)s is saved.") % {"name": saved.name})
            return redirect(f"{reverse('import_new')}?profile={saved.pk}")
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "columns": columns, "profile": profile}
    return render(request, "telemetry/import_profile.html", context, status=status)


def _saved(form: ProfileForm, columns: Any, profile: ImportProfile | None) -> ImportProfile | None:
    mapping = form.mapping(columns.rules())
    if not form.judge(mapping):
        return None
    try:
        return save_profile(
            name=form.cleaned_data["name"], mapping=mapping, now=timezone.now(), profile=profile
        )
    except ValidationError as error:
        form.add_error(None, error)
        return None


@require_GET
@requires("import_readings")
def column_row(request: HttpRequest) -> HttpResponse:
    """One more empty row of columns for the form."""
    try:
        index = min(max(int(request.GET.get(f"{PREFIX}-TOTAL_FORMS", "0")), 0), _MOST_ROWS)
    except ValueError:
        index = 0
    form = ColumnForm(prefix=f"{PREFIX}-{index}")
    ColumnFormSet(prefix=PREFIX).add_fields(form, index)
    context = {"form": form, "next": index + 1, "prefix": PREFIX, "full": index >= _MOST_ROWS}
    return render(request, "telemetry/import_column_added.html", context)
