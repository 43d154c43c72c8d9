"""Statements of partners: the list of both sides, what waits for issue, one with its source lines."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.access import requires
from apps.billing.models import DocumentFile
from apps.billing.operations.stored import read_stored
from apps.common.navigation import SELLS
from apps.common.pages import Action, Empty, ListPage
from apps.common.period import local_date
from apps.events.operations import enqueue
from apps.settlement.forms import ObjectionAnswerForm, ObjectionForm
from apps.settlement.models import Statement
from apps.settlement.operations import (
    answer_objection,
    object_to_statement,
    plan_statements,
)
from apps.settlement.queries.statements import lines_of, statements_seen
from apps.settlement.tables import StatementTable
from apps.tenancy.context import current_company

MIME = {"pdf": "application/pdf", "xml": "application/xml; charset=utf-8"}
_SHOWN_LINES = 500


class StatementList(ListPage):
    """Statements the company issued or received; as CSV too."""

    model = Statement
    table_class = StatementTable
    title = gettext_lazy("Statements")
    search_fields = ("number", "partner_name", "owner_name", "contract_title")
    filter_fields = ("kind",)
    export_name = "statements"
    actions = (
        Action(
            "statement_new",
            gettext_lazy("Issue statements"),
            capability="issue_invoices",
            sides=SELLS,
        ),
    )
    empty = Empty(
        "file-text", gettext_lazy("No statements yet"),
        gettext_lazy("A statement says what a partner gets of a period. Under a self-billing agreement it is the partner's invoice."),
        "agreement_list", gettext_lazy("Self-billing agreements"), "view_money",
    )  # fmt: skip

    def get_queryset(self) -> Any:
        return statements_seen()

    def sides(self) -> Sequence[Q]:
        own = current_company()
        return Q(author=own), Q(partner=own)


@require_http_methods(["GET", "POST"])
@requires("issue_invoices")
def new_statements(request: HttpRequest) -> HttpResponse:
    """What waits, as it would be issued; sent, a job issues it."""
    now = timezone.now()
    if request.method == "POST":
        payload = {"by": str(request.user)}
        enqueue(kind="settlement.issue_statements", payload=payload, now=now, dedupe="by_hand")
        messages.success(request, _("The statements are being issued."))
        return redirect("settlement_run")
    plan = plan_statements(now=now)
    return render(request, "settlement/statement_new.html", {"plan": plan})


@require_GET
@requires("view_money")
def statement_detail(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """One statement: both parties, sums, the source of each line, objection and answer."""
    return _page(request, _seen(statement_id))


def _seen(statement_id: UUID) -> Statement:
    rows = statements_seen().select_related("agreement", "objection__answer", "invoice__incoming")
    found: Statement = get_object_or_404(rows, pk=statement_id)
    return found


def _page(
    request: HttpRequest, statement: Statement, form: Form | None = None, status: int = 200
) -> HttpResponse:
    lines = lines_of([statement.id]).get(statement.id, [])
    objection = getattr(statement, "objection", None)
    answered = getattr(objection, "answer", None)
    is_partner = statement.partner_id == current_company().pk
    today = local_date(timezone.now(), current_company().time_zone)
    in_time = statement.objection_until is not None and today <= statement.objection_until
    context = {
        "statement": statement, "lines": lines[:_SHOWN_LINES], "line_count": len(lines),
        "files": DocumentFile.objects.filter(document_id=statement.id), "is_partner": is_partner,
        "objection": objection, "answered": answered,
        "to_object": is_partner and in_time and objection is None,
        "to_answer": not is_partner and objection is not None and answered is None,
        "form": form or (ObjectionForm() if is_partner else ObjectionAnswerForm()),
    }  # fmt: skip
    return render(request, "settlement/statement_detail.html", context, status=status)


@require_POST
@requires("dispute_invoices")
def objection(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """The partner objects; the document's payout is frozen."""
    statement = get_object_or_404(
        statements_seen().filter(partner=current_company()), pk=statement_id
    )
    form = ObjectionForm(request.POST)
    if not form.is_valid():
        return _page(request, _seen(statement.id), form, status=422)
    try:
        object_to_statement(
            statement_id=statement.id, **form.cleaned_data, now=timezone.now(), actor=request.user
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("You objected. The payout of this document is frozen."))
    return redirect("statement_detail", statement.public_id)


@require_POST
@requires("settle_receivables")
def objection_answer(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """The provider rejects or upholds the objection."""
    statement = _seen(statement_id)
    if statement.author_id != current_company().pk or not hasattr(statement, "objection"):
        raise Http404
    form = ObjectionAnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, statement, form, status=422)
    given = form.cleaned_data
    answer_objection(
        statement_id=statement.id, upheld=given["answer"] == "uphold", text=given["text"],
        now=timezone.now(), actor=request.user,
    )  # fmt: skip
    messages.success(request, _("The objection is answered."))
    return redirect("statement_detail", statement.public_id)


@require_GET
@requires("view_money")
def statement_file(request: HttpRequest, statement_id: UUID, form: str) -> HttpResponse:
    """A stored file of a self-billed document."""
    get_object_or_404(statements_seen(), pk=statement_id)
    found = get_object_or_404(DocumentFile, document_id=statement_id, form=form)
    try:
        content = read_stored(found)
    except ValidationError as problem:
        raise Http404(" ".join(problem.messages)) from None
    headers = {"Content-Disposition": f'attachment; filename="{found.file_name}"'}
    return HttpResponse(content, content_type=MIME[found.extension], headers=headers)
