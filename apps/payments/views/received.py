"""One payment: where it came from, what went back, and a refund that two people decide."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.accounts.confirming import confirmed
from apps.payments.forms import RefundForm
from apps.payments.models import BankFile, Payment, RefundRequest
from apps.payments.operations import (
    approve_refund,
    ask_refund,
    discard_refund,
    is_refundable,
    read_file,
)
from apps.payments.operations.way_back import way_back
from apps.payments.queries.money import visible_payments
from apps.payments.views.confirming import is_approved, second_look
from apps.tenancy.context import current_company


def _page(
    request: HttpRequest, payment: Payment, status: int = 200, form: RefundForm | None = None
) -> HttpResponse:
    asked = list(payment.refund_requests.all())
    waiting = next((row for row in asked if row.state == RefundRequest.State.ASKED), None)
    under_way = any(row.state == RefundRequest.State.APPROVED for row in asked)
    may_refund = is_refundable(payment)
    context: dict[str, Any] = {
        "payment": payment, "own": payment.author_id == current_company().pk,
        "refunds": list(payment.refunds.all()), "asked": asked, "waiting": waiting,
        "entries": list(payment.bank_entries.all()), "way": way_back(payment) if may_refund else None,
        "form": form or (
            RefundForm(payment) if may_refund and not (waiting or under_way) else None
        ),
        "look": waiting and second_look(request, waiting, "refund_approval"),
    }  # fmt: skip
    return render(request, "payments/payment_detail.html", context, status=status)


def _payment(payment_id: UUID) -> Payment:
    return get_object_or_404(visible_payments(), pk=payment_id)


@require_GET
@requires("view_payments")
def payment_detail(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """For the payee, and for the payer that is a company here."""
    return _page(request, _payment(payment_id))


@require_POST
@requires("draft_payouts")
def new_refund(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """Ask for a refund; it waits for a second person."""
    payment = get_object_or_404(visible_payments(), pk=payment_id, author=current_company())
    form = RefundForm(payment, request.POST)
    if form.is_valid():
        try:
            ask_refund(payment=payment, wish=form.wish(), now=timezone.now(), person=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The refund waits for a second person."))
            return redirect("payment_detail", payment.public_id)
    return _page(request, payment, 422, form=form)


def _request(request_id: UUID) -> RefundRequest:
    rows = RefundRequest.objects.written_by(current_company()).select_related("payment__author")
    return get_object_or_404(rows, pk=request_id)


@require_POST
@requires("approve_payouts")
@confirmed
def refund_approval(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The second pair of eyes; then the provider is asked."""
    found = _request(request_id)
    if not is_approved(
        request, lambda given: approve_refund(request=found, approval=given, now=timezone.now())
    ):
        return _page(request, found.payment, 422)
    told = _("The refund is approved and under way.")
    if found.iban:
        told = _("The bank file is ready; hand it to your bank.")
    messages.success(request, told)
    return redirect("payment_detail", found.payment.public_id)


@require_GET
@requires("draft_payouts")
def refund_file(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """The stored pain.001 file of a refund by bank transfer, as it was made."""
    found = _request(request_id)
    file = get_object_or_404(BankFile, refund_request=found)
    try:
        content = read_file(file)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("payment_detail", found.payment.public_id)
    headers = {"Content-Disposition": f'attachment; filename="{found.public_id}.xml"'}
    return HttpResponse(content, content_type="application/xml", headers=headers)


@require_POST
@requires("draft_payouts")
def refund_discarding(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Give up a refund that was not approved."""
    found = _request(request_id)
    try:
        discard_refund(request=found, now=timezone.now(), actor=request.user)
        messages.success(request, _("The refund is discarded."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("payment_detail", found.payment.public_id)
