"""The company's plan: what it has, what it uses of it, what it pays."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.access import requires
from apps.subscriptions.domain.standing import IN_FORCE, Basis
from apps.subscriptions.models import Subscription
from apps.subscriptions.operations import invoice_page, next_invoice
from apps.subscriptions.queries import (
    own_invoices,
    own_sponsor,
    own_subscription,
    plan_in_force,
    plans_on_sale,
    sponsored,
    uses,
    verdict_of,
)
from apps.subscriptions.wording import in_numbers, title_of


@require_GET
@requires("view_people")
def plan_page(request: HttpRequest) -> HttpResponse:
    """Everything about the plan, read from our rows: nobody waits for the provider here."""
    return render(request, "subscriptions/plan.html", plan_context(timezone.now()))


def plan_context(now: datetime) -> dict[str, Any]:
    """What the page of the plan shows."""
    found = own_subscription()
    plan = plan_in_force(found, now)
    verdict = verdict_of(found, now)
    ordered = found is not None and found.basis == Basis.PROVIDER and found.status in IN_FORCE
    return {
        "found": found, "plan": plan, "verdict": verdict, "is_ordered": ordered,
        "has_ended": found is not None and not verdict.has_plan,
        "uses": [(title_of(use.what), use) for use in uses(found, now)],
        "offers": [
            (one, in_numbers(one), found is not None and found.waits_for(one))
            for one in plans_on_sale()
        ],
        "may_try": found is None or not found.had_plan, "sponsor": own_sponsor(), "sponsored": list(sponsored()),
        "invoices": list(own_invoices()[:24]), "is_online": bool(settings.STRIPE_API_KEY),
        "by_agreement": found is not None and found.basis == Basis.AGREEMENT,
    }  # fmt: skip


@require_GET
@requires("view_people")
def coming(request: HttpRequest) -> HttpResponse:
    """Part of the page: the next invoice as it would be now, asked for at the provider."""
    found, context = own_subscription(), {}
    if found is not None:
        context = _asked(found)
    return render(request, "subscriptions/next_invoice.html", context)


def _asked(found: Subscription) -> dict[str, Any]:
    try:
        return {"coming": next_invoice(found)}
    except ValidationError as error:
        return {"problem": " ".join(error.messages)}


@require_GET
@requires("view_people")
def invoice(request: HttpRequest, invoice_id: UUID) -> HttpResponse:
    """One invoice of the platform; one that is owed with the link to where it is paid.

    A link, not a form: where forms may lead is limited to the portal's own hosts.
    """
    found = get_object_or_404(own_invoices(), pk=invoice_id)
    context: dict[str, Any] = {"invoice": found}
    if found.is_owed and "manage_plan" in request.capabilities:  # type: ignore[attr-defined]
        try:
            context["url"] = invoice_page(found.invoice_ref)
        except ValidationError as error:
            context["problem"] = " ".join(error.messages)
    return render(request, "subscriptions/invoice.html", context)
