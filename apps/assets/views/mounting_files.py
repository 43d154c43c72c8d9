"""The page that takes mountings from a CSV file: look first, then store all of it or nothing."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.access import requires
from apps.assets.domain.asset_file import MOST_BYTES, BadAssetFile, decode
from apps.assets.domain.mounting_file import MOUNTING_COLUMNS
from apps.assets.forms.things import AssetFileForm
from apps.assets.operations import MountingPlan, import_mountings, plan_mounting_import
from apps.assets.views.files import file_reason, line_reason
from apps.common.pages import csv_response
from apps.common.spreadsheets import sheet_text

_SHOWN_LINES = 200


def mounting_reason(reason: str, params: dict[str, str]) -> str:
    """What is wrong with a line of mountings."""
    texts = {
        "refused": "%(why)s",
        "bad_instant": _("“%(value)s” is no time such as 2026-03-01T08:30:00+01:00"),
        "bad_number": _("“%(value)s” is no number"),
        "unknown_component": _("no component of yours has the serial number “%(value)s”"),
        "unknown_host": _("you may mount on no asset with the serial number “%(value)s”"),
    }
    return texts[reason] % params if reason in texts else line_reason(reason, params)


@require_http_methods(["GET", "POST"])
@requires("mount_components")
def import_file(request: HttpRequest) -> HttpResponse:
    """Choose a file, see what it would do, store it."""
    if request.method == "GET":
        return _page(request, AssetFileForm())
    if "text" in request.POST:
        return _store(request, request.POST["text"])
    form = AssetFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    content = form.cleaned_data["file"].read(MOST_BYTES + 1)
    try:
        text = decode(content)
        plan = plan_mounting_import(text=text, now=timezone.now())
    except BadAssetFile as error:
        form.add_error("file", file_reason(error))
        return _page(request, form, status=422)
    return _page(request, form, text=text, plan=plan)


def _store(request: HttpRequest, text: str) -> HttpResponse:
    form, now = AssetFileForm(), timezone.now()
    try:
        with transaction.atomic():
            plan = import_mountings(text=text, now=now, actor=request.user)
    except BadAssetFile as error:
        messages.error(request, file_reason(error))
        return _page(request, form, status=422)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        plan = plan_mounting_import(text=text, now=now)
        return _page(request, form, text=text, plan=plan, status=422)
    made = ngettext("%(n)s mounting recorded", "%(n)s mountings recorded", plan.mounted)
    rest = _("%(ended)s ended, %(same)s unchanged.")
    messages.success(
        request,
        f"{made % {'n': plan.mounted}}, "
        f"{rest % {'ended': plan.dismounted, 'same': plan.unchanged}}",
    )
    return redirect("asset_list")


def _page(
    request: HttpRequest, form: AssetFileForm, *, text: str = "", plan: MountingPlan | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    context: dict[str, Any] = {
        "form": form, "columns": MOUNTING_COLUMNS, "text": text, "plan": plan,
    }  # fmt: skip
    if plan is not None:
        context["rows"] = [
            ([row.cell(name) for name in MOUNTING_COLUMNS], row.cells.line)
            for row in plan.lines[:_SHOWN_LINES]
        ]
        context["problems"] = [
            (row.cells.line, column, mounting_reason(reason, params))
            for row in plan.lines for column, reason, params in row.problems
        ]  # fmt: skip
    return render(request, "assets/mounting_import.html", context, status=status)


@require_GET
@requires("mount_components")
def template_file(request: HttpRequest) -> HttpResponse:
    """A CSV file with the header and one line as a hint."""
    example = ["TIRE-0001", "TRUCK-01", "FL", "2026-03-01T08:30:00+01:00", "412300.5", "", "", ""]
    return csv_response(sheet_text([MOUNTING_COLUMNS, example]), "mountings-template")
