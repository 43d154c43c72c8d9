"""Choosing, changing and ending a plan; paying is done on the provider's pages."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.subscriptions.domain.standing import IN_FORCE
from apps.subscriptions.models import Plan, Subscription
from apps.subscriptions.operations import (
    change_plan,
    customer_page,
    end_plan,
    follow_provider,
    order_page,
    start_order,
    start_trial,
)
from apps.subscriptions.queries import own_subscription, plans_on_sale
from apps.subscriptions.views.plan import plan_context
from apps.tenancy.middleware import forget_hosts


def _asked_plan(request: HttpRequest) -> Plan:
    found = {plan.pk: plan for plan in plans_on_sale()}.get(request.POST.get("plan", ""))
    if found is None:
        raise Http404
    return found


def _done(
    request: HttpRequest,
    act: Callable[[], Any],
    told: str | Callable[[Any], str],
    leads_to: str = "plan",
) -> HttpResponse:
    """Do it and go on, or show the page again with why not. `told`: what is said then, or how it follows from what was done."""
    try:
        made = act()
    except ValidationError as error:
        context = {**plan_context(timezone.now()), "problem": " ".join(error.messages)}
        return render(request, "subscriptions/plan.html", context, status=422)
    forget_hosts()
    if text := told(made) if callable(told) else told:
        messages.success(request, text)
    return redirect(leads_to)


@require_POST
@requires("manage_plan")
def trial(request: HttpRequest) -> HttpResponse:
    """Try a plan for nothing, once."""
    plan, now = _asked_plan(request), timezone.now()
    told = _("You may try “%(plan)s” now.") % {"plan": plan.title}
    return _done(request, lambda: start_trial(plan=plan, now=now, actor=request.user), told)


@require_POST
@requires("manage_plan")
def order(request: HttpRequest) -> HttpResponse:
    """Begin an order; the next page leads to the provider."""
    plan, now = _asked_plan(request), timezone.now()
    return _done(
        request, lambda: start_order(plan=plan, now=now, actor=request.user), "", "plan_checkout"
    )


@require_GET
@requires("manage_plan")
def checkout(request: HttpRequest) -> HttpResponse:
    """The link to the provider's page; whoever comes back from there sees what it says now."""
    row = own_subscription()
    if row is None or not row.checkout_ref or row.status in IN_FORCE:
        return redirect("plan")
    try:
        url = order_page(row)
    except ValidationError as error:
        context = {**plan_context(timezone.now()), "problem": " ".join(error.messages)}
        return render(request, "subscriptions/plan.html", context, status=422)
    if url:
        return render(request, "subscriptions/leads_out.html", {"url": url, "is_order": True})
    return render(request, "subscriptions/leads_back.html")


@require_POST
@requires("manage_plan")
def change(request: HttpRequest) -> HttpResponse:
    """Another plan, or the own one after all."""
    row, now = own_subscription(), timezone.now()
    goes_on = row is not None and request.POST.get("plan") == row.plan_id
    plan = row.plan if row is not None and goes_on else _asked_plan(request)
    return _done(request, lambda: change_plan(plan=plan, now=now, actor=request.user), _changed)


def _changed(row: Subscription) -> str:
    if row.next_plan is not None:
        return _("“%(plan)s” follows at the end of the paid period.") % {
            "plan": row.next_plan.title
        }
    return _("Your plan is “%(plan)s” now.") % {"plan": row.plan.title}


@require_POST
@requires("manage_plan")
def end(request: HttpRequest) -> HttpResponse:
    """End with the paid period, or go on after all."""
    ends, now = request.POST.get("ends") == "yes", timezone.now()
    told = _("Your plan ends with the paid period.") if ends else _("Your plan goes on.")
    return _done(request, lambda: end_plan(ends=ends, now=now, actor=request.user), told)


@require_POST
@requires("manage_plan")
def billing(request: HttpRequest) -> HttpResponse:
    """The link to the company's own page at the provider."""
    row = own_subscription()
    if row is None or not row.customer_ref:
        raise Http404
    try:
        url = customer_page(row)
    except ValidationError as error:
        context = {**plan_context(timezone.now()), "problem": " ".join(error.messages)}
        return render(request, "subscriptions/plan.html", context, status=422)
    return render(request, "subscriptions/leads_out.html", {"url": url, "is_order": False})


@require_POST
@requires("manage_plan")
def refresh(request: HttpRequest) -> HttpResponse:
    """Ask the provider now what stands, for who does not want to wait for its message."""
    return _done(request, lambda: follow_provider(now=timezone.now()), "")
