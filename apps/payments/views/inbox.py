"""What the payment provider told and nothing here fits: seen, and closed with a reason."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.payments.forms import ReasonForm
from apps.payments.models import WebhookEvent
from apps.payments.operations import close_message
from apps.payments.queries.unfitting import WAITS, unfitting


def _page(
    request: HttpRequest, refused: UUID | None = None, form: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    """Each with a form of its own; the refused one where it belongs."""
    rows = [
        (row, form if form and row.event.pk == refused else ReasonForm(prefix=row.event.public_id))
        for row in unfitting(timezone.now())
    ]  # fmt: skip
    context = {"rows": rows, "days": WAITS.days}
    return render(request, "payments/provider_messages.html", context, status=status)


@require_GET
@requires("match_payments")
def provider_messages(request: HttpRequest) -> HttpResponse:
    """Messages that wait for more than three days, the oldest first."""
    return _page(request)


@require_POST
@requires("match_payments")
def closing(request: HttpRequest, told_id: UUID) -> HttpResponse:
    """A person gives up waiting, and says why."""
    form = ReasonForm(request.POST, prefix=WebhookEvent(pk=told_id).public_id)
    try:
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        close_message(
            event_id=told_id, reason=reason, now=timezone.now(), person=request.user
        )  # fmt: skip
    except WebhookEvent.DoesNotExist:
        raise Http404 from None
    except ValidationError as error:
        if form.is_valid():
            form.add_error(None, error)
        return _page(request, told_id, form, 422)
    messages.success(request, _("The message is closed."))
    return redirect("provider_messages")
