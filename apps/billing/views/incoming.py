"""Pages of e-invoices from outside: the list, a new file, what it says, and the answer to it."""

from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.billing.domain.einvoice.document import Document
from apps.billing.domain.einvoice.reading import read_document
from apps.billing.domain.einvoice.safe_xml import MOST_FILE_BYTES, Unreadable
from apps.billing.forms import IncomingForm, RefusalForm
from apps.billing.models import IncomingAnswer, IncomingDocument
from apps.billing.operations.incoming import (
    NumberKnown,
    accept_document,
    match_document,
    read_file,
    receive_file,
    refuse_document,
)
from apps.billing.queries.comparing import compared
from apps.billing.queries.incoming import our_contracts, same_number
from apps.billing.tables_incoming import AnswerTable, IncomingTable
from apps.billing.wording_rules import in_words, rule_words
from apps.common.pages import Action, Empty, ListPage
from apps.tenancy.context import current_company

_MOST_LINES = 500


class IncomingFilters(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        choices=IncomingDocument.State.choices, empty_label=gettext_lazy("Every state")
    )
    rules = django_filters.ChoiceFilter(
        choices=[("wrong", gettext_lazy("with errors")), ("right", gettext_lazy("without errors"))],
        method="by_rules", label=gettext_lazy("Errors"),
        empty_label=gettext_lazy("With and without errors"),
    )  # fmt: skip
    match = django_filters.ChoiceFilter(
        choices=[("none", gettext_lazy("no contract yet")), ("some", gettext_lazy("matched"))],
        method="by_match", label=gettext_lazy("Match"),
        empty_label=gettext_lazy("Matched or not"),
    )  # fmt: skip

    def by_rules(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(error_count__gt=0) if value == "wrong" else rows.filter(error_count=0)

    def by_match(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(contract__isnull=value == "none")


class IncomingList(ListPage):
    model = IncomingDocument
    table_class = IncomingTable
    title = gettext_lazy("Received e-invoices")
    pretitle = gettext_lazy("Billing")
    search_fields = ("number", "sender_name", "file_name", "contract__title")
    search_hint = gettext_lazy("Search number or sender …")
    filterset_class = IncomingFilters
    export_name = "received-e-invoices"
    actions = (
        Action(
            "incoming_answers", gettext_lazy("Answers to ours"), "reply", "view_invoices", False
        ),
        Action("incoming_new", gettext_lazy("Upload"), "file-up", "receive_documents"),
    )
    empty = Empty(
        "inbox", gettext_lazy("No e-invoice received yet"),
        gettext_lazy("Upload an XML or a PDF with XML: it is checked by the rules of EN 16931, shown in "
                     "plain words and matched to its contract."),
        "incoming_new", gettext_lazy("Upload an e-invoice"), "receive_documents",
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Any]:
        return IncomingDocument.objects.select_related("contract").defer("findings", "reason")


class AnswerList(ListPage):
    """What other companies of the portal said to documents of ours that they received as files."""

    model = IncomingAnswer
    table_class = AnswerTable
    title = gettext_lazy("Answers to our e-invoices")
    pretitle = gettext_lazy("Received e-invoices")
    search_fields = ("number", "receiver_name")
    filter_fields = ("outcome",)
    export_name = "answers"
    empty = Empty(
        "reply", gettext_lazy("No answers yet"),
        gettext_lazy("When a partner with a portal accepts or refuses an e-invoice of yours, its answer "
                     "and reason stand here."),
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Any]:
        return IncomingAnswer.objects.exclude(author=current_company())


@require_http_methods(["GET", "POST"])
@requires("receive_documents")
def new_document(request: HttpRequest) -> HttpResponse:
    """Upload a file; one that is an e-invoice is stored, whatever the rules say of it."""
    form = IncomingForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        found = _received(request, form)
        if found is not None:
            return redirect("incoming_detail", found.public_id)
    status = 422 if request.method == "POST" else 200
    return render(request, "billing/incoming/new.html", {"form": form}, status=status)


def _received(request: HttpRequest, form: IncomingForm) -> IncomingDocument | None:
    file = form.cleaned_data["file"]
    try:
        found, new = receive_file(
            content=file.read(MOST_FILE_BYTES + 1), file_name=file.name, now=timezone.now(),
            actor=request.user,
        )  # fmt: skip
    except NumberKnown as problem:
        form.add_error("file", problem.messages[0])
        return None
    except Unreadable as problem:
        words = " ".join(filter(None, [rule_words(problem.rule), problem.text]))
        form.add_error("file", f"{words} ({problem.rule})")
        return None
    if not new:
        messages.info(request, _("This file was received already; nothing changes."))
    return found


@require_GET
@requires("view_invoices")
def incoming_detail(request: HttpRequest, incoming_id: UUID) -> HttpResponse:
    return _detail(request, _own(incoming_id), RefusalForm())


def _detail(
    request: HttpRequest, found: IncomingDocument, refusal: forms.Form, status: int = 200
) -> HttpResponse:  # fmt: skip
    """The document as it reads, its findings in words, and what can be done with it."""
    document, problem = _read(found)
    lines = document.lines if document else ()
    context = {
        "incoming": found, "document": document, "problem": problem, "refusal": refusal,
        "lines": lines[:_MOST_LINES], "more_lines": max(0, len(lines) - _MOST_LINES),
        "findings": in_words(found.findings), "twins": same_number(found),
        "contracts": our_contracts()[:500] if found.is_open else (),
        "compared": compared(document, found) if document else (),
    }  # fmt: skip
    return render(request, "billing/incoming/detail.html", context, status=status)


def _read(found: IncomingDocument) -> tuple[Document | None, str]:
    try:
        return read_document(read_file(found.xml_path, found.xml_sha256)), ""
    except ValidationError as problem:
        return None, " ".join(problem.messages)
    except Unreadable as problem:
        return None, rule_words(problem.rule)


def _own(incoming_id: UUID) -> IncomingDocument:
    rows = IncomingDocument.objects.select_related("contract", "invoice", "sender")
    found: IncomingDocument = get_object_or_404(rows, id=incoming_id)
    return found


@require_POST
@requires("receive_documents")
def accept(request: HttpRequest, incoming_id: UUID) -> HttpResponse:
    found = _own(incoming_id)
    try:
        accept_document(document=found, now=timezone.now(), actor=request.user)
        messages.success(request, _("Accepted."))
    except ValidationError as problem:
        messages.warning(request, " ".join(problem.messages))
    return redirect("incoming_detail", found.public_id)


@require_POST
@requires("receive_documents")
def refuse(request: HttpRequest, incoming_id: UUID) -> HttpResponse:
    """What was typed stays where the refusal is not taken."""
    found = _own(incoming_id)
    form = RefusalForm(request.POST)
    if form.is_valid():
        try:
            refuse_document(
                document=found, reason=form.cleaned_data["reason"], now=timezone.now(),
                actor=request.user,
            )  # fmt: skip
        except ValidationError as problem:
            form.add_error(None, ValidationError(problem.messages))
        else:
            messages.success(request, _("Refused. Tell the sender, unless it has a portal."))
            return redirect("incoming_detail", found.public_id)
    return _detail(request, found, form, status=422)


@require_POST
@requires("receive_documents")
def match(request: HttpRequest, incoming_id: UUID) -> HttpResponse:
    """Set or take away the contract it belongs to."""
    found = _own(incoming_id)
    field = forms.ModelChoiceField(our_contracts(), required=False, to_field_name="id")
    try:
        contract = field.clean(request.POST.get("contract", ""))
        match_document(document=found, contract=contract, now=timezone.now(), actor=request.user)
        messages.success(request, _("Matched.") if contract else _("The match is taken away."))
    except ValidationError as problem:
        messages.warning(request, " ".join(problem.messages))
    return redirect("incoming_detail", found.public_id)


@require_GET
@requires("view_invoices")
def download(request: HttpRequest, incoming_id: UUID) -> HttpResponse:
    """The file as it was received."""
    found = _own(incoming_id)
    try:
        content = read_file(found.path, found.sha256)
    except ValidationError as problem:
        messages.warning(request, " ".join(problem.messages))
        return redirect("incoming_detail", found.public_id)
    ending = "pdf" if found.format == IncomingDocument.Format.PDF else "xml"
    return _as_download(content, f"{found.public_id}.{ending}")


@require_GET
@requires("view_invoices")
def attachment(request: HttpRequest, incoming_id: UUID, position: int) -> HttpResponse:
    """A file that lies inside it, never opened in the browser: it comes from outside."""
    document, _problem = _read(_own(incoming_id))
    files = document.attachments if document else ()
    if not 1 <= position <= len(files) or not files[position - 1].content:
        raise Http404
    return _as_download(files[position - 1].content, f"attachment-{position}.bin")


def _as_download(content: bytes, name: str) -> HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"
    }  # fmt: skip
    return HttpResponse(content, content_type="application/octet-stream", headers=headers)
