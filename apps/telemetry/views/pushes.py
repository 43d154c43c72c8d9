"""Whether a grant the company holds is pushed to one of its webhooks, or pulled."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from apps.accounts.access import requires
from apps.assets.models import DataGrant
from apps.assets.queries import seen_grants
from apps.telemetry.forms.grants import PushForm
from apps.telemetry.operations.pushing import push_everything, push_grant, stop_pushing
from apps.tenancy.context import current_company


def _held(grant_id: UUID) -> DataGrant:
    found: Any = get_object_or_404(seen_grants().filter(grantee=current_company()), pk=grant_id)
    grant: DataGrant = found
    return grant


@require_POST
@requires("manage_keys")
def push(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """Have it pushed from now on, beginning with what is delivered already."""
    grant, form = _held(grant_id), PushForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of your webhooks."))
        return redirect("grant_detail", grant.public_id)
    try:
        push_grant(
            grant=grant, webhook=form.cleaned_data["webhook"], now=timezone.now(),
            actor=request.user,
        )  # fmt: skip
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("The data are pushed to this webhook from now on."))
    return redirect("grant_detail", grant.public_id)


@require_POST
@requires("manage_keys")
def repetition(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """Send all that is delivered under it once more."""
    grant = _held(grant_id)
    count = push_everything(grant_id=grant.pk, now=timezone.now())
    text = ngettext("%(count)s value is sent again.", "%(count)s values are sent again.", count)
    messages.success(request, text % {"count": count})
    return redirect("grant_detail", grant.public_id)


@require_POST
@requires("manage_keys")
def end(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """Pulled again."""
    grant = _held(grant_id)
    stop_pushing(grant=grant, now=timezone.now(), actor=request.user)
    messages.success(request, _("The data are not pushed any more. They can be pulled."))
    return redirect("grant_detail", grant.public_id)
