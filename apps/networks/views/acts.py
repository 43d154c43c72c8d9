"""What is done in a network: founded, invited, answered, left, ended."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.access import requires
from apps.networks.forms import InviteForm, NetworkForm
from apps.networks.models import Participation
from apps.networks.operations import (
    answer_invitation,
    end_participation,
    found_network,
    invite_company,
    leave_network,
)
from apps.networks.queries import is_last_role, own_participations, visible_networks
from apps.networks.views.pages import sheet
from apps.tenancy.context import current_company


@require_http_methods(["GET", "POST"])
@requires("manage_networks")
def new_network(request: HttpRequest) -> HttpResponse:
    """Found a network."""
    form = NetworkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = found_network(now=timezone.now(), actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The network stands. Invite the other companies now."))
            return redirect("network_detail", made.public_id)
    return render(request, "networks/network_new.html", {"form": form})


@require_POST
@requires("manage_networks")
def invitation(request: HttpRequest, network_id: UUID) -> HttpResponse:
    """Ask a partner to play a role."""
    network = get_object_or_404(visible_networks().filter(author=current_company()), pk=network_id)
    form = InviteForm(request.POST)
    if not form.is_valid():
        context = sheet(request, network, form)
        return render(request, "networks/network_detail.html", context, status=422)
    made = invite_company(
        network=network, now=timezone.now(), actor=request.user, **form.cleaned_data
    )
    told = _("%(name)s is asked to join as %(role)s.")
    if made.company_id == network.author_id:
        told = _("%(name)s plays the role %(role)s.")
    named = {"name": made.company_name, "role": made.get_role_display()}
    messages.success(request, told % named)
    return redirect("network_detail", network.public_id)


@require_POST
@requires("manage_networks")
def acceptance(request: HttpRequest, participation_id: UUID) -> HttpResponse:
    """The invited company joins."""
    row = _own(participation_id)
    return _done(
        request, row, _("You have joined. The founder's portal notes it in a moment."),
        lambda now: answer_invitation(
            participation=row, accepts=True, now=now, actor=request.user
        ),
    )  # fmt: skip


@require_POST
@requires("manage_networks")
def refusal(request: HttpRequest, participation_id: UUID) -> HttpResponse:
    """The invited company declines."""
    row = _own(participation_id)
    return _done(
        request, row, _("You have declined."),
        lambda now: answer_invitation(
            participation=row, accepts=False, now=now, actor=request.user
        ),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("manage_networks")
def leaving(request: HttpRequest, participation_id: UUID) -> HttpResponse:
    """A member plays a role no longer; the page says first what ends with it."""
    row = _own(participation_id)
    if request.method == "GET":
        return _before_the_end(request, row, leaves=True)
    return _done(
        request, row, _("You leave this role. The founder's portal notes it in a moment."),
        lambda now: leave_network(participation=row, now=now, actor=request.user),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("manage_networks")
def ending(request: HttpRequest, participation_id: UUID) -> HttpResponse:
    """The founder takes an invitation back or ends a membership; what ends is said first."""
    rows = Participation.objects.filter(author=current_company()).select_related("network")
    row = get_object_or_404(rows, pk=participation_id)
    if request.method == "GET":
        return _before_the_end(request, row, leaves=False)
    return _done(
        request, row, _("%(name)s is no longer in this role.") % {"name": row.company_name},
        lambda now: end_participation(participation=row, now=now, actor=request.user),
    )  # fmt: skip


def _before_the_end(request: HttpRequest, row: Participation, *, leaves: bool) -> HttpResponse:
    if row.state != Participation.State.ACTIVE:
        messages.info(request, _("This role has ended already."))
        return redirect("network_detail", row.network.public_id)
    context = {"participation": row, "leaves": leaves, "is_last": is_last_role(row)}
    return render(request, "networks/leaving.html", context)


def _own(participation_id: UUID) -> Participation:
    rows = own_participations().exclude(author=current_company())
    return get_object_or_404(rows, pk=participation_id)


def _done(
    request: HttpRequest, row: Participation, text: str, act: Callable[[Any], Any]
) -> HttpResponse:
    network = row.network.public_id
    try:
        act(timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, text)
    return redirect("network_detail", network)
