"""What happened to an asset: an entry, and its withdrawal."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.access import requires
from apps.assets.forms.acts import ActForm
from apps.assets.models import Asset, LifecycleAct
from apps.assets.operations import record_act, withdraw_act
from apps.assets.queries import visible_assets


@require_http_methods(["GET", "POST"])
@requires("manage_assets")
def new_act(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Write into the life of an asset that the company sees."""
    asset = get_object_or_404(visible_assets(), pk=asset_id)
    form = ActForm(request.POST or None, initial={"happened_on": timezone.localdate()})
    if request.method == "POST" and form.is_valid() and _written(form, asset, request.user):
        messages.success(request, _("The entry is written."))
        return redirect("asset_detail", asset.public_id)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "asset": asset}
    return render(request, "assets/act_form.html", context, status=status)


def _written(form: ActForm, asset: Asset, person: Any) -> bool:
    """Whether it was; on a refusal nothing is, and the form says why."""
    try:
        with transaction.atomic():
            record_act(asset=asset, **form.cleaned_data, now=timezone.now(), actor=person)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


@require_POST
@requires("manage_assets")
def withdrawal(request: HttpRequest, act_id: UUID) -> HttpResponse:
    """Say that an own entry never happened."""
    reason = request.POST.get("reason", "")
    try:
        row = withdraw_act(act_id=act_id, reason=reason, now=timezone.now(), actor=request.user)
    except LifecycleAct.DoesNotExist:
        raise Http404 from None
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect("asset_list")
    messages.success(request, _("The entry is withdrawn; it stays, marked."))
    if visible_assets().filter(pk=row.asset_id).exists():
        return redirect("asset_detail", row.asset.public_id)
    return redirect("asset_list")
