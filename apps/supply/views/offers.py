"""The owner's side: an offer, and its withdrawal."""

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
from apps.assets.models import Asset
from apps.assets.queries import assets_as
from apps.contracts.queries import contracts_of_asset
from apps.supply.forms import TransferForm
from apps.supply.models import AssetTransfer
from apps.supply.operations import offer_transfer, withdraw_transfer

FIRST = {"title_on": "acceptance", "tax_category": "S", "payment_days": 14}


@require_http_methods(["GET", "POST"])
@requires("sign_contracts")
def new_transfer(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Offer an own asset to a partner."""
    asset = get_object_or_404(assets_as("owner"), pk=asset_id)
    sent = request.method == "POST"
    first = {**FIRST, "delivery_on": timezone.localdate()}
    form = TransferForm(request.POST if sent else None, initial=first)
    if sent and form.is_valid():
        made = _offered(request, form, asset)
        if made is not None:
            text = _("Offered to %(name)s, who accepts or refuses it in its own portal.")
            messages.success(request, text % {"name": made.buyer_name})
            return redirect("transfer_detail", made.public_id)
    context = {"form": form, "asset": asset, "contracts": contracts_of_asset(asset.pk)[:20]}
    return render(request, "supply/transfer_new.html", context, status=422 if sent else 200)


def _offered(request: HttpRequest, form: TransferForm, asset: Asset) -> AssetTransfer | None:
    """The offer; None where it is refused, which the form says."""
    try:
        with transaction.atomic():
            return offer_transfer(
                asset=asset, terms=form.terms(), now=timezone.now(), actor=request.user,
                by_finance="settle_receivables" in request.capabilities,  # type: ignore[attr-defined]
            )  # fmt: skip
    except ValidationError as error:
        known = getattr(error, "error_dict", {"": None})
        whole = bool(set(known) - set(form.fields))
        form.add_error(None, ValidationError(error.messages) if whole else error)
    return None


@require_POST
@requires("sign_contracts")
def withdrawal(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """Take an offer back that nobody has answered."""
    try:
        withdraw_transfer(transfer_id=transfer_id, now=timezone.now(), actor=request.user)
    except AssetTransfer.DoesNotExist:
        raise Http404 from None
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The offer is withdrawn."))
    return redirect("transfer_detail", AssetTransfer(pk=transfer_id).public_id)
