"""What left in a bank file and did not arrive: one person says so, another confirms it."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import requires
from apps.accounts.confirming import confirmed
from apps.payments.forms import LossForm
from apps.payments.models import PayoutBatch, PayoutLoss
from apps.payments.operations import confirm_loss, discard_loss, report_loss
from apps.payments.queries.money import own_batches
from apps.payments.views.confirming import is_approved
from apps.payments.views.payouts import batch_page
from apps.tenancy.context import current_company


@require_POST
@requires("draft_payouts")
def new_loss(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Say that a payout did not arrive; it waits for a second person."""
    batch = get_object_or_404(own_batches(), pk=batch_id)
    form = LossForm(batch, request.POST)
    if form.is_valid():
        try:
            report_loss(**form.cleaned_data, now=timezone.now(), person=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("It waits for a second person."))
            return redirect("payout_batch", batch.public_id)
    return batch_page(request, batch, status=422, loss_form=form)


def _loss(loss_id: UUID) -> tuple[PayoutLoss, PayoutBatch]:
    rows = PayoutLoss.objects.written_by(current_company()).select_related("payout")
    found = get_object_or_404(rows, pk=loss_id)
    return found, own_batches().get(pk=found.payout.batch_id)


@require_POST
@requires("approve_payouts")
@confirmed
def loss_approval(request: HttpRequest, loss_id: UUID) -> HttpResponse:
    """The second pair of eyes; the payout has failed."""
    loss, batch = _loss(loss_id)
    if not is_approved(
        request, lambda given: confirm_loss(loss=loss, approval=given, now=timezone.now())
    ):
        return batch_page(request, batch, 422)
    messages.success(request, _("The payout has failed; its document may be paid anew."))
    return redirect("payout_batch", batch.public_id)


@require_POST
@requires("draft_payouts")
def loss_discarding(request: HttpRequest, loss_id: UUID) -> HttpResponse:
    """It arrived after all."""
    loss, batch = _loss(loss_id)
    try:
        discard_loss(loss=loss, now=timezone.now(), actor=request.user)
        messages.success(request, _("It is discarded."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("payout_batch", batch.public_id)
