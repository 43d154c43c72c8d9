"""What people declare of a counter: reset, exchange, correction; confirming and withdrawing."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.access import requires
from apps.common.quantity import canonical
from apps.telemetry.forms.channels import (
    CorrectionForm,
    DeclarationForm,
    LimitForm,
    WithdrawalForm,
)
from apps.telemetry.models import Channel, Declaration
from apps.telemetry.operations.declaring import (
    confirm_declaration,
    declare,
    limit_corrections,
    limit_factors,
    withdraw_declaration,
)
from apps.telemetry.queries.belief import company_limits
from apps.telemetry.views.channels import View, view_of

COUNTED = ("counter", "delta")


def _counter(request: HttpRequest, asset_id: UUID, code: str) -> View:
    """An own counter; anything else is the same 404."""
    view = view_of(request, asset_id, code)
    if view.grant is not None or view.channel.kind != "counter":
        raise Http404
    return view


def _counted(request: HttpRequest, asset_id: UUID, code: str) -> View:
    """An own channel that counts and is sent; anything else is the same 404."""
    view = view_of(request, asset_id, code)
    if view.grant is not None or view.channel.kind not in COUNTED or view.channel.depth:
        raise Http404
    return view


@require_http_methods(["GET", "POST"])
@requires("judge_readings")
def declare_jump(request: HttpRequest, asset_id: UUID, code: str) -> HttpResponse:
    """Declare that a counter was reset or exchanged."""
    view = _counter(request, asset_id, code)
    form = DeclarationForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _declared(request, view, form):
        messages.success(request, _("Declared. The counter was walked again."))
        return _to_channel(view)
    return _form_page(
        request, form, view, _("Declare reset or exchange"), _("Declare"),
        _("It holds for the first believed reading at or after this moment. The counter is walked "
          "again, and what was not believed because it fell may be believed then."),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("judge_readings")
def correct_usage(request: HttpRequest, asset_id: UUID, code: str) -> HttpResponse:
    """Add an amount to a counter's usage, or take one away."""
    view = _counter(request, asset_id, code)
    form = CorrectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = _declared(request, view, form, kind=Declaration.Kind.CORRECTION)
        if made is not None:
            waits = made.state == Declaration.State.WAITING
            messages.success(
                request,
                _("Declared. It counts as soon as a second person confirms it.") if waits
                else _("Declared. The usage was worked out again."),
            )  # fmt: skip
            return _to_channel(view)
    return _form_page(
        request, form, view, _("Correct usage"), _("Declare"),
        _("The amount is added to the usage of the period it falls in and stands in its evidence, "
          "with the reason on this channel's page."),
    )  # fmt: skip


def _declared(
    request: HttpRequest, view: View, form: forms.Form, **more: Any
) -> Declaration | None:
    facts = {**form.cleaned_data, **more}
    try:
        return declare(channel=view.channel, by=request.user, now=timezone.now(), **facts)
    except ValidationError as error:
        form.add_error(None, ValidationError(error.messages))
        return None


@require_POST
@requires("judge_readings")
def confirm(request: HttpRequest, asset_id: UUID, code: str, declaration_id: UUID) -> HttpResponse:
    """A second person confirms a correction or a meter's factor."""
    view = _counted(request, asset_id, code)
    declaration = get_object_or_404(Declaration, pk=declaration_id, channel=view.channel)
    try:
        confirm_declaration(declaration=declaration, by=request.user, now=timezone.now())
        messages.success(request, _("Confirmed. The usage was worked out again."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _to_channel(view)


@require_http_methods(["GET", "POST"])
@requires("judge_readings")
def withdraw(request: HttpRequest, asset_id: UUID, code: str, declaration_id: UUID) -> HttpResponse:
    """Take a declaration back, with a reason."""
    view = view_of(request, asset_id, code)
    if view.grant is not None:
        raise Http404
    declaration = get_object_or_404(Declaration, pk=declaration_id, channel=view.channel)
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_declaration(
                declaration=declaration, by=request.user, now=timezone.now(), **form.cleaned_data
            )
            messages.success(request, _("Withdrawn. The usage was worked out again."))
            return _to_channel(view)
        except ValidationError as error:
            form.add_error(None, ValidationError(error.messages))
    return _form_page(
        request, form, view, _("Withdraw the declaration"), _("Withdraw"),
        _("It stays on the list with both reasons. What was said before it on the same moment "
          "counts again."),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("limit_corrections")
def limit_of_channel(request: HttpRequest, asset_id: UUID, code: str) -> HttpResponse:
    """When a correction or a factor of this channel needs a second person."""
    view = _counted(request, asset_id, code)
    channel = view.channel
    known = _limits(channel.correction_limit, channel.factor_limit)
    form = LimitForm(request.POST or None, initial=known, channel=channel)
    if request.method == "POST" and form.is_valid():
        _set_limits(request, form, channel)
        return _to_channel(view)
    return _form_page(
        request, form, view, _("A second person"), _("Set limits"),
        _("What lies above a limit counts once a second person confirms it: a correction of an amount, "
          "in the unit of the channel, or a factor that changes by more than so many percent of "
          "itself. What is declared already stays as it is."),
        is_channels_own=True,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires("limit_corrections")
def limit_of_company(request: HttpRequest) -> HttpResponse:
    """When a correction or a factor of any channel without limits of its own needs a second person."""
    rule = company_limits()
    form = LimitForm(request.POST or None, initial=_limits(rule.limit, rule.factor_limit))
    if request.method == "POST" and form.is_valid():
        _set_limits(request, form, None)
        return redirect("correction_limit")
    return _form_page(
        request, form, None, _("A second person"), _("Set limits"),
        _("Holds for every channel without limits of its own, in the unit of each. What lies above "
          "a limit counts once a second person confirms it."),
    )  # fmt: skip


def _limits(correction: Decimal | None, factor: Decimal | None) -> dict[str, str]:
    return {"limit": _plain(correction), "factor_limit": _plain(factor)}


def _set_limits(request: HttpRequest, form: LimitForm, channel: Channel | None) -> None:
    who: dict[str, Any] = {"by": request.user, "now": timezone.now(), "channel": channel}
    if "limit" in form.cleaned_data:
        limit_corrections(limit=form.cleaned_data["limit"], **who)
    limit_factors(percent=form.cleaned_data["factor_limit"], **who)
    messages.success(request, _("The limits are set."))


def _plain(limit: Decimal | None) -> str:
    return "" if limit is None else canonical(limit)


def _to_channel(view: View) -> HttpResponse:
    return redirect("channel_detail", view.asset.public_id, view.channel.code)


def _form_page(
    request: HttpRequest, form: forms.Form, view: View | None, heading: str, action: str,
    explanation: str, *, is_channels_own: bool = False,
) -> HttpResponse:  # fmt: skip
    context: dict[str, Any] = {
        "form": form, "heading": heading, "action": action, "explanation": explanation,
        "back": reverse("quarantine"), "is_channels_own": is_channels_own,
    }  # fmt: skip
    if view is not None:
        back = reverse("channel_detail", args=[view.asset.public_id, view.channel.code])
        context |= {"asset": view.asset, "channel": view.channel, "back": back}
    return render(
        request, "telemetry/declaration_form.html", context,
        status=422 if request.method == "POST" else 200,
    )  # fmt: skip
