"""Pages of file imports: the list, a new file, its preview, and what became of it."""

from collections.abc import Iterable
from typing import Any, BinaryIO, cast
from urllib.parse import urlencode
from uuid import UUID

import django_filters
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.assets.models import Asset
from apps.common.ids import encode
from apps.common.pages import Action, Empty, ListPage, csv_response
from apps.common.spreadsheets import sheet_text
from apps.events.models import Job
from apps.telemetry.domain.mapping import BadFile, BadMapping, Row, from_dict, problem_text
from apps.telemetry.forms.files import ImportForm, UndoForm
from apps.telemetry.models import Channel, ImportProfile, ImportRun
from apps.telemetry.operations.import_undo import (
    UNDOABLE,
    UndoPreview,
    look_at_undo,
    start_undo,
)
from apps.telemetry.operations.imports import (
    MONTH_FULL,
    Preview,
    discard_upload,
    is_stuck,
    preview_import,
    source_of,
    start_import,
    upload_file,
)
from apps.telemetry.tables_imports import ImportTable

_SHOWN_PROBLEMS = 200
# More do not fit into an address.
MOST_ASSETS = 60
_COUNTS = ("accepted", "duplicates", "conflicts", "refused", "skipped")
KINDS = {
    "refused": gettext_lazy("refused"),
    "conflict": gettext_lazy("conflict"),
    "note": gettext_lazy("note"),
    "file": gettext_lazy("file"),
}


class ImportFilters(django_filters.FilterSet):
    """By state and by profile."""

    state = django_filters.ChoiceFilter(
        choices=ImportRun.State.choices,
        label=gettext_lazy("State"),
        empty_label=gettext_lazy("State: all"),
    )
    profile = django_filters.ModelChoiceFilter(
        queryset=ImportProfile.objects.all(),
        label=gettext_lazy("Profile"),
        empty_label=gettext_lazy("Profile: all"),
    )

    class Meta:
        model = ImportRun
        fields = ()


class ImportList(ListPage):
    """Files of readings that were uploaded."""

    model = ImportRun
    table_class = ImportTable
    title = gettext_lazy("File imports")
    pretitle = gettext_lazy("Data")
    search_fields = ("file_name", "profile__name", "uploaded_by")
    filterset_class = ImportFilters
    export_name = "imports"
    actions = (
        Action("profile_list", gettext_lazy("Profiles"), "file-cog", primary=False),
        Action("import_new", gettext_lazy("New import"), "file-up", "import_readings"),
    )
    empty = Empty(
        "file-up",
        gettext_lazy("No imports yet"),
        gettext_lazy("Readings from a file: look at every problem first, then take it in."),
        "import_new",
        gettext_lazy("Import a file"),
        "import_readings",
    )

    def get_queryset(self) -> Any:
        return ImportRun.objects.select_related("profile").defer("problems", "mapping")


@require_http_methods(["GET", "POST"])
@requires("import_readings")
def new_import(request: HttpRequest) -> HttpResponse:
    """Choose a profile and a file; a file that can be read is stored and shown."""
    form = ImportForm(request.POST or None, request.FILES or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        run = _uploaded(request, form)
        if run is not None:
            if run.state == ImportRun.State.UPLOADED:
                return redirect("import_preview", run.public_id)
            messages.info(request, _("This file was imported already; nothing changes."))
            return redirect("import_detail", run.public_id)
    context = {"form": form, "has_profiles": ImportProfile.objects.exists()}
    status = 422 if request.method == "POST" else 200
    return render(request, "telemetry/import_new.html", context, status=status)


def _uploaded(request: HttpRequest, form: ImportForm) -> ImportRun | None:
    file = form.cleaned_data["file"]
    try:
        with transaction.atomic():
            return upload_file(
                profile=form.cleaned_data["profile"],
                file=cast("BinaryIO", file.file),
                file_name=file.name,
                asset=form.cleaned_data["asset"],
                now=timezone.now(),
                actor=request.user,
            )
    except BadFile as error:
        field = "asset" if error.reason == "no_asset" else "file"
        form.add_error(field, sentence(error.reason, error.params))
    except BadMapping as error:
        for place, reason, params in error.problems:
            form.add_error("profile", f"{place}: {sentence(reason, params)}")
    except ValidationError as error:
        form.add_error(None, ValidationError(error.messages))
    return None


def sentence(reason: str, params: dict[str, Any]) -> str:
    """A reason in the reader's language."""
    return problem_text(reason, params, get_language() or "en")


@require_GET
@requires("import_readings")
def import_preview(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The first rows as they are read, every problem by line, and what an import would count."""
    run = get_object_or_404(ImportRun.objects.select_related("profile"), pk=run_id)
    if run.state != ImportRun.State.UPLOADED:
        return redirect("import_detail", run.public_id)
    try:
        preview = _preview(run)
    except (BadFile, FileNotFoundError) as error:
        reason, params = (
            (error.reason, error.params) if isinstance(error, BadFile) else ("file_gone", {})
        )
        messages.error(request, sentence(reason, params))
        return redirect("import_detail", run.public_id)
    mapping = from_dict(run.mapping)
    context = {
        "run": run,
        "preview": preview,
        "counts": preview.tally.counts,
        "mapping": mapping,
        "columns": mapping.columns,
        "rows": [_shown_row(row, mapping.columns) for row in preview.rows],
        "problems": _shown_entries(preview.tally.problems),
        "notes": _shown_entries([*run.problems, *preview.tally.notes]),
    }
    return render(request, "telemetry/import_preview.html", context)


def _preview(run: ImportRun) -> Preview:
    with default_storage.open(run.stored_as, "rb") as stream:
        return preview_import(
            mapping=from_dict(run.mapping),
            stream=cast("BinaryIO", stream),
            source=source_of(run.profile.name),
            now=timezone.now(),
        )


def _shown_row(row: Row, columns: Iterable[Any]) -> dict[str, Any]:
    values = {item.channel: item for item in row.items}
    first = next(iter(row.items), None)
    return {
        "line": row.line,
        "raw": row.raw,
        "asset": first.asset if first else "",
        "measured_at": first.measured_at if first else None,
        "interval_start": first.interval_start if first else None,
        "values": [values.get(rule.channel) for rule in columns],
    }


def _shown_entries(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**entry, "text": sentence(entry["reason"], entry["params"]), "label": KINDS[entry["kind"]]}
        for entry in entries[:_SHOWN_PROBLEMS]
    ]


@require_POST
@requires("import_readings")
def run_file(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Let a worker take the file in."""
    run = get_object_or_404(ImportRun, pk=run_id)
    run = start_import(run=run, now=timezone.now(), actor=request.user)
    return redirect("import_detail", run.public_id)


@require_POST
@requires("import_readings")
def dispose_of_file(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Forget a file that was not started."""
    run = get_object_or_404(ImportRun, pk=run_id)
    try:
        discard_upload(run=run)
        messages.success(request, _("The file is discarded; nothing was stored."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("import_list")


@require_http_methods(["GET", "POST"])
@requires("judge_readings")
def undo(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Ask before what a file brought is withdrawn: how many readings of which channels, and why."""
    run = get_object_or_404(ImportRun.objects.select_related("profile"), pk=run_id)
    if run.state not in (*UNDOABLE, ImportRun.State.UNDOING):
        return redirect("import_detail", run.public_id)
    form = UndoForm(request.POST or None)
    if request.method == "POST" and _undone(request, run, form):
        return redirect("import_detail", run.public_id)
    try:
        preview = look_at_undo(run=run, now=timezone.now())
    except BadFile as error:
        messages.error(request, sentence(error.reason, error.params))
        return redirect("import_detail", run.public_id)
    context = {"run": run, "form": form, "preview": preview, **_shown_undo(preview)}
    status = 422 if request.method == "POST" else 200
    return render(request, "telemetry/import_undo.html", context, status=status)


def _undone(request: HttpRequest, run: ImportRun, form: UndoForm) -> bool:
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    if not reason and run.state != ImportRun.State.UNDOING:
        return False
    start_undo(run=run, reason=reason, now=timezone.now(), actor=request.user)
    return True


def _shown_undo(preview: UndoPreview) -> dict[str, Any]:
    """By channel what goes, and the assets and days that usage may have been billed of."""
    channels = Channel.objects.in_bulk(preview.channels)
    rows = [(channels[key], item) for key, item in preview.channels.items() if key in channels]
    rows.sort(key=lambda row: (row[0].asset_label, row[0].code))
    assets = sorted({encode(Asset.prefix, row.asset_id) for row, _item in rows})
    spans = [item for _row, item in rows]
    touched = {
        "first": min(item.first for item in spans).isoformat(),
        "last": max(item.last for item in spans).isoformat(),
        "asset": assets if len(assets) <= MOST_ASSETS else [],
        "channel": sorted({row.code for row, _item in rows}),
    } if spans else {}  # fmt: skip
    return {"rows": rows[:_SHOWN_PROBLEMS], "touched": urlencode(touched, doseq=True)}


@require_GET
@requires("view_readings")
def import_detail(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """How far an import is and what became of its rows."""
    run = get_object_or_404(ImportRun.objects.select_related("profile"), pk=run_id)
    job = Job.objects.filter(pk=run.job_id).first() if run.job_id else None
    context = {
        "run": run,
        "job": job,
        "counts": {"rows": run.rows_done, **{name: getattr(run, name) for name in _COUNTS}},
        "entries": _shown_entries(run.problems),
        "more": len(run.problems) > _SHOWN_PROBLEMS,
        "stuck": run.state == ImportRun.State.RUNNING and (job is None or job.state == "parked"),
        "full": run.state == ImportRun.State.FAILED and run.error == MONTH_FULL,
        "undoable": run.state in UNDOABLE and run.accepted > 0,
        "undo_stuck": run.state == ImportRun.State.UNDOING and is_stuck(run),
        "error_text": sentence(run.error, _error_params(run)) if run.error else "",
    }
    return render(request, "telemetry/import_detail.html", context)


def _error_params(run: ImportRun) -> dict[str, Any]:
    return next((entry["params"] for entry in run.problems if entry["kind"] == "file"), {})


@require_GET
@requires("view_readings")
def import_problems(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The kept problems of an import as a CSV file."""
    run = get_object_or_404(ImportRun, pk=run_id)
    head = (_("line"), _("column"), _("kind"), _("reason"), _("explanation"))
    rows = [
        (entry["line"], entry["column"], KINDS[entry["kind"]], entry["reason"],
         sentence(entry["reason"], entry["params"]))
        for entry in run.problems
    ]  # fmt: skip
    return csv_response(sheet_text([head, *rows]), f"problems-{run.public_id}")
