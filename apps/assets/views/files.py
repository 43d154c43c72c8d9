"""The page that takes assets from a CSV file: look first, then store all of it or nothing."""

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
from apps.assets.domain.asset_file import COLUMNS, MOST_BYTES, BadAssetFile, decode
from apps.assets.forms.things import AssetFileForm
from apps.assets.operations import AssetPlan, import_assets, plan_asset_import
from apps.common.pages import csv_response
from apps.common.spreadsheets import sheet_text
from apps.tenancy.queries import known_companies

_SHOWN_LINES = 200


def file_reason(error: BadAssetFile) -> str:
    """Why the file as a whole cannot be read."""
    texts = {
        "empty": _("The file is empty."),
        "binary": _("This is no text file. Export the list as CSV."),
        "not_utf8": _("Line %(line)s is not encoded as UTF-8. Save the file as CSV UTF-8."),
        "too_large": _("The file has more than %(most)s bytes."),
        "too_many_rows": _("The file has more than %(most)s lines."),
        "bad_quotes": _("Line %(line)s: the quotes do not close."),
        "unknown_column": _("The column “%(column)s” is not known. Known are: %(known)s."),
        "double_column": _("The column “%(column)s” stands twice in the header."),
        "missing_column": _("The column “%(column)s” is missing in the header."),
    }
    return texts[error.reason] % error.params


def line_reason(reason: str, params: dict[str, str]) -> str:
    """What is wrong with a line."""
    texts = {
        "needed": _("is missing"),
        "bad_text": _("is longer than %(longest)s characters or holds control characters"),
        "twice": _("is the same as in line %(line)s"),
        "bad_day": _("“%(value)s” is no date such as 2026-03-01"),
        "unknown_type": _("there is no asset type “%(value)s”"),
        "unknown_company": _("“%(value)s” is not the address of one of your partners"),
        "other_width": _("%(found)s cells instead of %(expected)s"),
    }
    return texts[reason] % params


@require_http_methods(["GET", "POST"])
@requires("manage_assets")
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
        plan = plan_asset_import(text=text)
    except BadAssetFile as error:
        form.add_error("file", file_reason(error))
        return _page(request, form, status=422)
    return _page(request, form, text=text, plan=plan)


def _store(request: HttpRequest, text: str) -> HttpResponse:
    form = AssetFileForm()
    try:
        with transaction.atomic():
            plan = import_assets(text=text, now=timezone.now(), actor=request.user)
    except BadAssetFile as error:
        messages.error(request, file_reason(error))
        return _page(request, form, status=422)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _page(request, form, text=text, plan=plan_asset_import(text=text), status=422)
    made = ngettext("%(n)s asset registered", "%(n)s assets registered", len(plan.new))
    messages.success(
        request,
        made % {"n": len(plan.new)}
        + ", "
        + _("%(changed)s changed, %(same)s unchanged.")
        % {"changed": len(plan.changed), "same": plan.unchanged},
    )
    return redirect("asset_list")


def _page(
    request: HttpRequest,
    form: AssetFileForm,
    *,
    text: str = "",
    plan: AssetPlan | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "columns": COLUMNS, "text": text, "plan": plan}
    if plan is not None:
        context["rows"] = [
            ([row.cells.get(name, "") for name in COLUMNS], row.line)
            for row in plan.lines[:_SHOWN_LINES]
        ]
        context["problems"] = [
            (row.line, column, line_reason(reason, params))
            for row in plan.lines for column, reason, params in row.problems
        ]  # fmt: skip
    return render(request, "assets/asset_import.html", context, status=status)


@require_GET
@requires("manage_assets")
def template_file(request: HttpRequest) -> HttpResponse:
    """An empty CSV file with the header and the addresses of the partners as a hint."""
    own = request.company.slug  # type: ignore[attr-defined]
    other = known_companies().exclude(slug=own).first()
    example = [
        _("Name of an asset type"), _("Press 1"), "SN-0001", _("Hall 2"), "", own, own,
        other.slug if other else "", "2026-01-31",
    ]  # fmt: skip
    return csv_response(sheet_text([COLUMNS, example]), "assets-template")
