"""Mandates that the company saves with the payment provider: given on its page, seen and revoked here."""

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
from apps.payments.forms import MandateForm
from apps.payments.models import SavedMandate
from apps.payments.operations import revoke_saved, start_saving
from apps.payments.operations.saving import page_of
from apps.payments.views.settings import settings_page
from apps.tenancy.context import current_company


@require_POST
@requires("manage_bank_accounts")
def new_mandate(request: HttpRequest) -> HttpResponse:
    """Begin one; the next page leads to the provider's."""
    form = MandateForm(request.POST, prefix="saved")
    if form.is_valid():
        try:
            mandate = start_saving(
                creditor=form.cleaned_data["creditor"], now=timezone.now(), actor=request.user
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("saved_mandate", mandate.public_id)
    return settings_page(request, 422, saved_form=form)


def _own(mandate_id: UUID) -> SavedMandate:
    rows = SavedMandate.objects.written_by(current_company())
    found: SavedMandate = get_object_or_404(rows, pk=mandate_id)
    return found


@require_GET
@requires("manage_bank_accounts")
def mandate_detail(request: HttpRequest, mandate_id: UUID) -> HttpResponse:
    """Who may collect from which account; while it is to be given, the link to the provider's page."""
    mandate = _own(mandate_id)
    context: dict[str, Any] = {"mandate": mandate, "url": "", "problem": ""}
    if mandate.state == SavedMandate.State.OPEN and mandate.session_id:
        try:
            session = page_of(mandate)
            context |= {"url": session.url or "", "is_complete": session.status == "complete"}
        except ValidationError as error:
            context["problem"] = " ".join(error.messages)
    return render(request, "payments/saved_mandate.html", context)


@require_POST
@requires("manage_bank_accounts")
def revocation(request: HttpRequest, mandate_id: UUID) -> HttpResponse:
    """Nothing is collected by it from now on."""
    mandate = _own(mandate_id)
    if revoke_saved(mandate=mandate, now=timezone.now(), actor=request.user):
        messages.success(request, _("The mandate is revoked."))
    return redirect("saved_mandate", mandate.public_id)
