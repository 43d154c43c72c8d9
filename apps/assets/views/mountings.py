"""Pages of mounting: mount or exchange, couple, dismount, correct, a component's lives."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.access import requires
from apps.assets.forms.mountings import (
    CorrectionForm,
    DismountForm,
    LifeForm,
    MountForm,
    PlaceForm,
)
from apps.assets.models import Asset, Mounting
from apps.assets.operations import (
    begin_life,
    correct_mounting,
    dismount_component,
    exchange_component,
    mount_component,
    withdraw_mounting,
)
from apps.assets.queries import at_position, hosts_for_own, own_components


@require_http_methods(["GET", "POST"])
@requires("mount_components")
def mount(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Mount a component on this host; what sits at the position is dismounted with it."""
    host = get_object_or_404(hosts_for_own(), pk=asset_id)
    form = MountForm(request.POST or None, host=host, initial={**request.GET.dict(), "at": _now()})
    if request.method == "POST" and form.is_valid():
        done = _done(form, lambda: exchange_component(
            facts=form.facts(), from_value=form.cleaned_data["from_value"], now=timezone.now(),
            actor=request.user,
        ))  # fmt: skip
        if done is not None:
            messages.success(
                request,
                _("%(component)s is mounted at %(position)s.")
                % {"component": done.component_label, "position": done.position},
            )
            return redirect("asset_detail", host.public_id)
    position = str(form["position"].value() or "")
    context = {
        "form": form, "asset": host, "title": _("Mount or exchange"), "button": _("Mount"),
        "components": form.components(),
        "sitting": at_position(host.pk, position, timezone.now()),
    }  # fmt: skip
    return _page(request, context)


@require_http_methods(["GET", "POST"])
@requires("mount_components")
def place(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Mount this component somewhere, or couple this host behind another."""
    component = get_object_or_404(own_components(), pk=asset_id)
    initial = {"position": "coupling" if component.layout.get("positions") else "", "at": _now()}
    form = PlaceForm(request.POST or None, component=component, initial=initial)
    if request.method == "POST" and form.is_valid():
        done = _done(form, lambda: mount_component(
            facts=form.facts(), now=timezone.now(), actor=request.user
        ))  # fmt: skip
        if done is not None:
            messages.success(request, _("%(component)s is mounted at %(position)s.") % {
                "component": done.component_label, "position": done.position,
            })  # fmt: skip
            return redirect("asset_detail", component.public_id)
    return _page(request, {
        "form": form, "asset": component, "title": _("Mount or couple"), "button": _("Mount"),
        "hosts": form.hosts(),
    })  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("mount_components")
def dismount(request: HttpRequest, mounting_id: UUID) -> HttpResponse:
    """End a mounting."""
    mounting = _own(request, mounting_id)
    form = DismountForm(request.POST or None, initial={"at": _now()})
    if not mounting.channel_code:
        form.fields["value"].widget = forms.HiddenInput()
    if request.method == "POST" and form.is_valid():
        done = _done(form, lambda: dismount_component(
            mounting=mounting, **form.cleaned_data, now=timezone.now(), actor=request.user
        ))  # fmt: skip
        if done is not None:
            messages.success(
                request, _("%(component)s is dismounted.") % {"component": done.component_label}
            )
            return redirect("asset_detail", mounting.host.public_id)
    return _page(request, {
        "form": form, "asset": mounting.host, "button": _("Dismount"),
        "title": _("Dismount %(component)s") % {"component": mounting.component_label},
    })  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("mount_components")
def correct(request: HttpRequest, mounting_id: UUID) -> HttpResponse:
    """Say how a mounting really was; the mistaken one is kept and marked."""
    mounting = _own(request, mounting_id)
    form = CorrectionForm(request.POST or None, mounting=mounting)
    posted = request.method == "POST" and form.is_valid()
    if posted and _done(form, lambda: _corrected(request, mounting, form)) is not None:
        messages.success(request, _("Corrected. What was recorded before stays, marked."))
        return redirect("asset_detail", mounting.component.public_id)
    return _page(request, {
        "form": form, "asset": mounting.component, "button": _("Correct"),
        "title": _("Correct a mounting of %(component)s")
        % {"component": mounting.component_label},
    })  # fmt: skip


def _corrected(request: HttpRequest, mounting: Mounting, form: CorrectionForm) -> Mounting:
    data, now = form.cleaned_data, timezone.now()
    if data["never"]:
        return withdraw_mounting(
            mounting=mounting, reason=data["reason"], now=now, actor=request.user
        )
    return correct_mounting(
        mounting=mounting, facts=form.facts(), reason=data["reason"], now=now,
        dismounted_at=data["dismounted_at"], dismounted_value=data["dismounted_value"],
        actor=request.user,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("mount_components")
def new_life(request: HttpRequest, asset_id: UUID) -> HttpResponse:
    """Declare a new life: new, retreaded, overhauled."""
    component = get_object_or_404(own_components(), pk=asset_id)
    form = LifeForm(request.POST or None, initial={"began_at": _now()})
    if request.method == "POST" and form.is_valid():
        life = _done(form, lambda: begin_life(
            facts=form.facts(component), now=timezone.now(), actor=request.user
        ))  # fmt: skip
        if life is not None:
            messages.success(request, _("A new life has begun."))
            return redirect("asset_detail", component.public_id)
    return _page(request, {
        "form": form, "asset": component, "title": _("New life"), "button": _("Declare"),
    })  # fmt: skip


def _own(request: HttpRequest, mounting_id: UUID) -> Mounting:
    rows = Mounting.objects.written_by(request.company)  # type: ignore[attr-defined]
    rows = rows.filter(withdrawn_at=None).select_related("host", "component")
    found: Mounting = get_object_or_404(rows, pk=mounting_id)
    return found


def _now() -> Any:
    return timezone.localtime().replace(second=0, microsecond=0)


def _done(form: forms.Form, write: Callable[[], Any]) -> Any:
    """What was written; on a refusal nothing is, and the form says why."""
    try:
        with transaction.atomic():
            return write()
    except ValidationError as error:
        known = set(getattr(error, "error_dict", {"": 0})) <= set(form.fields)
        form.add_error(None, error if known else ValidationError(error.messages))
    return None


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    asset: Asset = context["asset"]
    context["zone"] = timezone.get_current_timezone_name()
    context["back"] = asset.public_id
    status = 422 if request.method == "POST" else 200
    return render(request, "assets/mounting_form.html", context, status=status)
