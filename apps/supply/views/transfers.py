"""Transfers of both sides: the list, one of them, and the buyer's answer."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.assets.queries import visible_assets
from apps.common.pages import Empty, ListPage
from apps.supply.forms import AcceptanceForm, RefusalForm
from apps.supply.models import AssetTransfer
from apps.supply.operations import accept_transfer, refuse_transfer
from apps.supply.queries import transfers_of, transfers_seen
from apps.supply.tables import TransferTable
from apps.tenancy.context import current_company


class TransferList(ListPage):
    """Transfers the company offered or was offered."""

    model = AssetTransfer
    table_class = TransferTable
    title = gettext_lazy("Transfers of assets")
    pretitle = gettext_lazy("Equipment")
    search_fields = ("asset_label", "serial", "seller_name", "buyer_name")
    filter_fields = ("state",)
    export_name = "transfers"
    empty = Empty(
        "arrow-right-left", gettext_lazy("No transfers yet"),
        gettext_lazy("The owner of an asset sells it or gives it away from the asset's page; the other company accepts it here."),
        "asset_list", gettext_lazy("Assets"), "view_assets",
    )  # fmt: skip

    def get_queryset(self) -> Any:
        return transfers_seen()


@require_GET
@requires("view_contracts")
def transfer_detail(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """What is offered, what was answered, and what follows."""
    transfer = get_object_or_404(transfers_seen(), pk=transfer_id)
    return _page(request, transfer, AcceptanceForm(), RefusalForm())


def _page(
    request: HttpRequest, transfer: AssetTransfer, acceptance: AcceptanceForm, refusal: RefusalForm,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    is_buyer = transfer.buyer_id == current_company().pk
    waits = transfer.state == AssetTransfer.State.OFFERED and transfer.given is None
    context = {
        "transfer": transfer, "answer": transfer.given, "is_buyer": is_buyer,
        "to_answer": is_buyer and waits, "to_withdraw": not is_buyer and waits,
        "sees_asset": visible_assets().filter(pk=transfer.asset_id).exists(),
        "acceptance": acceptance, "refusal": refusal,
    }  # fmt: skip
    return render(request, "supply/transfer_detail.html", context, status=status)


@require_POST
@requires("sign_contracts")
def acceptance(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """The buyer accepts, with the defects it found."""
    form = AcceptanceForm(request.POST)
    return _answered(request, transfer_id, form, lambda: accept_transfer(
        transfer_id=transfer_id, defects=form.cleaned_data["defects"], now=timezone.now(),
        actor=request.user,
    ), _("Accepted. What follows is on this page in a moment."))  # fmt: skip


@require_POST
@requires("sign_contracts")
def refusal(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """The buyer refuses, and says why."""
    form = RefusalForm(request.POST)
    return _answered(request, transfer_id, form, lambda: refuse_transfer(
        transfer_id=transfer_id, reason=form.cleaned_data["reason"], now=timezone.now(),
        actor=request.user,
    ), _("Refused. The asset stays with its owner."))  # fmt: skip


def _answered(
    request: HttpRequest, transfer_id: UUID, form: Form, say: Callable[[], Any], done: str
) -> HttpResponse:
    transfer = get_object_or_404(transfers_seen(), pk=transfer_id, buyer=current_company())
    if not form.is_valid():
        forms = (
            (form, RefusalForm()) if isinstance(form, AcceptanceForm) else (AcceptanceForm(), form)
        )
        return _page(request, transfer, *forms, status=422)  # type: ignore[arg-type]
    try:
        with transaction.atomic():
            say()
    except AssetTransfer.DoesNotExist:
        raise Http404 from None
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, done)
    return redirect("transfer_detail", transfer.public_id)


@require_GET
@requires("view_contracts")
def asset_transfers(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Part of an asset's page: its transfers that the company is a party of."""
    asset = get_object_or_404(visible_assets(), pk=asset_id)
    rows = list(transfers_of(asset_id)[:20])
    context = {
        "asset": asset, "transfers": rows, "is_owner": asset.owner_id == current_company().pk,
        "is_open": any(row.is_open for row in rows),
    }  # fmt: skip
    return render(request, "supply/asset_transfers.html", context)
