"""Payments in a list; batches of payouts, their approval, sending and file."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.accounts.confirming import confirmed
from apps.common.navigation import SELLS
from apps.common.pages import Action, Empty, ListPage
from apps.payments.forms import LossForm
from apps.payments.models import BankFile, Payment, PayoutBatch
from apps.payments.models.payouts import Way
from apps.payments.operations import (
    approve_batch,
    discard_batch,
    read_file,
    send_batch,
)
from apps.payments.queries.money import (
    losses_of,
    own_batches,
    payouts_of,
    sent_of,
    visible_payments,
)
from apps.payments.queries.unfitting import unfitting
from apps.payments.tables import BatchTable, PaymentTable
from apps.payments.views.confirming import is_approved, second_look


class PaymentList(ListPage):
    """Money that came in, and what partners noted of ours."""

    model = Payment
    table_class = PaymentTable
    title = gettext_lazy("Payments")
    search_fields = ("title", "payer_name", "reference", "provider_ref")
    filter_fields = ("state", "method")
    export_name = "payments"
    intro_template = "payments/payments_intro.html"
    empty = Empty(
        "banknote", gettext_lazy("No payments yet"),
        gettext_lazy("Payments appear here when customers pay online, by direct debit or by transfer."),
        "bank_entry_list", gettext_lazy("Bring in a bank statement"), "match_payments", SELLS,
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[Payment]:
        return visible_payments()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, unfitting=unfitting(timezone.now()))

    def annotate_rows(self, rows: Sequence[Any]) -> None:
        for row in rows:
            row.payee_name = row.author.name


class BatchList(ListPage):
    """What was drafted, waits, and went out."""

    model = PayoutBatch
    table_class = BatchTable
    title = gettext_lazy("Payouts")
    filter_fields = ("state", "method")
    export_name = "payouts"
    actions = (Action("payout_new", gettext_lazy("Draft payouts"), "banknote", "draft_payouts"),)
    empty = Empty(
        "send", gettext_lazy("No payouts yet"),
        gettext_lazy("Payouts are drafted from what you owe to partners; a second person approves them."),
        "payout_new", gettext_lazy("Draft payouts"), "draft_payouts",
    )  # fmt: skip

    def get_queryset(self) -> QuerySet[PayoutBatch]:
        return own_batches()


def _batch(batch_id: UUID) -> PayoutBatch:
    return get_object_or_404(own_batches(), pk=batch_id)


def batch_page(
    request: HttpRequest, batch: PayoutBatch, status: int = 200, loss_form: LossForm | None = None
) -> HttpResponse:
    """The batch, the next step, and of a sent bank file what did not arrive."""
    context: dict[str, Any] = {
        "batch": batch, "payouts": payouts_of(batch), "file": batch.files.first(),
        "look": second_look(request, batch, "payout_approval"),
    }  # fmt: skip
    if batch.sent_at and batch.method == Way.SEPA:
        context |= _losses(request, batch, loss_form)
    return render(request, "payments/batch_detail.html", context, status=status)


def _losses(request: HttpRequest, batch: PayoutBatch, loss_form: LossForm | None) -> dict[str, Any]:
    """Each with the second person's step."""
    found = [
        (loss, second_look(request, loss, "payout_loss_approval")) for loss in losses_of(batch)
    ]
    if loss_form is None and sent_of(batch).exists():
        loss_form = LossForm(batch)
    return {"losses": found, "loss_form": loss_form}


@require_GET
@requires("draft_payouts")
def batch_detail(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Who gets what, who drafted and approved it, and the next step."""
    return batch_page(request, _batch(batch_id))


@require_POST
@requires("approve_payouts")
@confirmed
def batch_approval(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The second pair of eyes."""
    batch = _batch(batch_id)
    if not is_approved(
        request, lambda given: approve_batch(batch=batch, approval=given, now=timezone.now())
    ):
        return batch_page(request, batch, 422)
    messages.success(request, _("The batch is approved and can be sent."))
    return redirect("payout_batch", batch.public_id)


def _done(
    request: HttpRequest, batch: PayoutBatch, told: str, act: Callable[[], Any]
) -> HttpResponse:
    try:
        act()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, told)
    return redirect("payout_batch", batch.public_id)


@require_POST
@requires("draft_payouts")
def batch_sending(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Out it goes."""
    batch = _batch(batch_id)
    told = _("The transfers are being made.")
    if batch.method == "sepa":
        told = _("The bank file is ready; hand it to your bank.")
    return _done(
        request, batch, told,
        lambda: send_batch(batch=batch, now=timezone.now(), actor=request.user),
    )  # fmt: skip


@require_POST
@requires("draft_payouts")
def batch_discarding(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Give it up."""
    batch = _batch(batch_id)
    return _done(
        request, batch, _("The batch is discarded."),
        lambda: discard_batch(batch=batch, now=timezone.now(), actor=request.user),
    )  # fmt: skip


@require_GET
@requires("draft_payouts")
def batch_file(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """The stored bank file, as it was made."""
    batch = _batch(batch_id)
    file = get_object_or_404(BankFile.objects.filter(batch=batch))
    try:
        content = read_file(file)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("payout_batch", batch.public_id)
    headers = {"Content-Disposition": f'attachment; filename="{batch.public_id}.xml"'}
    return HttpResponse(content, content_type="application/xml", headers=headers)
