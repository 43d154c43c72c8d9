"""Pages of disputes: the customer disputes a line or withdraws, the issuer answers."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.access import requires
from apps.billing.forms import AnswerForm, DisputeForm
from apps.billing.models import Invoice, InvoiceLine, LineDispute
from apps.billing.operations import answer_dispute, dispute_line, withdraw_dispute
from apps.tenancy.context import current_company


@require_http_methods(["GET", "POST"])
@requires("dispute_invoices")
def new_dispute(request: HttpRequest, invoice_id: UUID, position: int) -> HttpResponse:
    """By the customer: how much of the line is not owed, and why."""
    rows = InvoiceLine.objects.select_related("invoice").filter(
        invoice__customer=current_company(), invoice__state=Invoice.State.ISSUED
    )
    line = get_object_or_404(rows, invoice_id=invoice_id, position=position)
    if line.invoice.kind == Invoice.Kind.CREDIT_NOTE or line.net_minor <= 0:
        raise Http404
    form = DisputeForm(line, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            dispute_line(
                line=line, net_minor=form.cleaned_data["amount"],
                reason=form.cleaned_data["reason"], now=timezone.now(), person=request.user,
            )  # fmt: skip
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(
                request, _("The line is disputed. The issuer is told and answers here.")
            )
            return redirect("invoice_detail", line.invoice.public_id)
    context = {"line": line, "invoice": line.invoice, "form": form}
    return render(request, "billing/receivables/dispute.html", context)


@require_POST
@requires("dispute_invoices")
def withdrawal(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """By the customer, before it is answered."""
    rows = LineDispute.objects.written_by(current_company()).select_related("invoice")
    dispute = get_object_or_404(rows, id=dispute_id)
    if withdraw_dispute(dispute=dispute, now=timezone.now(), person=request.user):
        messages.success(request, _("The dispute is withdrawn."))
    else:
        messages.info(request, _("This dispute is answered or withdrawn already."))
    return redirect("invoice_detail", dispute.invoice.public_id)


@require_http_methods(["GET", "POST"])
@requires("settle_receivables")
def answer(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """By the issuer: credit it, wholly or in part, or let it stand."""
    rows = LineDispute.objects.select_related("invoice", "line", "line__billed_period", "author")
    dispute = get_object_or_404(rows, id=dispute_id, issuer=current_company())
    form = AnswerForm(dispute, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            answer_dispute(
                dispute=dispute, granted_minor=form.granted, text=form.cleaned_data["text"],
                now=timezone.now(), person=request.user,
            )  # fmt: skip
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, _answered(form.granted))
            return redirect("invoice_detail", dispute.invoice.public_id)
    context: dict[str, Any] = {"dispute": dispute, "invoice": dispute.invoice, "form": form}
    return render(request, "billing/receivables/answer.html", context)


def _answered(granted: int) -> str:
    if granted:
        return _("Answered. The credit note is drafted: approve and issue it.")
    return _("Answered. The line stands.")
