"""The portal's own page before and after the provider's Checkout page."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.payments.models import CheckoutRequest
from apps.payments.operations.checkout import session_of
from apps.tenancy.context import current_company


@require_GET
@requires("pay")
def checkout_detail(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """What is paid to whom, and the link to the provider's page.

    A link, not a form: where forms may lead is limited to the portal's own hosts.
    """
    rows = CheckoutRequest.objects.written_by(current_company())
    asked = get_object_or_404(rows, pk=request_id)
    context = {"asked": asked, "url": "", "problem": "", "is_noted": asked.state != "open"}
    if asked.state == CheckoutRequest.State.OPEN and asked.session_id:
        try:
            session = session_of(asked)
            context |= {"url": session.url or "", "is_complete": session.status == "complete"}
        except ValidationError as error:
            context["problem"] = " ".join(error.messages)
    return render(request, "payments/checkout.html", context)
